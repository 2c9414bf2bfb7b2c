import itertools
from collections import Counter
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mibench.tuning.examples import Example, ExampleSource, Phase
from mibench.tuning.mixture import Mixture, capped, permuted, wording_of

SIZES = st.lists(st.integers(1, 12), min_size=1, max_size=5).map(tuple)


class Row(NamedTuple):
    id: str


class Numbers:
    """A task whose examples say what they are."""

    def __init__(self, name, size, wordings=3):
        self.name, self.wordings, self._size = name, wordings, size

    def __len__(self):
        return self._size

    def row_id(self, row):
        return f"{self.name}-{row}"

    def example(self, row, wording):
        return Example(self.name, f"{self.name} {row}", str(wording))


def tasks(*sizes):
    return [Numbers(f"task{number}", size) for number, size in enumerate(sizes)]


def stream(source):
    return [example for step in range(source.steps) for example in source.rows(step)]


@given(st.integers(1, 400), st.text(max_size=5))
@settings(max_examples=50, deadline=None)
def test_a_permutation_sends_each_place_to_one_of_its_own(size, key):
    assert sorted(permuted(place, size, key) for place in range(size)) == list(range(size))


def test_the_order_is_spread_and_every_epochs_own():
    first, second = ([permuted(place, 500, f"0:{epoch}") for place in range(500)] for epoch in (0, 1))
    assert first != second
    assert abs(sum(first[:250]) / 250 - 249.5) < 40
    assert sum(abs(a - b) == 1 for a, b in itertools.pairwise(first)) < 12


@given(SIZES, st.integers(0, 3), st.integers(0, 3))
@settings(max_examples=50, deadline=None)
def test_every_row_comes_once_an_epoch(sizes, seed, epoch):
    mixture = Mixture(sizes, seed)
    draws = [mixture[place] for place in range(epoch * len(mixture), (epoch + 1) * len(mixture))]
    assert {draw.epoch for draw in draws} == {epoch}
    assert sorted(draw[:2] for draw in draws) == [(task, row) for task, size in enumerate(sizes) for row in range(size)]


@given(SIZES, st.integers(1, 9), st.integers(1, 9), st.integers(1, 40))
@settings(max_examples=50, deadline=None)
def test_the_rows_do_not_depend_on_the_batch(sizes, batch, other, rows):
    phases = [Phase(tasks(*sizes), rows, 0)]
    one, two = (ExampleSource(phases, size) for size in (batch, other))
    assert Counter(stream(one)) == Counter(stream(two))
    assert len(stream(one)) == rows
    assert all(len(one.rows(step)) == batch for step in range(one.steps - 1))


def test_phases_follow_each_other_and_may_share_a_batch():
    source = ExampleSource([Phase(tasks(4), 4, 0), Phase([Numbers("late", 3)], 6, 0)], 3)
    names = [[example.task for example in source.rows(step)] for step in range(source.steps)]
    assert sorted(names[1]) == ["late", "late", "task0"]
    assert names[0] == ["task0"] * 3
    assert names[2:] == [["late"] * 3, ["late"]]


@given(st.lists(st.text(max_size=4), unique=True, max_size=30), st.integers(1, 40), st.randoms())
@settings(max_examples=50, deadline=None)
def test_a_cap_chooses_by_content(ids, most, random):
    rows = [Row(name) for name in ids]
    chosen = capped(rows, most, 0, "task")
    assert len(chosen) == min(most, len(rows))
    shuffled = random.sample(rows, len(rows))
    assert capped(shuffled, most, 0, "task") == chosen
    assert capped(capped(rows, most + 3, 0, "task"), most, 0, "task") == chosen
    assert capped(rows, None, 0, "task")[: len(chosen)] == chosen


def test_a_cap_depends_on_the_seed_and_the_task():
    rows = [Row(str(number)) for number in range(100)]
    chosen = {tuple(capped(rows, 10, seed, task)) for seed in (0, 1) for task in "ab"}
    assert len(chosen) == 4


def test_a_row_has_one_wording_an_epoch_and_all_are_used():
    source = ExampleSource([Phase([Numbers("a", 40)], 120, 0)], 7)
    examples = stream(source)
    assert {example.target for example in examples} == {"0", "1", "2"}
    by_row = Counter(example.source for example in examples)
    assert set(by_row.values()) == {3}
    later = ExampleSource([Phase([Numbers("a", 40), Numbers("b", 5)], 45, 0)], 45).rows(0)
    first = {example.source: example.target for example in stream(ExampleSource([Phase([Numbers("a", 40)], 40, 0)], 8))}
    assert {example.source: example.target for example in later if example.task == "a"} == first


def test_wordings_are_even():
    counts = Counter(wording_of(0, 0, "task", str(row), 5) for row in range(2000))
    assert all(counts[number] == pytest.approx(400, abs=80) for number in range(5))


def test_the_digest_tells_what_is_trained_on():
    sources = [
        ExampleSource([Phase(tasks(4, 5), 9, 0)], 3),
        ExampleSource([Phase(tasks(5, 4), 9, 0)], 3),
        ExampleSource([Phase(tasks(4, 5), 18, 0)], 3),
        ExampleSource([Phase(tasks(4, 5), 9, 1)], 3),
        ExampleSource([Phase(tasks(4, 5), 9, 0)], 2),
    ]
    assert len({source.digest for source in sources}) == len(sources)
    assert sources[0].digest == ExampleSource([Phase(tasks(4, 5), 9, 0)], 3).digest
