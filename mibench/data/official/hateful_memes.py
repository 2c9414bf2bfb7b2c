"""Hateful Memes (Kiela et al., 2020): `test_unseen.jsonl` and `img/<id>.png` beside it."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from mibench.cards import TaskCard
from mibench.data.official.files import find_file
from mibench.data.official.lines import Identifiers, read_lines
from mibench.data.official.pictures import find_picture
from mibench.data.rows import ReaderOptions, Row
from mibench.instances import Instance

VERSION = "1"
ROWS: int | None = 2_000


class _Line(msgspec.Struct):
    id: int | str
    img: str
    text: str


def read_hateful_memes(raw: Path, card: TaskCard, options: ReaderOptions) -> Iterator[Row]:
    """Stream the unseen test split; the text laid over a picture is the target, and its label is not read.

    Args:
        raw: a folder at or above `test_unseen.jsonl`.
        card: nothing of it is needed.
        options: nothing here is drawn, and the official preparation has no quirks.

    Raises:
        InputError: at the first line that is something else, repeats an id or whose picture is missing, with file
            and line.

    """
    file = find_file(raw, "test_unseen.jsonl")
    identifiers = Identifiers(file, "id")
    for number, line in read_lines(file, _Line, "Hateful Memes"):
        identifiers.add(str(line.id), number)
        image, picture = None, None
        if options.pictures:
            image, picture = f"images/{line.img}", find_picture(file.parent, line.img, file=file, line=number)
        name = f"hateful_memes_test_unseen_{line.id}"
        yield Row(Instance(id=name, image=image, fields={}, targets=(line.text,), group=line.img), picture)
