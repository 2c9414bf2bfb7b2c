"""What is asked, in which order."""

import itertools
from collections.abc import Iterator

from mibench.cards import INSTRUCTIONS, TaskCard
from mibench.data.store import DataFolder
from mibench.instances import Request
from mibench.prompts import render_request


def requests(card: TaskCard, data: DataFolder, *, seed: int, limit: int | None) -> Iterator[Request]:
    """Stream a task's requests: instance by instance, so that the five wordings of one picture stay together."""
    folder = data.folder(card.name)
    for instance in itertools.islice(data.instances(card.name), limit):
        for instruction in range(1, INSTRUCTIONS + 1):
            yield render_request(card, instance, instruction, seed=seed, folder=folder)


def count_requests(card: TaskCard, data: DataFolder, limit: int | None) -> int:
    """Return how many requests a task makes."""
    rows = data.entry(card.name).rows
    return INSTRUCTIONS * (rows if limit is None else min(rows, limit))
