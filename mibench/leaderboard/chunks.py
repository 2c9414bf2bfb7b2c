"""Rows that a page loads piece by piece."""

from collections.abc import Iterable
from pathlib import Path

import msgspec

from mibench.leaderboard.pages import write_file
from mibench.leaderboard.text import data_script

ROWS = 200
"""Of one piece, at most."""
BYTES = 150_000
"""Of one piece; a single row may be longer."""


def write_data(site: Path, key: str, value: object) -> None:
    """Write a value as the data script of a key."""
    write_file(site, f"data/{key}.js", data_script(key, value))


def write_chunks(site: Path, key: str, rows: Iterable[object]) -> list[int]:
    """Write rows as data scripts `<key>-0`, `<key>-1` and so on, and return the number of the first row of each."""
    starts, chunk, size, count = list[int](), list[object](), 0, 0

    def finish() -> None:
        write_data(site, f"{key}-{len(starts)}", chunk)
        starts.append(count - len(chunk))

    for row in rows:
        length = len(msgspec.json.encode(row))
        if chunk and (len(chunk) == ROWS or size + length > BYTES):
            finish()
            chunk, size = [], 0
        chunk.append(row)
        size += length + 1
        count += 1
    if chunk:
        finish()
    return starts
