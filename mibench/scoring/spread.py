"""The five scores of a metric on a task, and what follows from them: mean, max, std, Sensitivity.

Values are exact where they can be: means and deviations are computed as fractions and rounded once, so they do not
depend on the order of their terms.
"""

import math
import statistics
from collections.abc import Sequence

import numpy as np

from mibench.scoring.report import MetricScores
from mibench.scoring.resampling import Floats

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


def mean_and_sensitivity(sums: Floats) -> dict[str, Floats]:
    """Return these two of `spread_of_sums` by name, [X] each."""
    *_, mean, _, _, sensitivity = spread_of_sums(sums)
    return {"mean": mean, "sensitivity": sensitivity}


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
