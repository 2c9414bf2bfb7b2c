import asyncio
import itertools

from mibench.adapters.retrying import retrying
from mibench.transient import LONGEST_PAUSE, TransientError


def ask(outcomes, *, retries, first_pause=1.0):
    """Return what comes out, the pauses, and how often a retry was told."""
    pauses, told = [], []

    async def sleep(seconds):
        pauses.append(seconds)

    async def function():
        outcome = next(outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    caller = retrying(retries, first_pause, lambda: told.append(1))
    caller.sleep = sleep
    try:
        found = asyncio.run(caller(function))
    except Exception as error:
        found = error
    assert len(told) == len(pauses)
    return found, pauses


def test_pauses_grow_and_vary():
    found, pauses = ask(itertools.repeat(TransientError("busy")), retries=9)
    assert str(found) == "busy"
    assert len(pauses) == 9
    for number, pause in enumerate(pauses):
        assert 0 <= pause - min(2**number, LONGEST_PAUSE) <= 1
    assert len(set(pauses)) == 9


def test_what_a_server_says_counts():
    found, pauses = ask(iter([TransientError("busy", 30.0), TransientError("busy"), "yes"]), retries=5)
    assert found == "yes"
    assert 30 <= pauses[0] <= 31
    assert 2 <= pauses[1] <= 3


def test_other_errors_are_not_tried_again():
    found, pauses = ask(iter([KeyError("x")]), retries=5)
    assert (type(found), pauses) == (KeyError, [])
