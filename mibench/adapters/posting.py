"""Posting to a server that is not trusted: in its turn, and for so many seconds and bytes at most."""

import asyncio
import os
import ssl
import time
from dataclasses import dataclass

import httpx

from mibench import __version__
from mibench.adapters.endpoint import Endpoint
from mibench.errors import InputError
from mibench.transient import TransientError

LONGEST_REPLY = 4 * 2**20
"""Bytes; no more are read."""
CONNECTING = 30.0
"""Seconds at most until a connection stands."""


@dataclass(frozen=True)
class Reply:
    """What a server sent.

    Attributes:
        status: of HTTP.
        body: its bytes, as many as are read.
        fault: why they cannot be used; empty where they can.
        retry_after: the header of that name, or nothing.

    """

    status: int
    body: bytes
    fault: str
    retry_after: str


class UnreachableError(TransientError):
    """No connection came about.

    Attributes:
        untrusted: whether it is for the server's certificate, which another try does not change.

    """

    def __init__(self, reason: str, *, untrusted: bool) -> None:
        super().__init__(reason)
        self.untrusted = untrusted


class RateLimit:
    """Spaces what happens evenly."""

    def __init__(self, per_minute: float | None) -> None:
        self._interval = 60 / per_minute if per_minute else 0.0
        self._next = 0.0

    async def turn(self) -> None:
        """Wait until it is the caller's turn."""
        now = time.monotonic()
        mine = max(now, self._next)
        self._next = mine + self._interval
        if mine > now:
            await asyncio.sleep(mine - now)


class Poster:
    """Posts JSON to an endpoint and reads what comes back, whatever that is."""

    def __init__(self, endpoint: Endpoint, *, connections: int, timeout: float, rate: float | None) -> None:
        """Set up the connections; none is made yet.

        Args:
            endpoint: the server.
            connections: at most so many at once.
            timeout: seconds from the first byte sent to the last one received.
            rate: posts a minute; None is no limit.

        Raises:
            InputError: the proxy needs a package that is missing.

        """
        headers = {"Accept": "application/json", "Accept-Encoding": "identity", "Content-Type": "application/json"}
        if endpoint.key:
            headers["Authorization"] = f"Bearer {endpoint.key}"
        try:
            self._client = httpx.AsyncClient(
                headers=headers | {"User-Agent": f"mibench/{__version__}"},
                verify=httpx.create_ssl_context(),
                proxy=endpoint.proxy,
                trust_env=False,
                follow_redirects=False,
                timeout=httpx.Timeout(None, connect=CONNECTING),
                limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections),
            )
        except ImportError as error:
            raise InputError(f"the proxy: {error}", remedy="pip install 'httpx[socks]', or unset it") from None
        self._url, self._timeout, self._rate = endpoint.url, timeout, RateLimit(rate)

    async def post(self, content: bytes) -> Reply:
        """Post once.

        Raises:
            TransientError: no reply, or only a part of one.

        """
        await self._rate.turn()
        try:
            async with asyncio.timeout(self._timeout):
                return await self._exchange(content)
        except TimeoutError:
            raise TransientError(f"no whole reply within {self._timeout:g} seconds") from None
        except httpx.ConnectTimeout:
            raise UnreachableError(f"no connection within {CONNECTING:g} seconds", untrusted=False) from None
        except (httpx.ConnectError, httpx.ProxyError) as error:
            cause = _cause(error)
            untrusted = isinstance(cause, ssl.SSLCertVerificationError)
            raise UnreachableError(_told(cause), untrusted=untrusted) from None
        except httpx.TransportError as error:
            raise TransientError(f"the connection broke: {_told(error)}") from None

    async def _exchange(self, content: bytes) -> Reply:
        async with self._client.stream("POST", self._url, content=content) as reply:
            body, fault = bytearray(), ""
            if reply.headers.get("Content-Encoding", "").lower() not in ("", "identity"):
                fault = "a compressed reply, which was not asked for"
            else:
                async for piece in reply.aiter_raw():
                    body += piece[: LONGEST_REPLY - len(body) + 1]
                    if len(body) > LONGEST_REPLY:
                        fault = f"a reply of more than {LONGEST_REPLY:,} bytes"
                        break
            return Reply(reply.status_code, bytes(body), fault, reply.headers.get("Retry-After", ""))

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def _cause(error: BaseException) -> BaseException:
    """Return what an error began with."""
    while deeper := error.__cause__ or error.__context__:
        error = deeper.exceptions[0] if isinstance(deeper, BaseExceptionGroup) else deeper
    return error


def _told(error: BaseException) -> str:
    """Return what an error says; asyncio replaces the text of the system's own."""
    if isinstance(error, ConnectionError) and error.errno:
        return os.strerror(error.errno)
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
