"""What the wording does, beside brute-force twins."""

import itertools
import math
import statistics

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mibench.scoring.resampling import group_sums
from mibench.scoring.robustness import (
    all_alike,
    fleiss_kappa,
    inter_task,
    mean_by_wordings,
    sensitivity_by_wordings,
    shares_of_first,
    variance_columns,
    variance_shares,
)
from mibench.scoring.spread import c4, spread

scores = st.lists(st.integers(1, 100), min_size=5, max_size=5)
tables = st.integers(1, 8).flatmap(
    lambda rows: st.lists(st.lists(st.floats(0, 1), min_size=rows, max_size=rows), min_size=5, max_size=5)
)


def shares(values):
    sums = np.concatenate([values, variance_columns(values), np.ones((1, values.shape[1]))]).sum(axis=1, keepdims=True)
    return variance_shares(sums)[:, 0]


def textbook(values):
    """Sums of squares of a two-way layout with one observation a cell, cell by cell."""
    mean = values.mean()
    wording, row = values.mean(axis=1, keepdims=True), values.mean(axis=0, keepdims=True)
    parts = [wording - mean + 0 * values, row - mean + 0 * values, values - wording - row + mean]
    squares = [float((part**2).sum()) for part in parts]
    return np.array(squares) / sum(squares)


@settings(max_examples=100, deadline=None)
@given(tables)
def test_variance_is_split_as_in_the_textbook(table):
    values = np.array(table)
    if values.var() > 1e-6:
        assert shares(values) == pytest.approx(textbook(values), abs=1e-6)
        assert shares(values).sum() == pytest.approx(1)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([[0, 0], [1, 1], [0, 0], [1, 1], [1, 1]], (1, 0, 0)),  # the wording decides all
        ([[0, 1]] * 5, (0, 1, 0)),  # the row does
        ([[0, 1], [1, 0], [0, 1], [1, 0], [0.5, 0.5]], (0, 0, 1)),  # neither: which wording helps depends on the row
    ],
)
def test_the_three_extremes(values, expected):
    assert shares(np.array(values, float)) == pytest.approx(expected)


@pytest.mark.parametrize("value", [0.7, 1 / 3, 0.6, 2 / 3, 1.0])
def test_no_variance_has_no_shares(value):
    """Neither exactly, nor after the rounding of sums."""
    values = np.full((5, 3), value)
    assert np.isnan(shares(values)).all()
    columns = np.concatenate([values, variance_columns(values), np.ones((1, 3))])
    sums = group_sums(columns, np.zeros(3, np.int64), 1)
    assert np.isnan(variance_shares(sums)).all()


def test_fleiss_kappa_of_the_paper():
    """The example of Fleiss (1971) as commonly printed: 10 subjects, 14 raters, 5 categories, kappa 0.21."""
    counts = [
        (0, 0, 0, 0, 14), (0, 2, 6, 4, 2), (0, 0, 3, 5, 6), (0, 3, 9, 2, 0), (2, 2, 8, 1, 1),
        (7, 7, 0, 0, 0), (3, 2, 6, 3, 0), (2, 5, 3, 2, 2), (6, 5, 2, 1, 0), (0, 2, 2, 3, 7),
    ]  # fmt: skip
    answers = np.array([np.repeat(np.arange(5), row) for row in counts], np.uint64).T
    assert fleiss_kappa(answers) == pytest.approx(0.210, abs=5e-4)


answers_of_five = st.integers(1, 6).flatmap(
    lambda rows: st.lists(st.tuples(*[st.integers(0, 3)] * rows), min_size=5, max_size=5)
)


