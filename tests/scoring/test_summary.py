"""The paper's printed tables are the oracle of the formulas."""

import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mibench.cards import load_cards
from mibench.leaderboard.published import load_published
from mibench.scoring.spread import spread, task_sensitivity
from mibench.scoring.summary import aggregate, mean_sensitivity, summarise
from tests.builders import task_scores

scores = st.lists(st.floats(0, 100), min_size=5, max_size=5)


@pytest.mark.parametrize(
    ("model", "sensitivity", "mean", "best"),
    [
        ("OFA_MultiInstruct", 13.84, 45.29, 51.01),
        ("OFA_MixedInstruct", 10.27, 48.25, 52.49),
        ("OFA_SeqInstruct", 10.51, 47.83, 52.13),  # its Sensitivity is printed as 10.45
    ],
)
def test_the_papers_tables_give_its_numbers(model, sensitivity, mean, best):
    tasks, nlp = printed(model)
    assert len(tasks) == 9
    assert round(mean_sensitivity([task_sensitivity(task.mean, task.std) for task in tasks]), 2) == sensitivity
    assert round(aggregate([task.mean for task in tasks], [nlp]), 2) == mean
    assert round(aggregate([task.max for task in tasks], [nlp]), 2) == best


def test_plain_ofa_has_no_sensitivity():
    tasks, _ = printed("OFA")
    assert mean_sensitivity([task_sensitivity(task.mean, task.std) for task in tasks]) is None


@given(scores)
def test_spread_is_that_of_the_statistics_module(values):
    found = spread(values)
    assert found.mean == statistics.mean(values)
    assert found.max == max(values)
    assert found.std == statistics.stdev(values)
    assert min(values) <= found.mean <= max(values)


@given(scores, st.permutations(range(5)))
def test_swapping_instructions_changes_nothing_but_their_order(values, order):
    plain, swapped = spread(values), spread([values[place] for place in order])
    assert swapped.per_instruction == [values[place] for place in order]
    assert (swapped.mean, swapped.max, swapped.std, swapped.sensitivity) == (
        plain.mean,
        plain.max,
        plain.std,
        plain.sensitivity,
    )


@given(st.floats(0, 100))
def test_a_constant_score_has_no_spread(value):
    found = spread([value] * 5)
    assert (found.mean, found.std) == (value, 0)
    assert found.sensitivity == (0 if value else None)


@given(scores, st.floats(0.1, 10))
def test_sensitivity_ignores_the_scale(values, factor):
    plain, scaled = spread(values), spread([factor * value for value in values])
    if plain.mean > 1e-6:
        assert math.isclose(plain.sensitivity, scaled.sensitivity, rel_tol=1e-9, abs_tol=1e-9)


def test_nlp_counts_as_one_entry():
    assert aggregate([10, 20, 30], [0, 100]) == 27.5
    assert aggregate([], [0, 100]) == 50
    assert aggregate([10], []) == 10
    assert aggregate([], []) is None


def nlvr(*values):
    return task_scores(load_cards()["nlvr"], {"accuracy": values})


def test_a_subset_says_what_is_missing():
    found = summarise({"nlvr": nlvr(1, 2, 3, 4, 5)}, load_cards())
    assert found.aggregate.mean == 3
    assert found.nlp.mean is None
    assert len(found.missing) == 28
    assert any("8 of 9 multimodal tasks" in note for note in found.notes)
    assert any("every nlp task" in note for note in found.notes)


def test_undefined_values_are_none_with_a_reason():
    zero = summarise({"nlvr": nlvr(0, 0, 0, 0, 0)}, load_cards())
    assert zero.sensitivity is None
    assert "Sensitivity is undefined: the mean of nlvr is 0." in zero.notes
    nothing = summarise({}, load_cards())
    assert (nothing.aggregate.mean, nothing.sensitivity) == (None, None)


def printed(model):
    found = load_published().models[model]
    return [found.primary(task) for task in found.multimodal], found.nlp
