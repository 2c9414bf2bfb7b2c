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
from mibench.data.rows import ReaderOptions, Row
from mibench.errors import InputError
from mibench.instances import Instance

VERSION = "1"
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
        options: one permutation a row, drawn by its identifier, or all six, which share a group.

    Raises:
        InputError: at the first line that is not a row of the test split, a repeated identifier or a missing
            picture, with file and line.

    """
    file = find_file(raw, "test.json")
    decoder, seen = msgspec.json.Decoder(_Line), dict[str, int]()
    with file.open("rb") as lines:
        for number, text in enumerate(lines, 1):
            try:
                line = decoder.decode(text)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                message = f"not a row of NLVR: {error}"
                raise InputError(message, file=file, line=number, remedy="get the file anew") from None
            if line.identifier in seen:
                message = f"identifier {line.identifier!r} stands on line {seen[line.identifier]} already"
                raise InputError(message, file=file, line=number, remedy="remove one of the two")
            seen[line.identifier] = number
            drawn = [_permutation(line.identifier, options.seed)]
            for permutation in range(PERMUTATIONS) if options.all_permutations else drawn:
                yield _row(line, permutation, card, file, number)


def _permutation(identifier: str, seed: int) -> int:
    """Return which of the six pictures a row shows, by content and not by order."""
    digest = hashlib.sha256(f"{seed}\x1fnlvr\x1f{identifier}".encode()).digest()
    return int.from_bytes(digest) % PERMUTATIONS


def _row(line: _Line, permutation: int, card: TaskCard, file: Path, number: int) -> Row:
    name = f"test-{line.identifier}-{permutation}"
    picture = file.parent / "images" / line.directory / f"{name}.png"
    if not picture.is_file():
        split = next(file.parent.glob(f"images/{line.directory}/*-{line.identifier}-{permutation}.png"), None)
        message = f"the picture {picture} is missing"
        if split is not None:
            message = f"the row belongs to another split: its picture is {split.name}, not {name}.png"
        raise InputError(message, file=file, line=number, remedy="give --raw the complete test split")
    instance = Instance(
        id=name,
        image=f"images/{name}.png",
        fields={"text": line.sentence},
        options=card.answer.options,
        targets=(LABELS[line.label],),
        group=line.identifier,
    )
    return Row(instance, picture)
