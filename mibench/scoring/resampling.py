"""Resamples of a task's groups: drawn from the task's name and data, so that everything shares them.

The bootstrap over groups (Davison and Hinkley, 1997, section 3.8; Koehn, 2004, for pairs of systems) draws as many
groups as there are, with replacement, 10,000 times. Only sums over groups enter, as integers that a double holds
exactly: no order of rows, threads or platform changes a digit.
"""

import hashlib
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

RESAMPLES = 10_000
UNIT = 1 << 30
"""Values in [0, 1] are rounded to whole multiples of 1 / UNIT; the sums of eight million rows are then exact."""
DRAWS_A_BLOCK = 1 << 17
RESAMPLES_A_BLOCK = 100

Floats = NDArray[np.float64]


class Sample(NamedTuple):
    """Sums over a task's rows, and the same sums in other worlds; C columns.

    Attributes:
        total: over all groups, [C, 1].
        resampled: over each resample of the groups, [C, resamples].
        left_out: over all groups but one, [C, groups].

    """

    total: Floats
    resampled: Floats
    left_out: Floats

    def take(self, columns: Sequence[int]) -> "Sample":
        """Return some of the columns."""
        return Sample(*(sums[columns] for sums in self))


def group_sums(values: Floats, groups: NDArray[np.int64], count: int) -> Floats:
    """Return the sums over each group, [C, count], as whole numbers of 1 / UNIT.

    Args:
        values: in [0, 1], [C, rows].
        groups: the group of each row, [rows].
        count: how many groups there are.

    """
    return np.stack([np.bincount(groups, np.rint(column * UNIT), count) for column in values])


def draw_sample(sums: Floats, seed: str, resamples: int = RESAMPLES) -> Sample:
    """Resample groups.

    Args:
        sums: whole numbers over each group, [C, groups].
        seed: names the task and its data; the same seed and number of groups give the same resamples.
        resamples: how many; none where there is but one group, of which all resamples would be alike.

    """
    total = sums.sum(axis=1, keepdims=True)
    if sums.shape[1] == 1:
        return Sample(total, np.zeros((len(sums), 0)), total)
    by_group = np.ascontiguousarray(sums.T)
    found = over_blocks(
        lambda block, count: _weights(len(by_group), seed, block)[:count] @ by_group, len(by_group), resamples
    )
    return Sample(total, np.ascontiguousarray(found.T), total - sums)


def over_blocks(compute: Callable[[int, int], Floats], groups: int, resamples: int) -> Floats:
    """Return the rows that a function gives for each block of resamples.

    Large blocks are computed on all cores; small ones are done before threads have handed them to each other.

    Args:
        compute: from the number of a block and how many of its resamples are wanted to one row for each.
        groups: decides how many resamples a block holds.
        resamples: how many in all.

    """
    size = _block_size(groups)
    blocks = [(block, min(size, resamples - first)) for block, first in enumerate(range(0, resamples, size))]
    with threadpool_limits(1, "blas"):
        if size == RESAMPLES_A_BLOCK:
            return np.concatenate([compute(*block) for block in blocks])
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            return np.concatenate(list(pool.map(lambda block: compute(*block), blocks)))


class _Scratch(threading.local):
    """Arrays that a thread fills again for each block: to get new ones takes longer than all that is done in them."""

    def __init__(self) -> None:
        self._doubles, self._integers = np.empty(0), np.empty(0, np.int64)

    def arrays(self, count: int) -> tuple[Floats, NDArray[np.int64]]:
        """Return an array of doubles and one of integers, [count] each."""
        if len(self._doubles) < count:
            self._doubles, self._integers = np.empty(count), np.empty(count, np.int64)
        return self._doubles[:count], self._integers[:count]


_scratch = _Scratch()


def _block_size(groups: int) -> int:
    return max(1, min(RESAMPLES_A_BLOCK, DRAWS_A_BLOCK // groups))


def _bits(seed: str, block: int) -> np.random.SFC64:
    content = int.from_bytes(hashlib.sha256(seed.encode()).digest())
    return np.random.SFC64(np.random.SeedSequence(content, spawn_key=(block,)))


def _weights(groups: int, seed: str, block: int) -> Floats:
    """Return how often each group is drawn in each resample of a block, [resamples, groups], until the next call.

    A group is drawn by scaling a random 32-bit number, which prefers none of them by more than 2^-32.
    """
    count = _block_size(groups) * groups
    doubles, integers = _scratch.arrays(count)
    raw = _bits(seed, block).random_raw((count + 1) // 2).astype("<u8", copy=False).view("<u4")
    np.multiply(raw[:count], groups / 2**32, out=doubles)
    np.copyto(integers, doubles, casting="unsafe")
    by_resample = integers.reshape(-1, groups)
    by_resample += np.arange(0, count, groups)[:, None]
    np.copyto(doubles, np.bincount(integers, minlength=count))
    return doubles.reshape(-1, groups)


def signs(groups: int, seed: str, block: int) -> Floats:
    """Return +1 or -1 for each group in each permutation of a block, [permutations, groups], until the next call."""
    count = _block_size(groups) * groups
    doubles, _ = _scratch.arrays(count)
    raw = _bits(f"signs:{seed}", block).random_raw((count + 63) // 64).astype("<u8", copy=False)
    np.multiply(np.unpackbits(raw.view(np.uint8))[:count], -2.0, out=doubles)
    doubles += 1
    return doubles.reshape(-1, groups)
