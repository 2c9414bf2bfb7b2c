"""95 % intervals from resamples: percentile, bias-corrected and accelerated (Efron, 1987), and debiased.

A standard deviation of scores that are estimated is too large by what sampling adds, and that of a resample by as much
again. Where sampling outweighs the wordings, the first two intervals then miss the truth; the debiased one takes both
parts out (`mibench.scoring.spread.spread_replicates`).
"""

import math
from collections.abc import Iterable, Sequence
from statistics import NormalDist
from typing import NamedTuple, Self

import numpy as np

from mibench.scoring.report import Interval
from mibench.scoring.resampling import Floats

LEVEL = 0.95
TAILS = ((1 - LEVEL) / 2, (1 + LEVEL) / 2)
"""The percentiles between which an interval lies, as shares."""
DIGITS = 6
"""Decimals of a printed bound, far below its own error and far above the rounding of any platform."""

_NORMAL = NormalDist()


class Debiased(NamedTuple):
    """A number without what sampling adds to it on average.

    Attributes:
        estimate: from the rows themselves.
        values: from each resample, [resamples].

    """

    estimate: float
    values: Floats


class Replicates(NamedTuple):
    """A number, and what the resamples make of it.

    Attributes:
        estimate: from the rows themselves; NaN where undefined.
        values: from each resample, [resamples]; NaN where undefined.
        jackknife: by how much the number falls when a group is left out, less the mean of that, [groups].
        debiased: the same without what sampling adds, where that is known.
        least: no true value is below it.

    """

    estimate: float
    values: Floats
    jackknife: Floats
    debiased: Debiased | None = None
    least: float = -math.inf

    @classmethod
    def of(cls, estimate: Floats, values: Floats, left_out: Floats) -> Self:
        """Return the replicates of a number from its values with each group left out, [groups]."""
        return cls(float(estimate[0]), values, left_out.mean() - left_out)

    def minus(self, other: Self) -> Self:
        """Return the difference of two numbers of the same groups and resamples."""
        one, two = self.debiased, other.debiased
        return type(self)(
            self.estimate - other.estimate,
            self.values - other.values,
            self.jackknife - other.jackknife,
            None if one is None or two is None else Debiased(one.estimate - two.estimate, one.values - two.values),
        )

    @classmethod
    def weighted(cls, parts: Iterable[tuple[float, Self]]) -> Self:
        """Return the weighted sum of numbers of independent samples, as tasks are.

        It has no resamples where one of them has none. Debiased values are moved to their own estimate first: what
        little bias each keeps would not shrink as the spread of a mean over tasks does.
        """
        parts = list(parts)
        resamples = min((len(part.values) for _, part in parts), default=0)
        debiased = [(weight, part.debiased) for weight, part in parts if part.debiased is not None]
        return cls(
            estimate=sum(weight * part.estimate for weight, part in parts),
            values=np.sum([weight * part.values[:resamples] for weight, part in parts], axis=0),
            jackknife=np.concatenate([weight * part.jackknife for weight, part in parts]),
            debiased=_weighted_debiased(debiased) if len(debiased) == len(parts) else None,
            least=sum(weight * part.least for weight, part in parts),
        )


def _weighted_debiased(parts: Sequence[tuple[float, Debiased]]) -> Debiased:
    moved = [weight * (part.values - part.values.mean() + part.estimate) for weight, part in parts]
    return Debiased(sum(weight * part.estimate for weight, part in parts), np.sum(moved, axis=0))


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
    levels = _bca_levels(replicates, ordered)
    found = Interval(
        percentile=_bounds(ordered, TAILS),
        bca=None if levels is None else _bounds(ordered, levels),
        debiased=_debiased_bounds(replicates),
    )
    return found, "it lies outside all its resamples" if levels is None else None


def _debiased_bounds(replicates: Replicates) -> tuple[float, float] | None:
    if replicates.debiased is None or np.isnan(replicates.debiased.values).any():
        return None
    low, high = _bounds(np.sort(replicates.debiased.values), TAILS)
    return max(low, replicates.least), max(high, replicates.least)


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
    scale = 6 * float(np.sum(replicates.jackknife**2)) ** 1.5
    acceleration = float(np.sum(replicates.jackknife**3)) / scale if scale > 0 else 0.0
    levels = []
    for tail in TAILS:
        shift = bias + _NORMAL.inv_cdf(tail)
        levels.append(_NORMAL.cdf(bias + shift / (1 - acceleration * shift)))
    return levels[0], levels[1]
