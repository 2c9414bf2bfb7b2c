"""p-values: beside all exchanges counted out, and uniform where there is nothing to find."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from mibench.scoring.comparison import Difference
from mibench.scoring.permutation import exchange, holm, p_value
from mibench.scoring.resampling import group_sums
from tests.scoring.simulated import draw_scores

SIZES = np.arange(150) % 3 + 1
GROUPS = np.repeat(np.arange(len(SIZES)), SIZES)
SUBMISSIONS, BATCH, PERMUTATIONS = 1000, 50, 1000


def difference(sums, counts):
    """Return the difference of the means of two submissions, from [2, 5, groups] and [groups]."""
    one, two = sums.sum(axis=(1, 2))
    return 100 * float(one - two) / (5 * counts.sum())


def test_equal_to_all_exchanges_counted_out():
    draw = np.random.default_rng(0)
    sums, counts = draw.random((2, 5, 9)), np.ones(9)
    observed, found = difference(sums, counts), exchange(sums, counts, [(0, 1)], "all", 20_000)[0, 1]
    swaps = map(np.array, itertools.product([False, True], repeat=9))
    every = [difference(np.where(swapped[None, None], sums[::-1], sums), counts) for swapped in swaps]
    exact = np.mean([abs(one) >= abs(observed) - 1e-9 for one in every])
    assert p_value(observed, found) == pytest.approx(exact, abs=0.02)
    assert stats.ks_2samp(found, every).statistic < 0.03


def p_values_of(truths, seed):
    """Return the p-values of pairs of submissions; groups are of one to three rows."""
    random, counts, found = np.random.default_rng(seed), np.bincount(GROUPS).astype(float), []
    for batch in range(SUBMISSIONS // BATCH):
        scores = [draw_scores(random, truths[number % 2], SIZES) for number in range(2 * BATCH)]
        sums = np.stack([group_sums(one, GROUPS, len(SIZES)) for one in scores]) / 2**30
        pairs = [(one, one + 1) for one in range(0, 2 * BATCH, 2)]
        for pair, exchanged in exchange(sums, counts, pairs, f"null {batch}", PERMUTATIONS).items():
            found.append(p_value(difference(sums[list(pair)], counts), exchanged))
    assert len(found) == SUBMISSIONS
    return found


@pytest.mark.parametrize(
    "other",
    [(0.35, 0.42, 0.5, 0.55, 0.68), (0.68, 0.55, 0.5, 0.42, 0.35), (0.5, 0.5, 0.5, 0.5, 0.5)],
    ids=["alike", "other wordings are best", "no wording is best"],
)
def test_uniform_where_the_means_are_equal(other):
    found = p_values_of([(0.35, 0.42, 0.5, 0.55, 0.68), other], seed=4)
    assert stats.kstest(found, "uniform").pvalue > 0.01


def test_a_real_difference_is_found():
    assert np.mean(np.array(p_values_of([(0.5,) * 5, (0.65,) * 5], seed=1)) < 0.01) > 0.9


def test_equal_answers_have_a_p_value_of_1():
    sums = np.stack([np.arange(20.0).reshape(5, 4)] * 2)
    assert p_value(0.0, exchange(sums, np.full(4, 20.0), [(0, 1)], "equal", 100)[0, 1]) == 1


def test_exchanges_do_not_depend_on_which_pairs_are_asked():
    draw = np.random.default_rng(0)
    sums, counts = draw.integers(0, 5, (3, 5, 30)).astype(float), np.full(30, 5.0)
    alone = exchange(sums[1:], counts, [(0, 1)], "x", 300)[0, 1]
    among = exchange(sums, counts, [(0, 1), (0, 2), (1, 2)], "x", 300)[1, 2]
    assert np.array_equal(alone, among)


def step_down(p_values):
    """Holm's procedure in the words of its paper: the smallest levels at which each hypothesis is rejected."""
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    corrected = [0.0] * len(p_values)
    for place, which in enumerate(order):
        corrected[which] = max(
            min(1.0, (len(p_values) - earlier) * p_values[order[earlier]]) for earlier in range(place + 1)
        )
    return corrected


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(0.0001, 1), min_size=1, max_size=12))
def test_holm(p_values):
    found = holm({str(number): Difference(value=1.0, p=p) for number, p in enumerate(p_values)})
    assert [found[str(number)].p_holm for number in range(len(p_values))] == pytest.approx(
        step_down(p_values), abs=1e-6
    )


def test_holm_counts_only_what_was_tested():
    found = holm({"a": Difference(value=1.0, p=0.01), "b": Difference(value=None), "c": Difference(value=1.0, p=0.04)})
    assert {name: one.p_holm for name, one in found.items()} == {"a": 0.02, "b": None, "c": 0.04}
