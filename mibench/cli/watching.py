"""How a run comes along: bars on a terminal, a log line now and then elsewhere."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from rich.progress import Progress, TaskID

from mibench.cards import TaskCard
from mibench.cli.progress import progress

LINE_SECONDS = 30.0
"""Between two log lines."""

_log = logging.getLogger(__name__)


class Watching:
    """Shows requests answered, requests a second and the time left, of the task and of the whole run."""

    def __init__(self, display: Progress, total: int) -> None:
        self._display, self._total = display, total
        self._all = display.add_task("all tasks", total=total, rate="")
        self._task: TaskID | None = None
        self._count, self._before = 0, 0
        self._begun = self._said = time.monotonic()

    def task(self, card: TaskCard, requests: int, done: int) -> None:
        """Show a bar for a task that begins."""
        if self._task is not None:
            self._display.remove_task(self._task)
        self._task = self._display.add_task(card.name, total=requests, completed=done, rate="")
        self._before += done
        self._display.update(self._all, completed=self._before + self._count)

    def rows(self, card: TaskCard, answered: int, failed: int) -> None:
        """Move the bars, or log a line where there are none."""
        self._count += answered + failed
        now = time.monotonic()
        speed = self._count / max(now - self._begun, 1e-9)
        if self._task is not None:
            self._display.update(self._task, advance=answered + failed, rate=f"{speed:,.1f} rows/s")
        self._display.update(self._all, advance=answered + failed)
        if self._display.disable and now - self._said >= LINE_SECONDS:
            self._said = now
            self._say(card, speed)

    def _say(self, card: TaskCard, speed: float) -> None:
        done = self._before + self._count
        left = (self._total - done) / speed
        fields = {"task": card.name, "done": done, "total": self._total, "rows_per_second": round(speed, 2)}
        _log.info(
            "%s: %s of %s requests, %.1f a second, %s left",
            *(card.name, f"{done:,}", f"{self._total:,}", speed, timedelta(seconds=round(left))),
            extra={"fields": fields | {"seconds_left": round(left, 1)}},
        )


@contextmanager
def watching(total: int, *, bars: bool) -> Iterator[Watching]:
    """Show how a run of so many requests comes along."""
    display = progress()
    display.disable = display.disable or not bars
    with display:
        yield Watching(display, total)
