"""Simulation with known truth: what 95 % intervals promise, they keep."""

import numpy as np
import pytest

from mibench.scoring.intervals import Replicates, interval
from mibench.scoring.resampling import Sample, draw_sample, group_sums
from mibench.scoring.spread import spread, spread_of_sums
from mibench.scoring.summary import aggregate, mean_sensitivity
from tests.scoring.simulated import draw_scores

SUBMISSIONS, BATCH, RESAMPLES = 1000, 100, 2000
TASKS = {"one": (0.35, 0.42, 0.5, 0.55, 0.68), "two": (0.6, 0.66, 0.7, 0.5, 0.55), "three": (0.3, 0.34, 0.45, 0.5, 0.4)}
SIZES = {"one": np.arange(300) % 3 + 1, "two": np.ones(500, int), "three": np.arange(200) % 5 + 1}


def replicates(random, task):
    """Return the replicates of a batch of submissions to one task: mean, max, std and Sensitivity of each."""
    sizes = SIZES[task]
    groups = np.repeat(np.arange(len(sizes)), sizes)
    columns = [draw_scores(random, TASKS[task], sizes) for _ in range(BATCH)]
    sums = group_sums(np.concatenate([*columns, np.ones((1, len(groups)))]), groups, len(sizes))
    sample = draw_sample(sums, f"{task} {random.integers(1 << 60)}", RESAMPLES)
    for first in range(0, 5 * BATCH, 5):
        part = Sample(*sample.take([*range(first, first + 5), -1]))
        _, _, _, _, _, mean, _, _, sensitivity = zip(*map(spread_of_sums, part), strict=True)
        yield Replicates.of(*mean), Replicates.of(*sensitivity)


@pytest.fixture(scope="module")
def coverage():
    random = np.random.default_rng(0)
    true = {task: spread([100 * value for value in values]) for task, values in TASKS.items()}
    truth = {
        "mean": true["one"].mean,
        "task sensitivity": true["one"].sensitivity,
        "aggregate": aggregate([scores.mean for scores in true.values()], []),
        "sensitivity": mean_sensitivity([scores.sensitivity for scores in true.values()]),
    }
    hits = {kind: dict.fromkeys(truth, 0) for kind in ("percentile", "bca")}
    for _ in range(SUBMISSIONS // BATCH):
        for found in zip(*(replicates(random, task) for task in TASKS), strict=True):
            means, sensitivities = zip(*found, strict=True)
            numbers = {
                "mean": means[0],
                "task sensitivity": sensitivities[0],
                "aggregate": Replicates.weighted([(1 / 3, part) for part in means]),
                "sensitivity": Replicates.weighted([(1 / 3, part) for part in sensitivities]),
            }
            for name, number in numbers.items():
                bounds, _ = interval(number)
                for kind, counts in hits.items():
                    low, high = getattr(bounds, kind)
                    counts[name] += low <= truth[name] <= high
    return {kind: {name: count / SUBMISSIONS for name, count in counts.items()} for kind, counts in hits.items()}


@pytest.mark.parametrize("number", ["mean", "aggregate", "sensitivity", "task sensitivity"])
def test_bca_intervals_cover(coverage, number):
    assert 0.93 <= coverage["bca"][number] <= 0.97


@pytest.mark.parametrize("number", ["mean", "aggregate"])
def test_percentile_intervals_cover(coverage, number):
    assert 0.93 <= coverage["percentile"][number] <= 0.97
