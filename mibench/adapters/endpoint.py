"""Which server is asked: its address, the key it knows the user by, and what both may pass through."""

import os
import re
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.request import getproxies_environment, proxy_bypass

import httpx

from mibench.errors import InputError

COMPLETIONS = "/chat/completions"
SHORTEST_SECRET = 8
PROXY_SCHEMES = ("http", "https", "socks5", "socks5h")


@dataclass(frozen=True)
class Endpoint:
    """A server that completes chats.

    Attributes:
        url: the address that is asked.
        key: goes along with every request; empty where the server asks for none.
        proxy: what the server is reached through; None where it is reached directly.

    """

    url: httpx.URL
    key: str = field(repr=False)
    proxy: str | None = field(repr=False)

    @property
    def base(self) -> str:
        """The address without its port, which may be another one each time a server is started."""
        return str(self.url.copy_with(port=None, path=self.url.path.removesuffix(COMPLETIONS)))

    def masked(self, text: str) -> str:
        """Return a text without the key."""
        return text.replace(self.key, "***") if self.key else text

    def is_told_by(self, text: str) -> bool:
        """Tell whether a text holds the key, unless that is a short placeholder, as servers on this machine take."""
        return len(self.key) >= SHORTEST_SECRET and self.key in text


def find_endpoint(base_url: str, key_env: str, *, insecure: bool) -> Endpoint:
    """Return the endpoint that a user means.

    Args:
        base_url: as documentation of servers gives it, with `/v1` or without.
        key_env: the environment variable that holds the key.
        insecure: whether plain http to other machines, and proxies on other machines, are allowed.

    Raises:
        ValueError: no address, or one that holds more than scheme, host, port and path.
        InputError: a key is missing, or the key and the pictures would pass where others can read them.

    """
    url = _address(base_url)
    near = _is_loopback(url.host)
    if url.scheme == "http" and not (near or insecure):
        message = f"{url.host} is another machine: over plain http, pictures and key can be read on the way"
        raise InputError(message, remedy="https:// in base_url, or insecure=true to allow it")
    return Endpoint(url, _key(key_env, needed=not near), None if near else _proxy(url, insecure=insecure))


def _address(base_url: str) -> httpx.URL:
    """Read an address; no message repeats one that may hold a secret."""
    if any(sign in base_url for sign in "@?#"):
        raise ValueError("base_url holds more than scheme, host, port and path; a key comes from the environment only")
    try:
        url = httpx.URL(base_url)
    except httpx.InvalidURL as error:
        raise ValueError(f"base_url={base_url} is no address: {error}") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise ValueError(f"base_url={base_url} is no address, as http://localhost:8000/v1")
    if url.port is not None and not 0 < url.port < 2**16:
        raise ValueError(f"base_url={base_url} has no port from 1 to 65535")
    path = url.path.rstrip("/").removesuffix(COMPLETIONS) or "/v1"
    return url.copy_with(path=path + COMPLETIONS)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _key(variable: str, *, needed: bool) -> str:
    if not re.fullmatch("[A-Z_][A-Z0-9_]*", variable):
        raise ValueError("key_env is the name of an environment variable, in capitals; it is not the key")
    key = os.environ.get(variable, "").strip()
    if needed and not key:
        remedy = f"set {variable}, or name another variable by key_env"
        raise InputError(f"no key: the environment variable {variable} is not set", remedy=remedy)
    if not all("!" <= character <= "~" for character in key):
        raise InputError(f"the key in {variable} holds more than letters, digits and signs", remedy="set it again")
    return key


def _proxy(url: httpx.URL, *, insecure: bool) -> str | None:
    proxies = getproxies_environment()
    named = proxies.get(url.scheme) or proxies.get("all")
    if not named or proxy_bypass(url.netloc.decode("ascii")):
        return None
    named = named if "://" in named else f"http://{named}"
    try:
        proxy = httpx.URL(named)
    except httpx.InvalidURL:
        proxy = httpx.URL()
    if proxy.scheme not in PROXY_SCHEMES or not proxy.host:
        remedy = f"set {url.scheme.upper()}_PROXY or ALL_PROXY to an address, or unset it"
        raise InputError("the environment names a proxy that is no address", remedy=remedy)
    if not (insecure or _is_loopback(proxy.host)):
        message = f"pictures and key would pass through the proxy {proxy.host}, which the environment names"
        remedy = f"insecure=true allows it; NO_PROXY={url.host}, or no proxy in the environment, avoids it"
        raise InputError(message, remedy=remedy)
    return named
