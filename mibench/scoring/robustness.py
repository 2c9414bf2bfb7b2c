"""How much of a score is the wording's, and how much of the Sensitivity is the choice of wordings and tasks."""

import itertools
import math
import statistics
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from mibench.cards import INSTRUCTIONS
from mibench.scoring.report import InterTask, Jackknife
from mibench.scoring.resampling import Floats
from mibench.scoring.spread import c4, spread

ROUNDING = 1e-8
"""A variance below it comes from the rounding of scores to sums of whole numbers."""
EXTRAPOLATED = 10
"""Wordings beyond the five for which a Sensitivity is predicted."""


def sensitivity_by_wordings(per_instruction: Sequence[float | None]) -> dict[str, float | None]:
    """Return a task's Sensitivity had it fewer wordings, or more.

    For k = 2 to 5 the mean over all choices of k of the wordings, exactly; None where one of them has a mean of 0. For
    10 and infinitely many, the deviation is scaled as that of normal values: std(5) * c4(k) / c4(5), c4(inf) = 1.
    """
    known = [value for value in per_instruction if value is not None]
    if len(known) < INSTRUCTIONS:
        return {}
    found: dict[str, float | None] = {}
    for k in range(2, INSTRUCTIONS + 1):
        chosen = [spread(subset).sensitivity for subset in itertools.combinations(known, k)]
        defined = [value for value in chosen if value is not None]
        found[str(k)] = statistics.mean(defined) if len(defined) == len(chosen) else None
    all_five = found[str(INSTRUCTIONS)]
    unbiased = None if all_five is None else all_five / c4(INSTRUCTIONS)
    found[str(EXTRAPOLATED)] = None if unbiased is None else unbiased * c4(EXTRAPOLATED)
    found["inf"] = unbiased
    return found


def mean_by_wordings(tasks: Sequence[Mapping[str, float | None]]) -> dict[str, float | None]:
    """Return the mean over tasks for each number of wordings; None where one task has none."""
    found: dict[str, float | None] = {}
    for key in tasks[0] if tasks else ():
        values = [task.get(key) for task in tasks]
        defined = [value for value in values if value is not None]
        found[key] = statistics.mean(defined) if len(defined) == len(values) else None
    return found


def variance_columns(values: Floats) -> Floats:
    """Return what the decomposition needs of each row beside its five scores, in [0, 1], [2, rows].

    Args:
        values: scores in [0, 1], [instructions, rows].

    """
    return np.stack([(values**2).mean(axis=0), values.mean(axis=0) ** 2])


def variance_shares(sums: Floats) -> Floats:
    """Return the shares of wording, row and interaction, [3, X]; NaN where all scores are equal.

    A two-way decomposition with one score a cell (Fisher, 1925): the squared deviations of the means of wordings, of
    the means of rows, and what is left, over all of them.

    Args:
        sums: over rows, of the five scores, of `variance_columns` and of 1, [8, X].

    """
    means = sums[:-1] / sums[-1]
    wordings, (squares, row_squares) = means[:INSTRUCTIONS], means[INSTRUCTIONS:]
    mean = _mean(wordings)
    total = squares - mean**2
    by_wording = _mean((wordings - mean) ** 2)
    by_row = row_squares - mean**2
    defined = total > ROUNDING
    total = np.where(defined, total, np.nan)
    shares: Floats = np.stack([by_wording, by_row, total - by_wording - by_row]) / total
    return np.where(np.abs(shares) < 1e-12, 0.0, shares)


def _mean(columns: Floats) -> Floats:
    mean: Floats = columns.sum(axis=0) / len(columns)
    return mean


def all_alike(answers: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Tell of each row whether all wordings got the same answer; answers are [instructions, rows]."""
    alike: NDArray[np.bool_] = (answers == answers[0]).all(axis=0)
    return alike


def fleiss_kappa(answers: NDArray[np.uint64]) -> float | None:
    """Return Fleiss' kappa (1971) of the answers of five wordings, [instructions, rows], as of five raters.

    None where every wording gave every row the same answer: there is nothing to agree on.
    """
    raters, rows = map(int, answers.shape)
    pairs = sum(int(np.count_nonzero(one == other)) for one, other in itertools.combinations(answers, 2))
    counts = [int(count) for count in np.unique(answers, return_counts=True)[1]]
    if len(counts) < 2:
        return None
    ratings = raters * rows
    observed = pairs / (rows * math.comb(raters, 2))
    expected = sum(count**2 for count in counts) / ratings**2
    return (observed - expected) / (1 - expected)


def shares_of_first(scores: Floats) -> Floats:
    """Return the share of the columns in which each row is the greatest, [wordings]; equal ones share."""
    greatest = scores == scores.max(axis=0)
    shares: Floats = (greatest / greatest.sum(axis=0)).mean(axis=1)
    return shares


def inter_task(sensitivities: Mapping[str, float], clusters: Mapping[str, str]) -> InterTask:
    """Return the Sensitivity without each task, and without each cluster of tasks.

    Args:
        sensitivities: of each task.
        clusters: of each task.

    """
    by_cluster: dict[str, list[str]] = {}
    for name in sensitivities:
        by_cluster.setdefault(clusters[name], []).append(name)
    return InterTask(
        tasks=_jackknife(sensitivities, {name: [name] for name in sensitivities}),
        clusters=_jackknife(sensitivities, by_cluster),
    )


def _jackknife(values: Mapping[str, float], left_out: Mapping[str, Sequence[str]]) -> Jackknife:
    """Return the mean without each part, and the jackknife's standard error (Quenouille, 1956; Tukey, 1958)."""
    without: dict[str, float] = {}
    for part, names in left_out.items():
        rest = [value for name, value in values.items() if name not in names]
        if rest:
            without[part] = statistics.mean(rest)
    count = len(without)
    if count < 2:
        return Jackknife(without=without, standard_error=None)
    deviations = statistics.pvariance(list(without.values())) * count
    return Jackknife(without=without, standard_error=math.sqrt((count - 1) / count * deviations))
