"""Which row comes when: tasks of capped size mixed by a keyed permutation, so that any place is known by itself."""

import hashlib
import heapq
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple, Protocol, TypeVar

ROUNDS = 6

_Hashed = TypeVar("_Hashed", bound="_WithId")


class _WithId(Protocol):
    @property
    def id(self) -> str: ...


class Draw(NamedTuple):
    """One row of a mixture: the number of its task, the row's number in the task, and the epoch, all from 0."""

    task: int
    row: int
    epoch: int


@dataclass(frozen=True)
class Mixture:
    """An endless stream of rows: every epoch holds each row of each task once, in an order of its own.

    Attributes:
        sizes: how many rows each task has.
        seed: of the orders.

    """

    sizes: tuple[int, ...]
    seed: int

    @cached_property
    def _ends(self) -> tuple[int, ...]:
        return tuple(accumulate(self.sizes))

    def __len__(self) -> int:
        """Return the rows of an epoch."""
        return self._ends[-1] if self.sizes else 0

    def __getitem__(self, place: int) -> Draw:
        """Return the row at a place of the stream, from 0 on without end."""
        epoch, within = divmod(place, len(self))
        row = permuted(within, len(self), f"{self.seed}:{epoch}")
        task = bisect_right(self._ends, row)
        return Draw(task, row - (self._ends[task] - self.sizes[task]), epoch)


def permuted(place: int, size: int, key: str) -> int:
    """Return where a keyed permutation of `range(size)` sends a place: a Feistel network, walked until it is inside."""
    half = max((size - 1).bit_length() + 1, 2) // 2
    mask = (1 << half) - 1
    while True:
        left, right = place >> half, place & mask
        for number in range(ROUNDS):
            left, right = right, left ^ (_hash(f"{key}:{number}:{right}") & mask)
        place = left << half | right
        if place < size:
            return place


def wording_of(seed: int, epoch: int, task: str, row: str, count: int) -> int:
    """Return which of so many wordings, from 0, a row has in an epoch; nothing else changes it."""
    return _hash(f"wording:{seed}:{epoch}:{task}:{row}") % count


def capped(rows: Iterable[_Hashed], most: int | None, seed: int, task: str) -> list[_Hashed]:
    """Return at most so many rows, chosen and ordered by content: neither order nor place of the others matters."""
    ranked = ((_hash(f"row:{seed}:{task}:{row.id}"), row.id, number, row) for number, row in enumerate(rows))
    return [row for *_, row in (sorted(ranked) if most is None else heapq.nsmallest(most, ranked))]


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest())
