"""Progress bars on stderr, silent where that is not a terminal."""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from mibench.cards import TaskCard

STEP = 32
"""Rows from one change of the display to the next."""

Row = TypeVar("Row")


def progress() -> Progress:
    """Return a progress display with a count, rows a second and the time left."""
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    )


def track(title: str) -> Callable[[Iterable[TaskCard]], Iterator[TaskCard]]:
    """Return a wrapper that shows the progress of a loop over tasks."""

    def watch(cards: Iterable[TaskCard]) -> Iterator[TaskCard]:
        cards = list(cards)
        with progress() as display:
            bar = display.add_task(title, total=len(cards), rate="")
            for card in cards:
                display.update(bar, description=f"{title}: {card.name}")
                yield card
                display.advance(bar)

    return watch


def track_rows(unit: str) -> Callable[[Iterable[Row], str, int | None], Iterator[Row]]:
    """Return a wrapper that shows the progress of a loop within a task, which may not know how many are to come."""

    def watch(rows: Iterable[Row], task: str, count: int | None) -> Iterator[Row]:
        with progress() as display:
            if display.disable:
                yield from rows
                return
            bar, begun = display.add_task(task, total=count, rate=""), time.monotonic()
            number = 0
            for number, row in enumerate(rows, 1):
                yield row
                if number % STEP == 0:
                    speed = number / max(time.monotonic() - begun, 1e-9)
                    display.update(bar, completed=number, rate=f"{speed:,.0f} {unit}/s")
            display.update(bar, completed=number)

    return watch
