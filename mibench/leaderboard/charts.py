"""One small picture: the five wordings of a task on a line from 0 to 100."""

from collections.abc import Sequence
from typing import NamedTuple

WIDTH, HEIGHT, MARGIN = 220, 26, 7
"""In pixels; the margin keeps a dot at either end whole."""


class Dot(NamedTuple):
    """One wording."""

    number: int
    score: float
    x: float


class DotPlot(NamedTuple):
    """The places of what is drawn.

    Attributes:
        dots: the wordings that were asked.
        low: place of the worst.
        high: place of the best.
        mean: place of the mean; None where one was not asked.

    """

    dots: Sequence[Dot]
    low: float
    high: float
    mean: float | None


def dot_plot(per_instruction: Sequence[float | None], mean: float | None) -> DotPlot:
    """Lay out the scores of the five wordings."""
    dots = [Dot(number, score, _place(score)) for number, score in enumerate(per_instruction, 1) if score is not None]
    places = [dot.x for dot in dots] or [_place(0)]
    return DotPlot(dots, min(places), max(places), None if mean is None else _place(mean))


def _place(score: float) -> float:
    return round(MARGIN + score / 100 * (WIDTH - 2 * MARGIN), 2)