@settings(max_examples=100, deadline=None)
@given(answers_of_five)
def test_kappa_beside_pairs_counted_out(table):
    answers = np.array(table, np.uint64)
    pairs = [pair for row in answers.T for pair in itertools.combinations(row, 2)]
    observed = statistics.mean(float(one == other) for one, other in pairs)
    shares = [np.mean(answers == value) for value in np.unique(answers)]
    expected = sum(share**2 for share in shares)
    if len(shares) == 1:
        assert fleiss_kappa(answers) is None
    else:
        assert fleiss_kappa(answers) == pytest.approx((observed - expected) / (1 - expected))


def test_alike_means_all_five():
    answers = np.array([[1, 1, 2], [1, 1, 2], [1, 1, 2], [1, 1, 2], [1, 3, 2]], np.uint64)
    assert all_alike(answers).tolist() == [True, False, True]


@given(scores)
def test_fewer_wordings_are_all_subsets(values):
    found = sensitivity_by_wordings(values)
    assert list(found) == ["2", "3", "4", "5", "10", "inf"]
    for k in (2, 3, 4, 5):
        chosen = [statistics.stdev(s) / statistics.mean(s) for s in itertools.combinations(values, k)]
        assert found[str(k)] == pytest.approx(100 * statistics.mean(chosen), abs=1e-9)
    assert found["5"] == spread(values).sensitivity
    assert found["5"] <= found["10"] <= found["inf"]


def test_extrapolation_is_right_for_normal_scores():
    """The mean over many draws of five normal scores, extrapolated, is the std of the population."""
    draw = np.random.default_rng(0)
    predicted = [sensitivity_by_wordings(draw.normal(50, 2, 5).tolist()) for _ in range(1000)]
    for key, count in (("inf", None), ("10", 10)):
        true = 100 * 2 / 50 * (1 if count is None else c4(count))
        assert statistics.mean(row[key] for row in predicted) == pytest.approx(true, rel=0.04)


def test_undefined_where_a_subset_has_a_mean_of_0():
    found = sensitivity_by_wordings([0, 0, 30, 20, 10])
    assert found["2"] is None
    assert found["3"] is not None
    assert sensitivity_by_wordings([None, 1, 2, 3, 4]) == {}


def test_over_tasks_it_is_the_mean():
    assert mean_by_wordings([{"2": 1.0, "3": None}, {"2": 3.0, "3": 4.0}]) == {"2": 2.0, "3": None}
    assert mean_by_wordings([]) == {}


@pytest.mark.parametrize("count", [2, 3, 5, 10, 100])
def test_c4_is_the_ratio_of_gamma_functions(count):
    gammas = math.exp(math.lgamma(count / 2) - math.lgamma((count - 1) / 2))
    assert c4(count) == pytest.approx(math.sqrt(2 / (count - 1)) * gammas, rel=1e-12)


def test_c4_is_what_the_std_of_normal_values_lacks():
    drawn = np.random.default_rng(0).normal(size=(200_000, 5)).std(axis=1, ddof=1)
    assert drawn.mean() == pytest.approx(c4(5), abs=0.003)


def test_shares_of_first():
    columns = np.array([[3.0, 1.0, 2.0, 0.0], [1.0, 1.0, 2.0, 5.0], [0.0, 1.0, 1.0, 0.0]])
    expected = [(1 + 1 / 3 + 1 / 2) / 4, (1 / 3 + 1 / 2 + 1) / 4, 1 / 12]
    assert shares_of_first(columns).tolist() == pytest.approx(expected)


def test_tasks_and_clusters_are_left_out():
    found = inter_task({"a": 10.0, "b": 20.0, "c": 60.0}, {"a": "one", "b": "one", "c": "two"})
    assert found.tasks.without == {"a": 40.0, "b": 35.0, "c": 15.0}
    assert found.clusters.without == {"one": 60.0, "two": 15.0}
    # the jackknife of a mean is its usual standard error
    assert found.tasks.standard_error == pytest.approx(statistics.stdev([10, 20, 60]) / math.sqrt(3))
    alone = inter_task({"a": 10.0}, {"a": "one"})
    assert (alone.tasks.without, alone.tasks.standard_error) == ({}, None)
