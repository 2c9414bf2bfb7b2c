"""NLVR v1 (Suhr et al., 2017): `test/test.json`, one JSON object a line, and `test/images/<directory>/*.png`.

Each sentence comes with six pictures that show the same three boxes in another order.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from mibench.cards import TaskCard
from mibench.data.official.files import find_file
from mibench.data.official.lines import Identifiers, read_lines
from mibench.data.rows import ReaderOptions, Row
from mibench.errors import InputError
from mibench.instances import Instance

VERSION = "1"
ROWS: int | None = 990
"""Sentences of the public test, by its owners' count."""

PERMUTATIONS = 6
LABELS = {"true": "yes", "false": "no"}


class _Line(msgspec.Struct):
    sentence: str
    label: Literal["true", "false"]
    identifier: Annotated[str, msgspec.Meta(pattern=r"^[0-9-]+\Z")]
    directory: Annotated[str, msgspec.Meta(pattern=r"^[0-9]+\Z")]


def read_nlvr(raw: Path, card: TaskCard, options: ReaderOptions) -> Iterator[Row]:
    """Stream the public test split.

    Args:
        raw: a folder at or above `test.json`.
        card: the task's card, whose options the answers are.
        options: one permutation a row, drawn by its identifier, or all six, which share a group; the official
            preparation draws anew each time.

    Raises:
        InputError: at the first line that is not a row of the test split, a repeated identifier or a missing
            picture, with file and line.

    """
    file = find_file(raw, "test.json")
    identifiers = Identifiers(file)
    for number, line in read_lines(file, _Line, "NLVR"):
        identifiers.add(line.identifier, number)
        drawn = [_permutation(line.identifier, options.seed)]
        for permutation in range(PERMUTATIONS) if options.all_permutations else drawn:
            name = f"{line.identifier}-{permutation}"
            picture = _picture(line, name, file, number) if options.pictures else None
            instance = Instance(
                id=f"test-{name}",
                image=None if picture is None else f"images/test-{name}.png",
                fields={"text": line.sentence},
                options=card.answer.options,
                targets=(LABELS[line.label],),
                group=line.identifier,
            )
            yield Row(instance, picture)


def _permutation(identifier: str, seed: int) -> int:
    """Return which of the six pictures a row shows, by content and not by order."""
    digest = hashlib.sha256(f"{seed}\x1fnlvr\x1f{identifier}".encode()).digest()
    return int.from_bytes(digest) % PERMUTATIONS


def _picture(line: _Line, name: str, file: Path, number: int) -> Path:
    folder = file.parent / "images" / line.directory
    picture = folder / f"test-{name}.png"
    if not picture.is_file():
        split = next(folder.glob(f"*-{name}.png"), None)
        message = f"the picture {picture} is missing"
        if split is not None:
            message = f"the row belongs to another split: its picture is {split.name}, not {picture.name}"
        raise InputError(message, file=file, line=number, remedy="give --raw the complete test split")
    return picture
