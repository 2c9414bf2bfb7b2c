"""SNLI-VE (Xie et al., 2019): `snli_ve_test.jsonl`, one JSON object a line, and the pictures of Flickr30K."""

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
ROWS: int | None = 17_901
"""Pairs of the test split, by its owners' count."""

LABELS = {"entailment": "yes", "contradiction": "no", "neutral": "not sure"}
FOLDERS = ("Flickr30K/images", "Flickr30K/flickr30k_images", "flickr30k_images", "flickr30k-images")
"""Where the owners' script puts the pictures, and how they unpack."""


class _Line(msgspec.Struct):
    flickr_id: str = msgspec.field(name="Flickr30K_ID")
    pair_id: str = msgspec.field(name="pairID")
    gold_label: Literal["entailment", "contradiction", "neutral"]
    sentence2: str


def read_snli_ve(raw: Path, card: TaskCard, options: ReaderOptions) -> Iterator[Row]:
    """Stream the test split; the hypothesis is judged, and the caption that was its premise is not shown.

    Args:
        raw: a folder at or above `snli_ve_test.jsonl`.
        card: the task's card, whose options the answers are.
        options: nothing here is drawn, and the official preparation has no quirks.

    Raises:
        InputError: at the first line that is something else, repeats an id or whose picture is missing, with file
            and line.

    """
    file = find_file(raw, "snli_ve_test.jsonl")
    folders = find_folders(file, FOLDERS, above=1) if options.pictures else []
    identifiers = Identifiers(file, "the pairID")
    for number, line in read_lines(file, _Line, "SNLI-VE"):
        identifiers.add(line.pair_id, number)
        name = f"{line.flickr_id}.jpg"
        picture = find_picture(folders, name, file=file, line=number) if options.pictures else None
        instance = Instance(
            id=f"Flickr30K_ID_{line.flickr_id}_{line.pair_id}",
            image=None if picture is None else f"images/{name}",
            fields={"text": line.sentence2},
            options=card.answer.options,
            targets=(LABELS[line.gold_label],),
            group=line.flickr_id,
        )
        yield Row(instance, picture)
