"""95 % intervals from resamples: percentile, and bias-corrected and accelerated (Efron, 1987)."""

from collections.abc import Iterable, Sequence
from statistics import NormalDist
from typing import NamedTuple, Self

import numpy as np

from mibench.scoring.report import Interval
from mibench.scoring.resampling import Floats

LEVEL = 0.95
DIGITS = 6
"""Decimals of a printed bound, far below its own error and far above the rounding of any platform."""

_NORMAL = NormalDist()
_TAILS = ((1 - LEVEL) / 2, (1 + LEVEL) / 2)


class Replicates(NamedTuple):
    """A number, and what the resamples make of it.

    Attributes:
        estimate: from the rows themselves; NaN where undefined.
        values: from each resample, [resamples]; NaN where undefined.
        squares: sum over groups of the squared jackknife deviations.
        cubes: sum over groups of their cubes.

    """

    estimate: float
    values: Floats
    squares: float
    cubes: float

    @classmethod
    def of(cls, estimate: Floats, values: Floats, left_out: Floats) -> Self:
        """Return the replicates of a number from its values with each group left out, [groups]."""
        deviations = left_out.mean() - left_out
        return cls(float(estimate[0]), values, float(np.sum(deviations**2)), float(np.sum(deviations**3)))

    @classmethod
    def weighted(cls, parts: Iterable[tuple[float, Self]]) -> Self:
        """Return the weighted sum of numbers of independent samples, as tasks are.

        It has no resamples where one of them has none.
        """
        parts = list(parts)
        resamples = min((len(part.values) for _, part in parts), default=0)
        return cls(
            estimate=sum(weight * part.estimate for weight, part in parts),
            values=np.sum([weight * part.values[:resamples] for weight, part in parts], axis=0),
            squares=sum(weight**2 * part.squares for weight, part in parts),
            cubes=sum(weight**3 * part.cubes for weight, part in parts),
        )


def interval(replicates: Replicates) -> tuple[Interval | None, str | None]:
    """Return the interval, or the reason why there is none; also the reason where only the BCa interval is missing."""
    values = replicates.values
    if np.isnan(replicates.estimate):
        return None, "undefined"
    if not len(values):
        return None, "all rows of a task belong to one group"
    if np.isnan(values).any():
        return None, "undefined in some resamples"
    ordered = np.sort(values)
    if ordered[-1] - ordered[0] <= _rounding(replicates.estimate):
        return None, "all resamples give the same value"
    percentile = _bounds(ordered, _TAILS)
    levels = _bca_levels(replicates, ordered)
    if levels is None:
        return Interval(percentile=percentile, bca=None), "it lies outside all its resamples"
    return Interval(percentile=percentile, bca=_bounds(ordered, levels)), None


def _bounds(ordered: Floats, levels: Sequence[float]) -> tuple[float, float]:
    low, high = np.interp(np.array(levels) * (len(ordered) - 1), np.arange(len(ordered)), ordered)
    return round(float(low), DIGITS), round(float(high), DIGITS)


def _rounding(value: float) -> float:
    return 1e-9 * max(1.0, abs(value))


def _bca_levels(replicates: Replicates, ordered: Floats) -> tuple[float, float] | None:
    """Return where BCa reads the bounds; None where the resamples do not surround the estimate.

    Values within the rounding error of the estimate count as equal to it, and half of those as below.
    """
    margin = _rounding(replicates.estimate)
    places = np.searchsorted(ordered, [replicates.estimate - margin, replicates.estimate + margin])
    below = float(places.mean()) / len(ordered)
    if not 0 < below < 1:
        return None
    bias = _NORMAL.inv_cdf(below)
    scale = 6 * replicates.squares**1.5
    acceleration = replicates.cubes / scale if scale > 0 else 0.0
    levels = []
    for tail in _TAILS:
        shift = bias + _NORMAL.inv_cdf(tail)
        levels.append(_NORMAL.cdf(bias + shift / (1 - acceleration * shift)))
    return levels[0], levels[1]
