import pytest

from mibench.adapters.endpoint import find_endpoint
from mibench.errors import InputError

KEY = "sk-very/secret+0123456789"
FAR = "https://far.example/v1"


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    """A key, and no proxy but what a test sets."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


def find(base_url, *, key_env="OPENAI_API_KEY", insecure=False):
    return find_endpoint(base_url, key_env, insecure=insecure)


@pytest.mark.parametrize(
    ("base_url", "url", "base"),
    [
        ("http://localhost:8000", "http://localhost:8000/v1/chat/completions", "http://localhost/v1"),
        ("http://localhost:8000/", "http://localhost:8000/v1/chat/completions", "http://localhost/v1"),
        ("http://localhost:8000/v1", "http://localhost:8000/v1/chat/completions", "http://localhost/v1"),
        ("http://127.9.9.9/v1/", "http://127.9.9.9/v1/chat/completions", "http://127.9.9.9/v1"),
        ("http://[::1]:80/v1//", "http://[::1]/v1/chat/completions", "http://[::1]/v1"),
        (f"{FAR}/chat/completions", f"{FAR}/chat/completions", FAR),
        ("HTTPS://Far.example/a/b/", "https://far.example/a/b/chat/completions", "https://far.example/a/b"),
    ],
)
def test_an_address_is_taken_as_people_write_it(base_url, url, base):
    found = find(base_url)
    assert (str(found.url), found.base) == (url, base)


@pytest.mark.parametrize(
    "base_url",
    [
        *("", "far.example/v1", "localhost:8000/v1", "ftp://far.example", "https://", "https:///v1", "http://[::1/v1"),
        *("https://far.example:0/v1", "https://far.example:99999/v1", "https://far.example:port/v1"),
    ],
)
def test_what_is_no_address_is_told(base_url):
    with pytest.raises(ValueError, match=r"\Abase_url=.* (is no address|has no port)"):
        find(base_url)


@pytest.mark.parametrize(
    "base_url",
    [
        f"https://user:{KEY}@far.example/v1",
        f"https://{KEY}@far.example/v1",
        f"https://far.example/v1?key={KEY}",
        f"https://far.example/v1#{KEY}",
        f"https://user:{KEY}@far.example:port/v1",
        f"http://127.0.0.1\\@far.example/{KEY}",
    ],
)
def test_a_secret_in_an_address_is_refused_and_not_repeated(base_url):
    with pytest.raises(ValueError, match="base_url") as caught:
        find(base_url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("base_url", ["http://far.example/v1", "http://10.0.0.1", "http://0.0.0.0", "http://[::2]"])
def test_plain_http_stays_on_this_machine_unless_that_is_allowed(base_url):
    with pytest.raises(InputError, match=r"is another machine: over plain http.*insecure=true"):
        find(base_url)
    assert find(base_url, insecure=True).url.scheme == "http"


@pytest.mark.parametrize("host", ["localhost.far.example", "127.0.0.1.far.example", "127.1", "2130706433"])
def test_what_only_looks_like_this_machine_is_another(host):
    with pytest.raises(InputError, match="is another machine"):
        find(f"http://{host}/v1")


# The key


def test_a_key_comes_from_the_environment(monkeypatch):
    monkeypatch.setenv("OTHER", " other-key \n")
    assert find(FAR).key == KEY
    assert find(FAR, key_env="OTHER").key == "other-key"
    assert KEY not in repr(find(FAR))


@pytest.mark.parametrize("value", [None, "", "  "])
def test_only_this_machine_is_asked_without_a_key(monkeypatch, value):
    monkeypatch.delenv("OPENAI_API_KEY")
    if value is not None:
        monkeypatch.setenv("OPENAI_API_KEY", value)
    assert find("http://localhost").key == ""
    with pytest.raises(InputError, match="the environment variable OPENAI_API_KEY is not set"):
        find(FAR)


@pytest.mark.parametrize("key", ["two words", "line\nline", "schlüssel", "a\tb"])
def test_a_key_that_is_none_is_told_without_it(monkeypatch, key):
    monkeypatch.setenv("OPENAI_API_KEY", key)
    with pytest.raises(InputError, match="the key in OPENAI_API_KEY holds more than") as caught:
        find(FAR)
    assert key not in str(caught.value)


def test_a_key_is_not_taken_for_the_name_of_its_variable():
    with pytest.raises(ValueError, match="key_env is the name of an environment variable") as caught:
        find(FAR, key_env="hf_secret")
    assert "secret" not in str(caught.value)


def test_masking(monkeypatch):
    assert find(FAR).masked(f"a {KEY}, {KEY}") == "a ***, ***"
    monkeypatch.delenv("OPENAI_API_KEY")
    assert find("http://localhost").masked("a") == "a"


@pytest.mark.parametrize(("key", "told"), [(KEY, True), ("x", False), ("EMPTY", False), (None, False)])
def test_a_placeholder_is_no_secret(monkeypatch, key, told):
    if key is None:
        monkeypatch.delenv("OPENAI_API_KEY")
    else:
        monkeypatch.setenv("OPENAI_API_KEY", key)
    assert find("http://localhost").is_told_by(f"x EMPTY {KEY}") == told


# Proxies


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_a_proxy_on_another_machine_must_be_allowed(monkeypatch, name):
    monkeypatch.setenv(name, "http://user:password@proxy.example:3128")
    with pytest.raises(InputError, match=r"would pass through the proxy proxy\.example.*insecure=true.*NO_PROXY") as e:
        find(FAR)
    assert "password" not in str(e.value)
    found = find(FAR, insecure=True)
    assert found.proxy == "http://user:password@proxy.example:3128"
    assert "password" not in repr(found)


@pytest.mark.parametrize("proxy", ["http://127.0.0.1:3128", "localhost:3128", "socks5://[::1]:1080"])
def test_a_proxy_on_this_machine_is_used(monkeypatch, proxy):
    monkeypatch.setenv("ALL_PROXY", proxy)
    assert find(FAR).proxy.removeprefix("http://") == proxy.removeprefix("http://")


def test_only_the_proxy_for_the_scheme_is_used(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example")
    assert find(FAR).proxy is None


@pytest.mark.parametrize("exempt", ["*", "far.example", ".example", "other,far.example"])
def test_exempt_hosts_are_reached_directly(monkeypatch, exempt):
    monkeypatch.setenv("ALL_PROXY", "http://proxy.example")
    monkeypatch.setenv("NO_PROXY", exempt)
    assert find(FAR).proxy is None


@pytest.mark.parametrize("base_url", ["http://localhost", "https://127.0.0.1", "http://[::1]:8000"])
def test_this_machine_is_reached_directly(monkeypatch, base_url):
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:3128")
    assert find(base_url).proxy is None


@pytest.mark.parametrize(
    "proxy", ["ftp://proxy.example", "http://", "http://user:password@proxy.example:port", "http://:80"]
)
def test_a_proxy_that_is_no_address_is_told(monkeypatch, proxy):
    monkeypatch.setenv("ALL_PROXY", proxy)
    with pytest.raises(InputError, match="a proxy that is no address") as caught:
        find(FAR)
    assert "password" not in str(caught.value)
