"""Ranks by aggregate, and the ranks that a submission could have had on other pictures."""

import bisect
from collections.abc import Sequence
from typing import NamedTuple

from mibench.leaderboard.sheet import AGGREGATE, Bounds, Sheet


class Place(NamedTuple):
    """A submission in its table.

    Attributes:
        rank: 1 is best; equal aggregates share it; None for one that is not complete.
        tied: whether another one has the same aggregate.
        best: the rank if every submission came out ahead of it whose interval lies wholly above its own, and no other;
            None where it has no rank.
        worst: the rank if every submission came out ahead of it but those whose interval lies wholly below.

    """

    sheet: Sheet
    rank: int | None = None
    tied: bool = False
    best: int | None = None
    worst: int | None = None


def ranked(sheets: Sequence[Sheet]) -> list[Place]:
    """Return submissions in the order of a table: best aggregate first, those without a rank last."""
    complete = sorted((sheet for sheet in sheets if sheet.complete), key=lambda sheet: (-sheet.aggregate, sheet.slug))
    values = [-sheet.aggregate for sheet in complete]
    intervals = [_interval(sheet) for sheet in complete]
    lows, highs = sorted(low for low, _ in intervals), sorted(high for _, high in intervals)
    places = []
    for sheet, value, (low, high) in zip(complete, values, intervals, strict=True):
        first = bisect.bisect_left(values, value)
        above = len(lows) - bisect.bisect_right(lows, high)
        below = bisect.bisect_left(highs, low)
        tied = bisect.bisect_right(values, value) - first > 1
        places.append(Place(sheet, first + 1, tied, above + 1, len(complete) - below))
    return [*places, *(Place(sheet) for sheet in sheets if not sheet.complete)]


def _interval(sheet: Sheet) -> Bounds:
    low, high = sheet.columns[AGGREGATE].ci or (sheet.aggregate, sheet.aggregate)
    return min(low, sheet.aggregate), max(high, sheet.aggregate)
