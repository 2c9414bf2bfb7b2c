import asyncio
import threading

import pytest

from mibench.adapters.background_loop import BackgroundLoop


@pytest.fixture
def loop():
    made = BackgroundLoop("test")
    yield made
    made.close()


async def double(number):
    await asyncio.sleep(0)
    return 2 * number


async def fail():
    raise KeyError("x")


def test_a_coroutine_is_called_as_a_function(loop):
    assert [loop.run(double(number)) for number in range(3)] == [0, 2, 4]
    with pytest.raises(KeyError):
        loop.run(fail())
    assert loop.run(double(4)) == 8


def test_a_running_loop_does_not_matter(loop):
    async def inside():
        return loop.run(double(5))

    assert asyncio.run(inside()) == 10


def test_the_thread_ends():
    before = threading.active_count()
    made = BackgroundLoop("test")
    assert threading.active_count() == before + 1
    made.close()
    assert threading.active_count() == before
