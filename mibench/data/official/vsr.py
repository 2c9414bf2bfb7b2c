"""VSR (Liu et al., 2023): `splits/zeroshot/test.jsonl`, one JSON object a line, and pictures of COCO 2017."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

from mibench.cards import TaskCard
from mibench.data.official.files import find_file
from mibench.data.official.lines import Identifiers, read_lines
from mibench.data.official.pictures import find_folders, find_picture
from mibench.data.rows import ReaderOptions, Row
from mibench.instances import Instance

VERSION = "1"
ROWS: int | None = 1_222
"""Sentences of the zero-shot test in the owners' repository; an earlier release had 731."""

LABELS = {1: "yes", 0: "no"}
FOLDERS = ("trainval2017", "images", "train2017", "val2017")
"""Where the owners put the pictures, and how COCO's own archives unpack."""


class _Line(msgspec.Struct):
    image: str
    caption: str
    label: Literal[0, 1]


def read_vsr(raw: Path, card: TaskCard, options: ReaderOptions) -> Iterator[Row]:
    """Stream the zero-shot test. Rows have no id of their own: it is made of the picture and the sentence.

    Args:
        raw: a folder at or above `zeroshot/test.jsonl`.
        card: the task's card, whose options the answers are.
        options: nothing here is drawn; the official preparation draws the order of the rows.

    Raises:
        InputError: at the first line that is something else, repeats a sentence on a picture or whose picture is
            missing, with file and line.

    """
    file = find_file(raw, "zeroshot/test.jsonl")
    folders = find_folders(file, FOLDERS, above=2) if options.pictures else []
    identifiers = Identifiers(file, "the picture and sentence")
    for number, line in read_lines(file, _Line, "VSR"):
        identifiers.add(f"{line.image}: {line.caption}", number)
        picture = find_picture(folders, line.image, file=file, line=number) if options.pictures else None
        digest = hashlib.sha256(line.caption.encode()).hexdigest()
        instance = Instance(
            id=f"vsr_test_{Path(line.image).stem}_{digest[:8]}",
            image=None if picture is None else f"images/{line.image}",
            fields={"text": line.caption},
            options=card.answer.options,
            targets=(LABELS[line.label],),
            group=line.image,
        )
        yield Row(instance, picture)
