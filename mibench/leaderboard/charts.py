"""The geometry of small pictures: scores on a line from 0 to 100, and shares of a whole."""

import statistics
from collections.abc import Sequence
from typing import NamedTuple

WIDTH, HEIGHT, MARGIN = 220, 26, 7
"""In pixels; the margin keeps a dot at either end whole."""
BAR = 120
"""Pixels of a whole that is parted into shares."""
FEW = 40
"""Up to so many scores are drawn one by one."""


class Dot(NamedTuple):
    """One wording."""

    number: int
    score: float
    x: float


class Segment(NamedTuple):
    """A stretch of a line, or a share of a bar."""

    x: float
    width: float


class DotPlot(NamedTuple):
    """The places of what is drawn.

    Attributes:
        dots: the wordings that were asked.
        mean: place of the mean; None where one was not asked.
        interval: of the mean, where there is one.
        chance: place of what guessing scores, where that is known.

    """

    dots: Sequence[Dot]
    mean: float | None
    interval: Segment | None
    chance: float | None


class Strip(NamedTuple):
    """How scores are spread: the places of the lowest, the quartiles and the highest, and of all where they are few."""

    low: float
    first: float
    median: float
    third: float
    high: float
    dots: Sequence[float]


def dot_plot(
    per_instruction: Sequence[float | None],
    mean: float | None,
    *,
    interval: tuple[float, float] | None = None,
    chance: float | None = None,
) -> DotPlot:
    """Lay out the scores of the five wordings."""
    return DotPlot(
        dots=[
            Dot(number, score, _place(score)) for number, score in enumerate(per_instruction, 1) if score is not None
        ],
        mean=None if mean is None else _place(mean),
        interval=None if interval is None else _segment(*map(_place, interval)),
        chance=None if chance is None else _place(chance),
    )


def interval_bar(bounds: tuple[float, float] | None) -> str:
    """Return the path of a 95 % interval on a line from 0 to 100, in these units; empty where there is none."""
    if bounds is None:
        return ""
    low, high = (max(0.0, min(bound, 100.0)) for bound in bounds)
    return f"M{low:.1f} 3h{max(high, low + 0.1) - low:.1f}"


def stacked_bar(shares: Sequence[float]) -> list[Segment]:
    """Lay out shares that sum to 1, side by side."""
    segments, begin = list[Segment](), 0.0
    for share in shares:
        end = min(max(begin, begin + share * BAR), BAR)
        segments.append(_segment(begin, end))
        begin = end
    return segments


def strip(scores: Sequence[float]) -> Strip:
    """Lay out how scores are spread; there is at least one."""
    ordered = sorted(scores)
    quartiles = statistics.quantiles(ordered, n=4, method="inclusive") if len(ordered) > 1 else ordered * 3
    low, first, median, third, high = map(_place, (ordered[0], *quartiles, ordered[-1]))
    dots = [_place(score) for score in ordered] if len(ordered) <= FEW else []
    return Strip(low, first, median, third, high, dots)


def _segment(begin: float, end: float) -> Segment:
    return Segment(round(begin, 1), round(end - begin, 1))


def _place(score: float) -> float:
    """Return where a score lies, at an end of the line where it is none from 0 to 100."""
    return round(MARGIN + min(max(score, 0), 100) / 100 * (WIDTH - 2 * MARGIN), 1)
