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


def ranked(sheets: Sequence[Sheet], column: str = AGGREGATE) -> list[Place]:
    """Return submissions in the order of a table: best aggregate first, those without a rank last.

    Args:
        sheets: all have the column.
        column: ranked by its mean in place of the aggregate's, as by that of a task.

    """
    ordered = sorted((-_value(sheet, column), sheet.slug, sheet) for sheet in sheets if sheet.complete)
    complete = [sheet for _, _, sheet in ordered]
    values = [value for value, _, _ in ordered]
    intervals = [_interval(sheet, column) for sheet in complete]
    lows, highs = sorted(low for low, _ in intervals), sorted(high for _, high in intervals)
    places = []
    for sheet, value, (low, high) in zip(complete, values, intervals, strict=True):
        first = bisect.bisect_left(values, value)
        above = len(lows) - bisect.bisect_right(lows, high)
        below = bisect.bisect_left(highs, low)
        tied = bisect.bisect_right(values, value) - first > 1
        places.append(Place(sheet, first + 1, tied, above + 1, len(complete) - below))
    return [*places, *(Place(sheet) for sheet in sheets if not sheet.complete)]


def _value(sheet: Sheet, column: str) -> float:
    return sheet.columns[column].mean or 0.0


def _interval(sheet: Sheet, column: str) -> Bounds:
    value = _value(sheet, column)
    low, high = sheet.columns[column].ci or (value, value)
    return min(low, value), max(high, value)
