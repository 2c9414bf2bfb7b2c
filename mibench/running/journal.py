"""What a run has answered so far: an append-only file of checksummed blocks, one for each task.

A block is a line `#block BYTES CRC32` and as many bytes of lines. A line is a request's number in the plan, a space,
and the line of `predictions/<task>.jsonl` as it will stand there. Whatever a crash leaves of the last block, the blocks
before it hold; a later line for the same number replaces an earlier one.
"""

import os
import re
import time
import zlib
from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import msgspec

from mibench.errors import InputError
from mibench.instances import Answer, Failure
from mibench.submissions.reading import PredictionLine
from mibench.submissions.writing import prediction_line

SYNC_SECONDS = 5.0
"""At most so much work is lost when the machine itself goes down."""

_HEADER = re.compile(rb"#block (\d{1,12}) ([0-9a-f]{8})\n")
_BEGIN = b"\n"
"""Ahead of each block, so that it is found even where the one before it is damaged at its end."""
_OPEN, _ANSWERED, _FAILED = range(3)
_decoder = msgspec.json.Decoder(PredictionLine)


class Journal:
    """The answers to one task's requests, in the order in which they came."""

    def __init__(self, path: Path, requests: int) -> None:
        """Open a journal, or begin one; a torn end is cut off.

        Args:
            path: the file.
            requests: how many the plan has.

        Raises:
            InputError: it holds numbers that the plan does not.

        """
        self.path = path
        self._state = bytearray(requests)
        self._places = array("Q", bytes(8 * requests))
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            self._end = self._read()
            os.ftruncate(self._file, self._end)
        except BaseException:
            os.close(self._file)
            raise
        self._synced = time.monotonic()

    @property
    def answered(self) -> int:
        """How many requests have an answer."""
        return self._state.count(_ANSWERED)

    @property
    def failed(self) -> int:
        """How many requests failed when they were asked last."""
        return self._state.count(_FAILED)

    def lacks(self, number: int) -> bool:
        """Tell whether a request has no answer yet.

        Raises:
            InputError: the plan has no such request.

        """
        if number >= len(self._state):
            message = f"more than the {len(self._state)} requests that the manifest promises"
            raise InputError(message, file=self.path, remedy="prepare the data anew")
        return self._state[number] != _ANSWERED

    def append(self, answers: Iterable[tuple[int, Answer]]) -> None:
        """Write a block, whole or not at all.

        Raises:
            InputError: an answer that no submission could hold.
            OSError: the disk is full, or the file cannot be written.

        """
        answers = list(answers)
        lines = [b"%d %s" % (number, prediction_line(answer)) for number, answer in answers]
        payload = b"".join(lines)
        header = _BEGIN + b"#block %d %08x\n" % (len(payload), zlib.crc32(payload))
        try:
            _write(self._file, header + payload, self._end)
        except OSError as error:
            os.ftruncate(self._file, self._end)
            error.filename = str(self.path)
            raise
        place = self._end + len(header)
        for (number, answer), line in zip(answers, lines, strict=True):
            self._note(number, isinstance(answer, Failure), place)
            place += len(line)
        self._end = place
        if time.monotonic() - self._synced >= SYNC_SECONDS:
            self.sync()

    def sync(self) -> None:
        """Put what was written on the disk itself."""
        os.fsync(self._file)
        self._synced = time.monotonic()

    def lines(self) -> Iterator[bytes]:
        """Stream the lines of predictions in the order of the plan, failed ones as well.

        Raises:
            InputError: a request has neither an answer nor a failure.

        """
        if (number := self._state.find(_OPEN)) >= 0:
            raise InputError(f"request {number} has no answer", file=self.path, remedy="go on with the run")
        with self._open() as file:
            for place in self._places:
                file.seek(place)
                yield file.readline().partition(b" ")[2]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.sync()
        finally:
            os.close(self._file)

    def _open(self) -> BinaryIO:
        return os.fdopen(os.dup(self._file), "rb")

    def _note(self, number: int, failed: bool, place: int) -> None:
        self._state[number] = _FAILED if failed else _ANSWERED
        self._places[number] = place

    def _read(self) -> int:
        """Read the blocks that hold, and return where the last of them ends; what lies between is passed over."""
        end, size = 0, os.fstat(self._file).st_size
        with self._open() as file:
            while line := file.readline(1 << 16):
                header = _HEADER.fullmatch(line)
                if header is None:
                    continue
                begin, length = file.tell(), int(header[1])
                payload = file.read(length) if begin + length <= size else b""
                if len(payload) == length and zlib.crc32(payload) == int(header[2], 16):
                    self._read_block(payload, begin)
                    end = begin + len(payload)
                else:
                    file.seek(begin)
        return end

    def _read_block(self, payload: bytes, place: int) -> None:
        for line in payload.splitlines(keepends=True):
            digits, _, row = line.partition(b" ")
            number = int(digits)
            if number >= len(self._state):
                remedy = "choose another --output"
                raise InputError(f"answers request {number} of {len(self._state)}", file=self.path, remedy=remedy)
            self._note(number, _decoder.decode(row).failed is not None, place)
            place += len(line)


def _write(file: int, content: bytes, place: int) -> None:
    rest = memoryview(content)
    while rest:
        written = os.pwrite(file, rest, place)
        rest, place = rest[written:], place + written
