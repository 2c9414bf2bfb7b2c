"""Intervals beside a brute-force twin and beside scipy."""

import math
import warnings
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from mibench.scoring.intervals import Debiased, Replicates, interval
from mibench.scoring.resampling import Sample, draw_sample, group_sums
from mibench.scoring.spread import noise, spread_of_sums, spread_replicates


def textbook(estimate, values, left_out):
    """Percentile and BCa bounds as Efron and Tibshirani (1993, chapters 13 and 14) print them."""
    normal = NormalDist()
    mean = sum(left_out) / len(left_out)
    cubes, squares = (sum((mean - value) ** power for value in left_out) for power in (3, 2))
    acceleration = cubes / (6 * squares**1.5)
    below = (sum(v < estimate - 1e-9 for v in values) + sum(abs(v - estimate) <= 1e-9 for v in values) / 2) / len(
        values
    )
    bias = normal.inv_cdf(below)
    levels = []
    for tail in (0.025, 0.975):
        z = bias + normal.inv_cdf(tail)
        levels.append(normal.cdf(bias + z / (1 - acceleration * z)))
    return np.percentile(values, [2.5, 97.5]), np.percentile(values, [100 * level for level in levels])


def replicates(rows, groups, number, resamples=2000):
    """Return the replicates of one of the five scores, mean, max, std and Sensitivity."""
    groups = np.asarray(groups)
    sums = group_sums(np.concatenate([rows, np.ones((1, rows.shape[1]))]), groups, int(groups.max()) + 1)
    sample = draw_sample(sums, "intervals", resamples)
    return [spread_of_sums(part)[number] for part in sample]


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), groups=st.integers(8, 40), number=st.sampled_from([0, 5, 6, 7, 8]))
def test_equal_to_the_textbook(seed, groups, number):
    draw = np.random.default_rng(seed)
    rows = draw.random((5, 3 * groups))
    estimate, values, left_out = replicates(rows, np.arange(3 * groups) % groups, number)
    found, reason = interval(Replicates.of(estimate, values, left_out))
    percentile, bca = textbook(estimate[0], values, left_out)
    assert found.percentile == pytest.approx(percentile, abs=1e-6)
    if found.bca is None:
        assert reason == "it lies outside all its resamples"
    else:
        assert found.bca == pytest.approx(bca, abs=1e-6)


def test_left_out_groups_are_the_brute_force():
    draw = np.random.default_rng(3)
    rows, groups = draw.random((5, 60)), np.arange(60) % 12
    *_, left_out = replicates(rows, groups, 8)
    for group in range(12):
        scores = 100 * rows[:, groups != group].mean(axis=1)
        assert left_out[group] == pytest.approx(100 * scores.std(ddof=1) / scores.mean(), rel=1e-6)


