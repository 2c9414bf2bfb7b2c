"""The five scores of a metric on a task, and what follows from them: mean, max, std, Sensitivity.

Values are exact where they can be: means and deviations are computed as fractions and rounded once, so they do not
depend on the order of their terms.
"""

import math
import statistics
from collections.abc import Sequence

import numpy as np

from mibench.scoring.intervals import Debiased, Replicates
from mibench.scoring.report import MetricScores
from mibench.scoring.resampling import Floats, Sample

SPREAD = ("mean", "max", "std", "sensitivity")
"""What is computed from the five scores, in the order of `spread_of_sums`."""


def spread(per_instruction: Sequence[float | None]) -> MetricScores:
    """Return mean, max, sample standard deviation and Sensitivity of a metric over the instructions.

    All are None where an instruction has no score: over fewer than five they would not compare.
    """
    known = [score for score in per_instruction if score is not None]
    if len(known) < len(per_instruction):
        return MetricScores(
            per_instruction=list(per_instruction), mean=None, max=None, std=None, std_corrected=None, sensitivity=None
        )
    mean, std = statistics.mean(known), statistics.stdev(known)
    return MetricScores(
        per_instruction=list(per_instruction),
        mean=mean,
        max=max(known),
        std=std,
        std_corrected=std / c4(len(known)),
        sensitivity=task_sensitivity(mean, std),
    )


def spread_of_sums(sums: Floats) -> Floats:
    """Return what `spread` does, for many samples at once, 0 to 100, [9, X]: the five scores, then `SPREAD`.

    Args:
        sums: over rows, of the five scores and of 1, [6, X]. The Sensitivity is NaN where the mean is 0.

    """
    scores = 100 * sums[:-1] / sums[-1]
    mean = scores.sum(axis=0) / len(scores)
    std = np.sqrt(((scores - mean) ** 2).sum(axis=0) / (len(scores) - 1))
    sensitivity = 100 * std / np.where(mean > 0, mean, np.nan)
    found: Floats = np.stack([*scores, mean, scores.max(axis=0), std, sensitivity])
    return found


def spread_replicates(sample: Sample) -> list[Replicates]:
    """Return the replicates of the five scores, then of `SPREAD`.

    Sampling adds a variance to that of the five scores, and as much again in each resample; the second part is seen as
    the mean over resamples less the estimate. Debiased deviations are without either, and never below 0.

    Args:
        sample: sums of the five scores and of 1.

    """
    found = [Replicates.of(*parts) for parts in zip(*map(spread_of_sums, sample), strict=True)]
    *scores, mean, highest, std, sensitivity = found
    if len(std.values):
        added = noise(std) ** 2
        estimate = math.sqrt(max(0.0, std.estimate**2 - added))
        values = np.sqrt(np.maximum(std.values**2 - 2 * added, 0))
        relative = Debiased(
            100 * estimate / mean.estimate if mean.estimate > 0 else math.nan,
            100 * values / np.where(mean.values > 0, mean.values, np.nan),
        )
        std = std._replace(debiased=Debiased(estimate, values), least=0.0)
        sensitivity = sensitivity._replace(debiased=relative, least=0.0)
    return [*scores, mean, highest, std, sensitivity]


def noise(std: Replicates) -> float:
    """Return the deviation that sampling alone would give, were all wordings equally good.

    Args:
        std: replicates of the deviation; at least one.

    """
    return math.sqrt(max(0.0, float(np.mean(std.values**2)) - std.estimate**2))


def c4(count: int) -> float:
    """Return the mean of the sample standard deviation of `count` normal values of deviation 1.

    By how much std is too small, on average, over so few wordings: c4(5) = 0.94. The ratio of gamma functions,
    G(n/2) / G((n-1)/2), comes from its recursion, whose operations give the same digits on every platform.
    """
    ratio = 1 / math.sqrt(math.pi)
    for smaller in range(2, count):
        ratio = (smaller - 1) / 2 / ratio
    return math.sqrt(2 / (count - 1)) * ratio


def task_sensitivity(mean: float, std: float) -> float | None:
    """Return 100 * std / mean, or None where the mean is 0."""
    return 100 * std / mean if mean else None
