"""JSON lines of an owner, each checked against the layout that is expected of it."""

from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import msgspec

from mibench.errors import InputError

MAX_LINE = 16 << 20
"""Bytes; no honest line is longer."""

Line = TypeVar("Line")


def read_texts(file: Path) -> Iterator[tuple[int, bytes]]:
    """Stream (line number, line) in bounded memory, whatever the lines hold.

    Raises:
        InputError: a line is too long, or the file is empty or cannot be read.

    """
    number = 0
    try:
        with file.open("rb") as lines:
            while text := lines.readline(MAX_LINE + 1):
                number += 1
                if len(text) > MAX_LINE:
                    raise InputError(f"longer than {MAX_LINE >> 20} MiB", file=file, line=number, remedy="get it anew")
                yield number, text
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", file=file) from None
    if not number:
        raise InputError("the file is empty", file=file, remedy="get it anew")


def read_lines(file: Path, layout: type[Line], dataset: str) -> Iterator[tuple[int, Line]]:
    """Stream (line number, line) in bounded memory.

    Args:
        file: one JSON object a line.
        layout: what each line holds.
        dataset: its name, for the message.

    Raises:
        InputError: at the first line that is something else, or the file is empty or cannot be read.

    """
    decoder = msgspec.json.Decoder(layout)
    for number, text in read_texts(file):
        try:
            line = decoder.decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            message = f"not a row of {dataset}: {error}"
            raise InputError(message, file=file, line=number, remedy="get the file anew") from None
        yield number, line


class Identifiers:
    """The identifiers of a file's rows so far, none of which may come again."""

    def __init__(self, file: Path, name: str = "identifier") -> None:
        self._file = file
        self._name = name
        self._lines = dict[str, int]()

    def add(self, identifier: str, line: int) -> None:
        """Note a row.

        Raises:
            InputError: an earlier line has the same identifier.

        """
        first = self._lines.setdefault(identifier, line)
        if first != line:
            message = f"{self._name} {identifier!r:.200} stands on line {first} already"
            raise InputError(message, file=self._file, line=line, remedy="remove one of the two")