@pytest.mark.parametrize(
    ("number", "statistic"), [(5, lambda s: s.mean(0)), (8, lambda s: 100 * s.std(0, ddof=1) / s.mean(0))]
)
def test_near_scipy(number, statistic):
    """scipy resamples single rows; with one row a group, that is the same."""
    draw = np.random.default_rng(5)
    rows = (draw.random((5, 400)) < np.array([[0.3], [0.4], [0.5], [0.6], [0.7]])).astype(float)
    found, _ = interval(Replicates.of(*replicates(rows, np.arange(400), number, 10_000)))

    def of_rows(*columns, axis):
        return statistic(100 * np.stack([column.mean(axis=axis) for column in columns]))

    for method in ("percentile", "bca"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            other = stats.bootstrap(
                tuple(rows), of_rows, paired=True, n_resamples=10_000, method=method, rng=np.random.default_rng(0)
            ).confidence_interval
        width = other.high - other.low
        assert getattr(found, method) == pytest.approx(tuple(other), abs=0.06 * width)


def test_a_weighted_sum_of_independent_numbers():
    draw = np.random.default_rng(0)
    parts = [Replicates(value, draw.normal(value, 1, 5000), np.full(3, value)) for value in (1.0, 2.0)]
    both = Replicates.weighted(zip((0.25, 0.75), parts, strict=True))
    assert both.estimate == 1.75
    assert both.jackknife.tolist() == [0.25] * 3 + [1.5] * 3
    assert both.values.std() == pytest.approx(math.hypot(0.25, 0.75), rel=0.03)
    assert both.debiased is None


def test_a_difference_is_that_of_each_resample():
    parts = [Replicates(x, np.array([x, 2 * x]), np.array([x]), Debiased(x, np.array([x, 0.0]))) for x in (5.0, 2.0)]
    found = parts[0].minus(parts[1])
    assert (found.estimate, found.values.tolist(), found.jackknife.tolist()) == (3, [3, 6], [3])
    assert (found.debiased.estimate, found.debiased.values.tolist()) == (3, [3, 0])
    assert parts[0].minus(parts[1]._replace(debiased=None)).debiased is None


def test_debiased_values_of_tasks_are_moved_to_their_estimates():
    parts = [Replicates(x, np.zeros(2), np.zeros(1), Debiased(x, np.array([0.0, 4.0])), 0.0) for x in (1.0, 3.0)]
    found = Replicates.weighted((0.5, part) for part in parts)
    assert (found.debiased.estimate, found.debiased.values.tolist(), found.least) == (2, [0, 4], 0)
    low, _ = Replicates(0.0, np.arange(9.0), np.ones(1), Debiased(0.0, np.arange(-4.0, 5.0)), 0.0), None
    assert interval(low)[0].debiased == (0, pytest.approx(3.8))


def test_debiased_is_without_twice_the_noise():
    draw = np.random.default_rng(2)
    rows = (draw.random((5, 400)) < 0.5).astype(float)
    sums = group_sums(np.concatenate([rows, np.ones((1, 400))]), np.arange(400), 400)
    *_, mean, _, std, sensitivity = spread_replicates(draw_sample(sums, "debiased", 2000))
    variance = np.mean(std.values**2) - std.estimate**2
    assert noise(std) ** 2 == pytest.approx(variance)
    assert std.debiased.values == pytest.approx(np.sqrt(np.clip(std.values**2 - 2 * variance, 0, None)), abs=1e-9)
    assert std.debiased.estimate == pytest.approx(math.sqrt(max(0, std.estimate**2 - variance)))
    assert sensitivity.debiased.values == pytest.approx(100 * std.debiased.values / mean.values)
    found, _ = interval(std)
    assert found.shown == found.debiased
    assert found.debiased == pytest.approx(np.percentile(std.debiased.values, [2.5, 97.5]), abs=1e-6)
    assert noise(std) == pytest.approx(100 * np.sqrt(0.25 / 400), rel=0.2)


@pytest.mark.parametrize(
    ("estimate", "values", "reason"),
    [
        (math.nan, [1.0, 2.0], "undefined"),
        (1.0, [], "all rows of a task belong to one group"),
        (1.0, [1.0, math.nan], "undefined in some resamples"),
        (1.0, [1.0, 1.0], "all resamples give the same value"),
        (100 / 3, [100 / 3, 100 / 3 + 1e-12], "all resamples give the same value"),
    ],
)
def test_no_interval_has_a_reason(estimate, values, reason):
    assert interval(Replicates(estimate, np.array(values), np.ones(1))) == (None, reason)


def test_an_estimate_outside_its_resamples_has_no_bca_interval():
    found, reason = interval(Replicates(0.0, np.arange(1.0, 101.0), np.ones(1)))
    assert found.bca is None
    assert found.shown == found.percentile
    assert reason == "it lies outside all its resamples"


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.floats(-100, 100), min_size=2, max_size=60),
    st.floats(-100, 100),
    st.lists(st.floats(-10, 10), min_size=1, max_size=20),
)
def test_bounds_are_ordered_and_among_the_resamples(values, estimate, deviations):
    found, _ = interval(Replicates(estimate, np.array(values), np.array(deviations)))
    if found is not None:
        for low, high in filter(None, (found.percentile, found.bca)):
            assert min(values) - 1e-6 <= low <= high <= max(values) + 1e-6


def test_one_sample_serves_all_columns():
    sample = Sample(*(np.arange(6.0).reshape(3, 2) for _ in range(3)))
    assert [part.tolist() for part in sample.take([2, 0])] == [[[4.0, 5.0], [0.0, 1.0]]] * 3
