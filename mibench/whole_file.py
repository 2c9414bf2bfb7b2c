"""A file that stands in its place complete, or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for writing beside its place, and move it there when it is on the disk; no link there is followed.

    Raises:
        OSError: it cannot be written, and names the file; what stood in its place stays.

    """
    partial = path.parent / f".{path.name}.partial"
    try:
        partial.unlink(missing_ok=True)
        with partial.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        if error.filename is None or str(error.filename) == str(partial):
            error.filename = str(path)
        with suppress(OSError):
            partial.unlink()
        raise


def write_whole(path: Path, content: bytes) -> None:
    """Write a file that stands in its place complete, or not at all.

    Raises:
        OSError: as `whole_file`.

    """
    with whole_file(path) as file:
        file.write(content)
