"""Progress bars on stderr, silent where that is not a terminal."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, TypeVar

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

if TYPE_CHECKING:
    from mibench.data.download import Watch

STEP = 32
"""Rows from one change of the display to the next."""

Row = TypeVar("Row")


@contextmanager
def track_bytes() -> "Iterator[Watch]":
    """Show a bar for each file that grows."""
    console = Console(stderr=True)
    columns = [TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn()]
    silent = not console.is_terminal
    with Progress(*columns, TimeRemainingColumn(), console=console, disable=silent, transient=True) as display:
        bars: dict[str, TaskID] = {}

        def watch(name: str, done: int, total: int | None) -> None:
            if name not in bars:
                bars[name] = display.add_task(name)
            display.update(bars[name], completed=done, total=total)

        yield watch


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


class _Named(Protocol):
    @property
    def name(self) -> str: ...


Named = TypeVar("Named", bound=_Named)


def track(title: str) -> Callable[[Iterable[Named]], Iterator[Named]]:
    """Return a wrapper that shows the progress of a loop over tasks, folders or whatever has a name."""

    def watch(items: Iterable[Named]) -> Iterator[Named]:
        items = list(items)
        with progress() as display:
            bar = display.add_task(title, total=len(items), rate="")
            for item in items:
                display.update(bar, description=f"{title}: {item.name}")
                yield item
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
