import pytest
from hypothesis import given
from hypothesis import strategies as st

from mibench.running.sizing import FIRST, LARGEST, Sizing


def search(speed, room=10_000, batches=200):
    """Return the sizes of the batches of a run in which so many rows a second are answered at each size."""
    sizing, sizes = Sizing("auto"), []
    for _ in range(batches):
        sizes.append(sizing.size)
        answered = min(sizing.size, room)
        sizing.learn(sizing.size, sizing.size / speed(answered), None if sizing.size <= room else room)
    return sizes


def test_a_size_that_is_given_stays():
    sizing = Sizing(64)
    for seconds in (1, 0.1, 0.0, 100):
        sizing.learn(64, seconds, None)
    assert (sizing.size, sizing.told) == (64, 64)


def test_a_size_that_is_given_shrinks_where_memory_runs_out():
    sizing = Sizing(64)
    sizing.learn(64, 1.0, 16)
    sizing.learn(64, 1.0, 32)
    assert (sizing.size, sizing.told) == (16, "64: 16")


@pytest.mark.parametrize(("best", "found"), [(8, 8), (16, 16), (64, 64), (100, 128), (512, 512), (10_000, LARGEST)])
def test_the_size_doubles_while_that_is_quicker(best, found):
    sizes = search(lambda size: min(size, best))
    assert sizes[0] == FIRST
    assert sizes[-1] == found
    assert set(sizes) <= {8, 16, 32, 64, 128, 256, 512}


def test_a_model_that_is_no_quicker_with_more_stays_with_few():
    assert search(lambda size: 5.0)[-1] == FIRST


@pytest.mark.parametrize("room", [1, 5, 8, 31, 100])
def test_memory_ends_the_search(room):
    sizes = search(lambda size: size, room)
    assert sizes[-1] == room
    assert sizes[-1] == min(sizes[-100:])


def test_batches_that_are_not_full_say_nothing():
    sizing = Sizing("auto")
    for _ in range(50):
        sizing.learn(FIRST // 2, 0.001, None)
    assert sizing.size == FIRST
    for _ in range(3):
        sizing.learn(FIRST, 1.0, None)
    assert (sizing.size, sizing.told) == (2 * FIRST, f"auto: {2 * FIRST}")


def test_one_slow_batch_does_not_end_the_search():
    sizing = Sizing("auto")
    for seconds in (9.0, 1.0, 1.0, 1.0, 9.0, 1.0):
        sizing.learn(sizing.size, seconds, None)
    assert sizing.size == 4 * FIRST


batches = st.tuples(st.integers(1, 600), st.floats(0, 10), st.none() | st.integers(1, 600))


@given(st.sampled_from(["auto", 1, 7, 64]), st.lists(batches, max_size=60))
def test_whatever_is_learnt_a_batch_holds_something(asked, learnt):
    sizing, least = Sizing(asked), 1000
    for rows, seconds, fitted in learnt:
        sizing.learn(rows, seconds, fitted)
        assert 1 <= sizing.size <= (LARGEST if asked == "auto" else asked)
        if fitted is not None:
            least = min(least, sizing.size)
        assert sizing.size <= least
