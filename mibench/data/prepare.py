"""From an owner's files to a prepared folder."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from mibench.cards import TaskCard
from mibench.data import natural_instructions
from mibench.data.official import nlvr
from mibench.data.rows import ReaderOptions, Row
from mibench.data.store import TaskEntry, store_task
from mibench.errors import InputError


class Reader(NamedTuple):
    """Reads one layout; its version is raised when the rows that it yields change."""

    read: Callable[[Path, TaskCard, ReaderOptions], Iterator[Row]]
    version: str


READERS: Mapping[str, Reader] = {
    "natural_instructions": Reader(natural_instructions.read_natural_instructions, natural_instructions.VERSION),
    "nlvr": Reader(nlvr.read_nlvr, nlvr.VERSION),
}
"""By the name under which a card asks for its reader."""


def prepare_official(card: TaskCard, raw: Path, output: Path, options: ReaderOptions) -> TaskEntry:
    """Read a task's official files and store it in a prepared folder.

    Raises:
        InputError: there is no reader for the task yet, or the files have a fault.

    """
    reader = READERS.get(card.data.reader)
    if reader is None:
        known = ", ".join(sorted(READERS))
        raise InputError(f"no reader of official files for {card.name} yet", remedy=f"there are: {known}")
    source = f"{card.source.dataset}, {card.source.split}"
    rows = reader.read(raw, card, options)
    return store_task(output, card.name, rows, world="official", source=source, reader=reader.version)
