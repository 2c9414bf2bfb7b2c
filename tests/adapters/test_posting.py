import asyncio
import time
from importlib.util import find_spec

import httpx
import pytest

from mibench.adapters.endpoint import Endpoint
from mibench.adapters.posting import Poster, RateLimit
from mibench.errors import InputError


def turns(limit, number):
    """Return when each of several callers had its turn, from the first on."""

    async def turn():
        await limit.turn()
        return time.monotonic()

    async def all_turns():
        return await asyncio.gather(*(turn() for _ in range(number)))

    times = asyncio.run(all_turns())
    return [one - times[0] for one in times]


def test_a_rate_spaces_evenly():
    for place, when in enumerate(turns(RateLimit(6000), 6)):
        assert when >= 0.01 * place - 0.005


def test_time_that_nobody_used_is_not_made_up_for():
    limit = RateLimit(3000)
    turns(limit, 1)
    time.sleep(0.1)
    assert turns(limit, 3)[-1] >= 0.035


def test_no_rate_is_no_limit():
    limit = RateLimit(None)
    turns(limit, 100)
    assert turns(limit, 2)[-1] < 1


@pytest.mark.skipif(find_spec("socksio") is not None, reason="socksio is installed")
def test_a_proxy_that_needs_a_package_is_told():
    endpoint = Endpoint(httpx.URL("https://far.example/v1/chat/completions"), "key", "socks5://127.0.0.1:1080")
    with pytest.raises(InputError, match=r"the proxy: .*socksio.*pip install 'httpx\[socks\]'"):
        Poster(endpoint, connections=1, timeout=1, rate=None)
