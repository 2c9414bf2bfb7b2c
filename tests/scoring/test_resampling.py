"""Resamples: drawn alike for everybody, and distributed as the plain bootstrap."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from mibench.scoring import resampling
from mibench.scoring.resampling import UNIT, draw_sample, group_sums, over_blocks, signs

SIZES = np.array([1, 3, 2, 1, 4, 1, 2, 2, 1, 3, 1, 1, 2, 5, 1, 2, 1, 1, 2, 4])
GROUPS = np.repeat(np.arange(len(SIZES)), SIZES)


def right_or_wrong(seed=0):
    """Five wordings whose rows have few patterns, as accuracies do; each group is of one pattern."""
    draw = np.random.default_rng(seed)
    return draw.integers(0, 2, (5, len(SIZES))).astype(float)[:, GROUPS]


def row_by_row(values, resamples, draw):
    """Draw groups and gather their rows, one resample after another."""
    rows_of = [np.flatnonzero(group == GROUPS) for group in range(len(SIZES))]
    means = []
    for _ in range(resamples):
        rows = np.concatenate([rows_of[group] for group in draw.integers(0, len(SIZES), len(SIZES))])
        means.append(values[:, rows].mean(axis=1))
    return np.array(means).T


def by_pattern(values, resamples, draw):
    """Draw how often each pattern of scores and rows occurs: one multinomial draw a resample."""
    patterns, counts = np.unique(
        np.stack([*(group_sums(values, GROUPS, len(SIZES)) / UNIT), SIZES]), axis=1, return_counts=True
    )
    drawn = draw.multinomial(len(SIZES), counts / counts.sum(), resamples)
    sums = drawn @ patterns.T
    return (sums[:, :-1] / sums[:, -1:]).T


def ours(values, resamples, seed="test"):
    sample = draw_sample(group_sums(np.stack([*values, np.ones(len(GROUPS))]), GROUPS, len(SIZES)), seed, resamples)
    return sample.resampled[:-1] / sample.resampled[-1]


@pytest.mark.parametrize("other", [row_by_row, by_pattern])
def test_equal_in_distribution_to_the_plain_bootstrap(other):
    values = right_or_wrong()
    mine, theirs = ours(values, 20_000), other(values, 20_000, np.random.default_rng(1))
    for statistic in (lambda means: means.mean(axis=0), lambda means: means.std(axis=0), lambda means: means[2]):
        assert stats.ks_2samp(statistic(mine), statistic(theirs)).pvalue > 0.001
    assert np.allclose(np.cov(mine), np.cov(theirs), atol=0.002)


@pytest.mark.parametrize("groups", [2, 3, 10, 1000])
def test_weights_are_multinomial(groups):
    """Each resample draws as many groups as there are; how often a group is drawn is binomial."""
    drawn = draw_sample(np.eye(groups), "weights", 4000).resampled
    assert (drawn.sum(axis=0) == groups).all()
    for row in drawn[:3]:
        observed = np.bincount(row.astype(int), minlength=8)[:8]
        expected = 4000 * stats.binom.pmf(np.arange(8), groups, 1 / groups)
        often = expected > 5
        assert (
            stats.chi2.sf((((observed - expected) ** 2 / np.where(often, expected, 1))[often]).sum(), often.sum())
            > 1e-4
        )


def test_the_same_seed_gives_the_same_resamples_whatever_is_summed():
    one, two = np.arange(12.0).reshape(2, 6), np.ones((1, 6))
    together = draw_sample(np.concatenate([one, two]), "seed", 50)
    assert np.array_equal(together.resampled[:2], draw_sample(one, "seed", 50).resampled)
    assert not np.array_equal(together.resampled[:2], draw_sample(one, "other", 50).resampled)


def test_the_number_of_threads_changes_nothing(monkeypatch):
    sums = group_sums(np.stack([*right_or_wrong(), np.ones(len(GROUPS))]), GROUPS, len(SIZES))
    found = []
    for cores in (1, 2, 7):
        monkeypatch.setattr(resampling.os, "cpu_count", lambda cores=cores: cores)
        found.append(draw_sample(sums, "threads", 1000).resampled)
    assert np.array_equal(found[0], found[1])
    assert np.array_equal(found[0], found[2])


def test_known_bits():
    """The generator's stream is fixed, so that every machine and version of numpy draws the same."""
    assert draw_sample(np.eye(4), "known", 3).resampled.T.tolist() == [[0, 1, 3, 0], [1, 1, 1, 1], [1, 0, 2, 1]]
    assert signs(4, "known", 0)[:2].tolist() == [[-1, -1, 1, 1], [-1, 1, -1, 1]]


def test_groups_left_out():
    sums = np.array([[1.0, 2.0, 4.0]])
    assert draw_sample(sums, "x", 1).left_out.tolist() == [[6.0, 5.0, 3.0]]


def test_one_group_has_no_resamples():
    sample = draw_sample(np.array([[3.0], [1.0]]), "x")
    assert sample.resampled.shape == (2, 0)
    assert sample.total.tolist() == [[3.0], [1.0]]


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 3)), min_size=1, max_size=40), st.randoms(use_true_random=False)
)
def test_sums_do_not_depend_on_the_order_of_rows(rows, random):
    shuffled = random.sample(rows, len(rows))
    sums = [
        group_sums(np.array([[value for value, _ in order]]), np.array([group for _, group in order]), 4)
        for order in (rows, shuffled)
    ]
    assert np.array_equal(*sums)
    assert (sums[0] == np.rint(sums[0])).all()


def test_blocks_are_cut_to_the_number_that_is_wanted():
    assert len(over_blocks(lambda block, count: np.full((count, 1), block), 5, 250)) == 250


def test_signs_are_fair():
    drawn = over_blocks(lambda block, count: signs(50, "coins", block)[:count].copy(), 50, 2000)
    assert set(np.unique(drawn)) == {-1.0, 1.0}
    assert abs(drawn.mean()) < 4 / np.sqrt(drawn.size)
