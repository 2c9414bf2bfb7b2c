"""Lines of a plain or compressed file, read in bounded memory however hostile the file."""

import io
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

import zstandard

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MAX_LINE = 1 << 20
"""Bytes; a longer line is a fault."""
MAX_WINDOW = 1 << 27
"""Bytes of memory that a compressed file may ask for."""
ANSWER_BYTES = 16 << 10
"""As many may the answers to a task have on average."""
SPARE_LINES, SPARE_BYTES = 1000, 64 << 20
"""As many more are read, so that faults can be told."""
PIECE = 1 << 6
"""Compressed bytes taken at a time; four of them can unpack to 128 KiB."""


class LineFault(NamedTuple):
    """Stands where a line cannot be read."""

    message: str


class TooMuchError(Exception):
    """The allowance is spent."""


class Allowance:
    """How much may still be read of files that hold a known number of answers; more than that can only be a bomb."""

    def __init__(self, answers: float) -> None:
        self._lines = answers + SPARE_LINES
        self._bytes = answers * ANSWER_BYTES + SPARE_BYTES

    @property
    def spent(self) -> bool:
        """Whether more was wanted."""
        return self._lines < 0 or self._bytes < 0

    def take(self, lines: int, size: int) -> None:
        """Note what was read.

        Raises:
            TooMuchError: it is more than was allowed.

        """
        self._lines -= lines
        self._bytes -= size
        if self.spent:
            raise TooMuchError("far more than there are answers to give; from here on, nothing was read")


def read_lines(path: Path, allowance: Allowance | None = None) -> Iterator[tuple[int, bytes | LineFault]]:
    """Stream (line number, line); the number is 0 where the fault is the file's.

    A line over 1 MiB is passed over in pieces, and a fault stands in its place. So does one where the allowance is
    spent, and it is the last.
    """
    number, allowed = 0, allowance or Allowance(math.inf)
    try:
        with _open(path) as file:
            while line := file.readline(MAX_LINE + 1):
                number += 1
                allowed.take(1, len(line))
                if len(line) <= MAX_LINE:
                    yield number, line
                    continue
                while line and not line.endswith(b"\n"):
                    line = file.readline(MAX_LINE)
                    allowed.take(0, len(line))
                yield number, LineFault("the line is over 1 MiB")
    except TooMuchError as error:
        yield number, LineFault(str(error))
    except OSError as error:
        yield 0, LineFault(f"cannot be read: {error.strerror or error}")
    except zstandard.ZstdError as error:
        yield number, LineFault(f"damaged zstd file: {error}")


@contextmanager
def _open(path: Path) -> Iterator[BinaryIO]:
    with path.open("rb") as file:
        yield io.BufferedReader(_Unpacked(file), buffer_size=1 << 17) if path.suffix == ".zst" else file


class _Unpacked(io.RawIOBase):
    """What a compressed file holds; one that ends inside a frame is damaged, not short."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._decompressor = zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW)
        self._frame: zstandard.ZstdDecompressionObj | None = None
        self._packed = b""
        self._plain = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        while not self._plain:
            packed = self._packed or self._file.read(PIECE)
            if not packed:
                if self._frame is not None:
                    raise zstandard.ZstdError("it ends too early")
                return 0
            frame = self._frame or self._decompressor.decompressobj()
            self._plain = memoryview(frame.decompress(packed))
            self._frame, self._packed = (None, frame.unused_data) if frame.eof else (frame, b"")
        target = memoryview(buffer).cast("B")
        count = min(len(target), len(self._plain))
        target[:count] = self._plain[:count]
        self._plain = self._plain[count:]
        return count
