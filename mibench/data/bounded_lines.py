"""Lines of a file in bounded memory, however hostile the file."""

from collections.abc import Iterator
from pathlib import Path

from mibench.errors import InputError

MAX_LINE = 16 << 20
"""Bytes; a longer line is a fault."""


def read_bounded_lines(file: Path) -> Iterator[tuple[int, bytes | InputError]]:
    """Stream (line number, line); a line that is too long is passed over in pieces, and a fault stands in its place.

    Raises:
        InputError: the file cannot be read.

    """
    number = 0
    try:
        with file.open("rb") as lines:
            while line := lines.readline(MAX_LINE + 1):
                number += 1
                if len(line) <= MAX_LINE:
                    yield number, line
                    continue
                while line and not line.endswith(b"\n"):
                    line = lines.readline(MAX_LINE)
                message = f"the line is over {MAX_LINE >> 20} MiB"
                yield number, InputError(message, file=file, line=number, remedy="prepare the task anew")
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", file=file, remedy="prepare the task anew") from None
