"""How the generators lay out their rows, and how they shuffle."""

from collections.abc import Iterable, Iterator
from itertools import islice
from random import Random

from mibench.cards import TaskCard
from mibench.data.rows import Row
from mibench.instances import Instance

ROWS = 200
"""Instances a task."""

Draft = tuple[int, str, tuple[str, ...]]
"""Number of the group, input, and targets with the canonical one first."""


def generator_random(card: TaskCard, seed: int) -> Random:
    """Return the source of chance of one task: cards that share a generator get rows of their own."""
    return Random(f"{card.name}:{seed}")


def text_rows(card: TaskCard, drafts: Iterable[Draft]) -> Iterator[Row]:
    """Yield the first 200 drafts as rows."""
    for number, (group, text, targets) in enumerate(islice(drafts, ROWS)):
        yield Row(
            Instance(
                id=f"{number:03d}",
                fields={"input": text},
                options=card.answer.options,
                targets=targets,
                group=f"{group:03d}",
            )
        )


def sentence(text: str) -> str:
    """Return a text with its first letter in capitals."""
    return text[0].upper() + text[1:]
