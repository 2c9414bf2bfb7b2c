"""Lines of a plain or compressed file, read in bounded memory however hostile the file."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

import zstandard

MAX_LINE = 1 << 20
"""Bytes; a longer line is a fault."""
MAX_WINDOW = 1 << 27
"""Bytes of memory that a compressed file may ask for."""


class LineFault(NamedTuple):
    """Stands where a line cannot be read."""

    message: str


def read_lines(path: Path) -> Iterator[tuple[int, bytes | LineFault]]:
    """Stream (line number, line); the number is 0 where the fault is the file's.

    A line over 1 MiB is passed over in pieces, and a fault stands in its place.
    """
    number = 0
    try:
        with _open(path) as file:
            while line := file.readline(MAX_LINE + 1):
                number += 1
                if len(line) <= MAX_LINE:
                    yield number, line
                    continue
                while line and not line.endswith(b"\n"):
                    line = file.readline(MAX_LINE)
                yield number, LineFault("the line is over 1 MiB")
    except OSError as error:
        yield 0, LineFault(f"cannot be read: {error.strerror or error}")
    except zstandard.ZstdError as error:
        yield number, LineFault(f"damaged zstd file: {error}")


@contextmanager
def _open(path: Path) -> Iterator[BinaryIO]:
    with path.open("rb") as file:
        if path.suffix != ".zst":
            yield file
            return
        decompressor = zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW)
        with decompressor.stream_reader(file, read_across_frames=True) as stream:
            yield io.BufferedReader(cast(io.RawIOBase, stream), buffer_size=1 << 17)
