"""How many requests a batch holds: a number, or what is found to be quickest."""

import statistics
from typing import Literal

FIRST, LARGEST = 8, 512
ENOUGH = 3
"""Batches of one size before it is judged; the first of them may have warmed up."""
WORTHWHILE = 1.1
"""Doubling goes on while it makes the rows quicker by this."""


class Sizing:
    """The size of the next batch; it learns from those that were answered."""

    def __init__(self, size: int | Literal["auto"]) -> None:
        """Begin with a size, or find one: doubled while that makes rows quicker and memory lasts."""
        self.asked, self.size = size, FIRST if size == "auto" else size
        self._searching = size == "auto"
        self._speeds = list[float]()
        self._best = 0.0

    @property
    def told(self) -> int | str:
        """The size, for the record, with how it came about."""
        return self.size if self.size == self.asked else f"{self.asked}: {self.size}"

    def learn(self, rows: int, seconds: float, fitted: int | None) -> None:
        """Take note of a batch.

        Args:
            rows: how many it held.
            seconds: how long they took.
            fitted: how many fitted into memory, where not all did; it stays with that.

        """
        if fitted is not None:
            self.size, self._searching = min(self.size, fitted), False
        elif self._searching and 2 * rows > self.size:
            self._speeds.append(rows / max(seconds, 1e-9))
            if len(self._speeds) == ENOUGH:
                self._judge(statistics.median(self._speeds))

    def _judge(self, speed: float) -> None:
        if speed < WORTHWHILE * self._best:
            self.size, self._searching = self.size // 2, False
        elif self.size == LARGEST:
            self._searching = False
        else:
            self.size, self._best, self._speeds = 2 * self.size, speed, []
