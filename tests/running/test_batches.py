"""Batches hold every request once, keep the wordings of one picture together, and are the same for every run."""

from itertools import groupby, islice, repeat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mibench.running.batches import WINDOW, batches
from tests.builders import request

groups = st.lists(st.tuples(st.sampled_from(["a.png", "b.png", "c.png", None]), st.integers(1, 12)), max_size=12)
lengths = st.lists(st.integers(0, 30), min_size=1, max_size=7)


def planned(groups, lengths):
    """Return requests: so many about each picture in turn, with prompts of these lengths over and over."""
    images = [image for image, count in groups for _ in range(count)]
    return [
        request(number, image=image, prompt="x" * lengths[number % len(lengths)]) for number, image in enumerate(images)
    ]


def subjects(requests):
    """Return the runs of numbers of one picture; a request without a picture is alone."""
    runs = groupby(enumerate(requests), key=lambda one: one[0] if one[1].image is None else one[1].image)
    return [[number for number, _ in run] for _, run in runs]


@given(groups, lengths, st.integers(1, 9))
def test_every_request_is_in_one_batch_under_its_number(groups, lengths, size):
    requests = planned(groups, lengths)
    found = list(batches(iter(requests), lambda: size))
    assert sorted(number for batch in found for number, _ in batch) == list(range(len(requests)))
    assert all(requests[number] is one for batch in found for number, one in batch)
    assert all(1 <= len(batch) <= size for batch in found)


@given(groups, lengths, st.integers(1, 9))
def test_the_requests_about_one_picture_are_in_as_few_batches_as_can_be(groups, lengths, size):
    requests = planned(groups, lengths)
    found = list(batches(iter(requests), lambda: size))
    place = {number: batch for batch, members in enumerate(found) for number, _ in members}
    for members in subjects(requests):
        assert len({place[number] for number in members}) == -(-len(members) // size)
        assert [place[number] for number in members] == sorted(place[number] for number in members)


@given(groups, lengths, st.integers(1, 9))
def test_the_longest_come_first(groups, lengths, size):
    requests = planned(groups, lengths)
    asked = [number for batch in batches(iter(requests), lambda: size) for number, _ in batch]
    longest = {
        number: max(len(requests[one].prompt) for one in members)
        for members in subjects(requests)
        for number in members
    }
    assert [longest[number] for number in asked] == sorted((longest[number] for number in asked), reverse=True)


def test_batches_of_like_prompts_are_full():
    requests = [request(number) for number in range(1000)]
    assert [len(batch) for batch in batches(requests, lambda: 64)] == [64] * 15 + [40]


@given(groups, st.lists(st.integers(1, 9), min_size=1, max_size=200))
def test_a_size_that_changes_holds_from_the_next_batch_on(groups, sizes):
    asked = []

    def size():
        asked.append(sizes[len(asked) % len(sizes)])
        return asked[-1]

    requests = planned(groups, [1])
    count = 0
    for batch in batches(requests, size):
        count += len(batch)
        assert len(batch) <= asked[-1]
    assert count == len(requests)


@given(st.integers(1, 60), st.integers(1, 9), st.integers(1, 20))
def test_windows_are_sorted_one_by_one(count, size, window):
    requests = [request(number, prompt="x" * number) for number in range(count)]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("mibench.running.batches.WINDOW", window)
        asked = [number for batch in batches(requests, lambda: size) for number, _ in batch]
    expected = [list(range(first, min(first + window, count)))[::-1] for first in range(0, count, window)]
    assert asked == [number for numbers in expected for number in numbers]


@pytest.mark.parametrize("image", [None, "a.png"], ids=["without pictures", "about one picture"])
def test_requests_are_drawn_as_they_are_needed(image):
    drawn = []

    def endless():
        for number, one in enumerate(repeat(request(image=image))):
            drawn.append(number)
            yield one

    stream = batches(endless(), lambda: 64)
    assert drawn == []
    assert len(list(islice(stream, 2 * WINDOW // 64))) == 2 * WINDOW // 64
    assert len(drawn) <= 2 * WINDOW + 1


def test_no_requests_make_no_batch():
    assert list(batches([], lambda: 4)) == []
