import base64
import inspect
import json
import logging
import signal
import ssl
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from email.utils import formatdate
from io import BytesIO

import pytest
from PIL import Image

from mibench.adapters.base import create_adapter, sight, usage
from mibench.adapters.openai_api import OpenAI
from mibench.errors import FatalError, InputError
from mibench.instances import Failure, Prediction, Request
from tests.adapters import fault_server as faults
from tests.adapters.fault_server import FaultServer, fails, says, sends

KEY = "sk-very/secret+0123456789"


class Hasty(OpenAI):
    """Waits for no more than a moment before it asks again."""

    first_pause = 0.01


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    """Only what a test sets."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "OPENAI_API_KEY", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def ended():
    """What is closed when the test is over, the last first."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def serve(ended):
    """Start a server with a plan, and an adapter that asks it."""

    def start(*plan, otherwise=faults.echoes, **settings):
        server = ended.enter_context(FaultServer(*plan, otherwise=otherwise))
        adapter = Hasty(**{"base_url": server.address, "model": "tiny", "timeout": "5"} | settings)
        ended.callback(adapter.close)
        return server, adapter

    return start


def request(instance="1", prompt="Is it?", image=None, **changes):
    fields = {"task": "vqa", "instruction": 1, "options": (), "max_new_tokens": 8}
    return Request(**fields | {"instance": str(instance), "prompt": prompt, "image": image} | changes)


def requests(number):
    return [request(place, f"question {place}") for place in range(number)]


def text(answers):
    (answer,) = answers
    assert isinstance(answer, Prediction), answer
    return answer.text


def reason(answers):
    (answer,) = answers
    assert isinstance(answer, Failure)
    return answer.reason


# What is asked


def test_what_a_server_is_asked(serve):
    server, adapter = serve(says(" yes \n"), system="Be brief.")
    assert text(adapter.predict([request()])) == "yes"
    (asked,) = server.asked
    assert asked.path == "/v1/chat/completions"
    assert asked.body == {
        "model": "tiny",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Is it?"}],
        "temperature": 0,
        "max_tokens": 8,
        "seed": 0,
    }
    assert asked.headers["Accept-Encoding"] == "identity"
    assert "Authorization" not in asked.headers


def test_answers_come_in_the_order_of_the_requests(serve):
    server, adapter = serve(concurrency="4")
    asked = requests(40)
    answers = adapter.predict(asked)
    assert [(answer.instance, answer.text) for answer in answers] == [(one.instance, one.prompt) for one in asked]
    assert len(server.asked) == 40
    assert 2 <= server.busiest <= 4
    assert adapter.predict([]) == []


def test_the_first_request_of_a_run_goes_alone(serve):
    server, adapter = serve(fails(404, "no model tiny"))
    with pytest.raises(FatalError, match="no model tiny"):
        adapter.predict(requests(20))
    assert len(server.asked) == 1


def test_a_rate_spaces_the_requests(serve):
    server, adapter = serve(rate="1200")
    adapter.predict(requests(6))
    assert server.asked[-1].at - server.asked[0].at >= 5 * 0.05 - 0.04


def test_several_threads_may_ask(serve):
    _, adapter = serve()
    found = []
    threads = [threading.Thread(target=lambda: found.extend(adapter.predict(requests(5)))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.text for answer in found] == [one.prompt for one in requests(5)] * 3


# Pictures


@pytest.mark.parametrize(("kind", "media"), [("PNG", "png"), ("JPEG", "jpeg"), ("WEBP", "webp"), ("GIF", "gif")])
def test_a_picture_travels_as_the_file_that_it_is(serve, tmp_path, kind, media):
    path = tmp_path / "picture"
    Image.new("RGB", (5, 4), "teal").save(path, kind)
    server, adapter = serve(image_position="after" if kind == "PNG" else "before")
    assert text(adapter.predict([request(image=str(path))])) == "Is it?"
    content = server.asked[0].body["messages"][0]["content"]
    assert [part["type"] for part in content] == (["text", "image_url"] if kind == "PNG" else ["image_url", "text"])
    url = next(part["image_url"]["url"] for part in content if part["type"] == "image_url")
    head, _, encoded = url.partition(",")
    assert head == f"data:image/{media};base64"
    assert base64.b64decode(encoded, validate=True) == path.read_bytes()


def test_a_picture_of_another_format_travels_as_a_png(serve, tmp_path):
    path = tmp_path / "picture.bmp"
    Image.radial_gradient("L").convert("RGB").save(path)
    server, adapter = serve()
    adapter.predict([request(image=str(path))])
    head, _, encoded = server.asked[0].body["messages"][0]["content"][0]["image_url"]["url"].partition(",")
    assert head == "data:image/png;base64"
    assert Image.open(BytesIO(base64.b64decode(encoded))).tobytes() == Image.open(path).tobytes()


def test_nothing_is_asked_where_a_picture_is_broken(serve, tmp_path):
    whole, torn = tmp_path / "whole.jpg", tmp_path / "torn.jpg"
    Image.effect_noise((64, 64), 50).save(whole)
    torn.write_bytes(whole.read_bytes()[:600])
    server, adapter = serve()
    with pytest.raises(InputError, match="no readable image") as caught:
        adapter.predict([request(image=str(whole)), request(image=str(torn))])
    assert caught.value.file == str(torn)
    assert server.asked == []


def test_a_picture_is_read_once_for_all_its_questions(serve, tmp_path, monkeypatch):
    path = tmp_path / "picture.png"
    Image.new("RGB", (2, 2)).save(path)
    read = []
    monkeypatch.setattr("mibench.adapters.openai_api.data_url", lambda path: read.append(path) or "data:,")
    _, adapter = serve()
    adapter.predict([request(instruction=wording, image=str(path)) for wording in range(1, 6)])
    assert read == [str(path)]


# What comes back


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (faults.completion(""), ""),
        (faults.completion(None), ""),
        (faults.completion([{"type": "thinking", "thinking": []}, {"type": "text", "text": " a "}]), "a"),
        ({"choices": [{"message": {"content": "no usage", "extra": 1}}], "more": [1]}, "no usage"),
        (faults.completion("yes", tool_calls=[]), "yes"),
    ],
)
def test_replies_that_are_answers(serve, body, expected):
    _, adapter = serve(sends(body))
    assert text(adapter.predict([request()])) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (faults.completion(None, refusal="I'd rather\nnot."), "refused: I'd rather not."),
        (faults.completion(None, tool_calls=[{"id": "1"}]), "a call of a tool instead of an answer"),
        ({"choices": [{"message": {"content": "x"}, "finish_reason": "content_filter"}]}, "the reason content_filter"),
    ],
)
def test_replies_that_are_no_answers_are_not_asked_for_again(serve, body, expected):
    server, adapter = serve(sends(body))
    assert expected in reason(adapter.predict([request()]))
    assert len(server.asked) == 1


TRANSIENT = {
    "408": fails(408),
    "409": fails(409),
    "425": fails(425),
    "429": fails(429),
    "500": fails(500),
    "503": sends(b"<html>later</html>", 503),
    "half a body": faults.halves,
    "reset": faults.resets,
    "no JSON": sends(b"yes"),
    "no text": sends(b"\xff\xfe"),
    "no body": sends(b""),
    "half JSON": sends(json.dumps(faults.completion("yes")).encode()[:50]),
    "no choices": sends({"choices": []}),
    "choices of another shape": sends({"choices": {"message": "yes"}}),
    "content of another shape": sends(faults.completion(17)),
    "half a surrogate": sends(b'{"choices": [{"message": {"content": "\\ud800"}}]}'),
    "deep JSON": sends(b'{"x":' + b"[" * 100_000),
    "an error as a success": sends({"error": {"message": "upstream failed", "code": 502}}),
}


@pytest.mark.parametrize("fault", TRANSIENT.values(), ids=TRANSIENT)
def test_what_may_soon_be_over_is_asked_again(serve, fault):
    server, adapter = serve(fault, fault)
    assert text(adapter.predict([request()])) == "Is it?"
    assert len(server.asked) == 3
    assert adapter.usage["retries"] == 2


@pytest.mark.parametrize(
    "fault", [faults.hangs, faults.trickles, faults.trickles_headers], ids=["hang", "body", "headers"]
)
def test_a_slow_reply_ends_at_its_deadline(serve, fault):
    server, adapter = serve(fault, timeout="0.3", retries="1")
    assert text(adapter.predict([request()])) == "Is it?"
    assert 0.25 <= server.asked[1].at - server.asked[0].at < 2


def test_a_row_fails_when_all_tries_did(serve):
    server, adapter = serve(*[fails(500, "out of\norder")] * 3, retries="2")
    answers = adapter.predict([request("a", instruction=4)])
    assert answers == [Failure(task="vqa", instance="a", instruction=4, reason="status 500: out of order")]
    assert len(server.asked) == 3
    assert adapter.usage["retries"] == 2


def test_no_retries_are_none(serve):
    server, adapter = serve(faults.resets, retries="0")
    assert "the connection broke" in reason(adapter.predict([request()]))
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [400, 413, 415, 418, 422])
def test_a_mistake_is_not_repeated(serve, status):
    server, adapter = serve(fails(status, "the picture is too large"))
    assert reason(adapter.predict([request()])) == f"status {status}: the picture is too large"
    assert len(server.asked) == 1


def test_a_failure_among_answers_keeps_its_place(serve):
    _, adapter = serve(says("0"), fails(400), concurrency="1")
    answers = adapter.predict(requests(4))
    assert [type(answer) for answer in answers] == [Prediction, Failure, Prediction, Prediction]
    assert [answer.instance for answer in answers] == ["0", "1", "2", "3"]


@pytest.mark.parametrize("header", [lambda: "1", lambda: formatdate(time.time() + 2, usegmt=True)], ids=["1", "date"])
def test_a_server_says_when_it_wants_to_be_asked_again(serve, header):
    server, adapter = serve(fails(429, Retry_After=header()))
    assert text(adapter.predict([request()])) == "Is it?"
    assert 0.8 < server.asked[1].at - server.asked[0].at < 4


def test_a_gibibyte_is_not_read(serve):
    server, adapter = serve(faults.floods())
    assert reason(adapter.predict([request()])) == "a reply of more than 4,194,304 bytes"
    assert len(server.asked) == 1
    assert server.sent < 2**25


def test_a_long_error_is_still_an_error(serve):
    server, adapter = serve(faults.floods(503), faults.floods(400, X="y"))
    assert reason(adapter.predict([request()])).startswith("status 400")
    assert len(server.asked) == 2
    assert server.sent < 2**26


@pytest.mark.parametrize("layers", [1, 2])
def test_a_compressed_reply_is_not_unpacked(serve, layers):
    _, adapter = serve(faults.bombs(layers))
    assert reason(adapter.predict([request()])) == "a compressed reply, which was not asked for"


def test_a_newer_name_of_the_limit_is_learnt_once(serve):
    wants = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
    server, adapter = serve(fails(400, wants))
    assert len(adapter.predict(requests(3))) == 3
    assert [asked.body.get("max_tokens") for asked in server.asked] == [8, None, None, None]
    assert [asked.body.get("max_completion_tokens") for asked in server.asked] == [None, 8, 8, 8]
    assert adapter.usage["retries"] == 0


def test_a_seed_is_left_out_where_it_is_minded(serve):
    minds = sends({"detail": [{"type": "extra_forbidden", "loc": ["body", "seed"]}]}, 422)
    server, adapter = serve(minds)
    assert text(adapter.predict([request()])) == "Is it?"
    assert ["seed" in asked.body for asked in server.asked] == [True, False]


def test_a_server_that_minds_everything_is_not_asked_for_ever(serve):
    server, adapter = serve(otherwise=fails(400, "neither seed nor max_completion_tokens"))
    assert "status 400" in reason(adapter.predict([request()]))
    assert len(server.asked) == 3


# What stops the run


@pytest.mark.parametrize("status", [401, 402])
def test_a_refused_key_stops_the_run_whenever_that_is(serve, status):
    _, adapter = serve(says("yes"), otherwise=fails(status, "who are you?"))
    with pytest.raises(
        FatalError, match=rf"does not accept the key: status {status}: who are you\? \(set .*OPENAI_API_KEY"
    ):
        adapter.predict(requests(9))


@pytest.mark.parametrize("fault", [fails(403), fails(404), fails(405), sends(b"", 307, Location="/other")])
def test_a_wrong_address_stops_a_run_that_has_no_answer_yet(serve, fault):
    server, adapter = serve(fault, says("yes"), fault)
    with pytest.raises(FatalError, match=r"http://127.0.0.1/v1 does not answer: status \d+: .*base_url"):
        adapter.predict([request()])
    assert text(adapter.predict([request()])) == "yes"
    assert "status" in reason(adapter.predict([request()]))
    assert len(server.asked) == 3


def test_a_server_that_is_not_there_stops_the_run_at_once(ended):
    with FaultServer() as gone:
        pass
    adapter = OpenAI(gone.address, "tiny")
    ended.callback(adapter.close)
    begun = time.monotonic()
    with pytest.raises(FatalError, match=r"cannot reach http://127\.0\.0\.1:\d+/v1/chat/completions: .*start the"):
        adapter.predict(requests(3))
    assert time.monotonic() - begun < 1


def test_a_server_that_goes_away_fails_rows(ended):
    with FaultServer(sends(faults.completion("Is it?"), Connection="close")) as server:
        adapter = Hasty(server.address, "tiny", retries="1")
        ended.callback(adapter.close)
        assert text(adapter.predict([request()])) == "Is it?"
    assert "refused" in reason(adapter.predict([request()]))
    assert adapter.usage["retries"] == 1


def test_an_unknown_host_stops_the_run(ended, monkeypatch):
    def unknown(*args, **kwargs):
        raise OSError("Name or service not known")

    monkeypatch.setattr("socket.getaddrinfo", unknown)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    adapter = OpenAI("https://far.invalid", "tiny")
    ended.callback(adapter.close)
    with pytest.raises(FatalError, match=r"cannot reach https://far\.invalid/v1/chat/completions: Name or"):
        adapter.predict([request()])


def test_batch_after_batch_in_vain_stops_the_run(serve):
    server, adapter = serve(otherwise=fails(400, "no"), retries="0")
    for _ in range(2):
        adapter.predict(requests(5))
    with pytest.raises(FatalError, match="none of the last 15 requests was answered; the last one: status 400: no"):
        adapter.predict(requests(5))
    assert len(server.asked) == 15


def test_a_few_rows_in_vain_do_not_stop_the_run(serve):
    _, adapter = serve(otherwise=fails(400))
    for _ in range(14):
        assert "status 400" in reason(adapter.predict([request()]))


def test_refusals_are_no_sign_of_a_broken_server(serve):
    _, adapter = serve(otherwise=sends(faults.completion(None, refusal="No.")))
    for _ in range(5):
        adapter.predict(requests(5))


@pytest.fixture
def interruptible():
    """Let SIGINT interrupt, which is ignored where the tests run in a shell's background."""
    earlier = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, earlier)


def test_an_interruption_does_not_wait_for_the_server(serve, interruptible):
    server, adapter = serve(says("yes"), otherwise=faults.hangs, timeout="60")
    adapter.predict([request()])
    main = threading.main_thread().ident
    threading.Timer(0.3, signal.pthread_kill, (main, signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        adapter.predict(requests(20))
    assert len(server.asked) <= 9


# The key


@pytest.mark.parametrize("status", [400, 401, 429, 500, 200])
def test_a_key_that_a_server_repeats_is_written_nowhere(serve, monkeypatch, caplog, status):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    caplog.set_level(logging.DEBUG)
    server, adapter = serve(otherwise=faults.tells_the_key(status), retries="1")
    told = repr(adapter) + repr(adapter._endpoint) + repr(adapter.decoding)
    try:
        told += repr(adapter.predict([request()]))
    except InputError as error:
        told += str(error) + repr(error.__cause__) + repr(error.__context__)
    assert server.asked[0].headers["Authorization"] == f"Bearer {KEY}"
    assert "no such Bearer ***" in told
    assert "\x1b" not in told
    assert KEY not in told + caplog.text


def test_a_key_in_an_answer_fails_it(serve, monkeypatch):
    monkeypatch.setenv("OTHER_KEY", KEY)
    _, adapter = serve(says(f"It is {KEY}."), key_env="OTHER_KEY")
    assert reason(adapter.predict([request()])) == "the answer holds the key"


def test_a_key_at_the_end_of_a_cut_message_is_masked_before(serve, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    _, adapter = serve(fails(400, "x" * 280 + KEY))
    found = reason(adapter.predict([request()]))
    assert len(found) <= 300
    assert "sk-" not in found


def test_a_key_is_no_argument():
    with pytest.raises(InputError, match=r"api_key is no argument.*OPENAI_API_KEY") as caught:
        create_adapter("openai", {"base_url": "http://localhost", "model": "tiny", "api_key": KEY})
    assert KEY not in str(caught.value)


# Certificates


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for 127.0.0.1 that nobody knows."""
    folder = tmp_path_factory.mktemp("certificate")
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "certificate.pem")]
    try:
        subprocess.run([*command, *files, "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no openssl to make a certificate with")
    return folder


@pytest.fixture
def secure(ended, certificate):
    """A server that speaks TLS."""
    server = FaultServer()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "certificate.pem", certificate / "key.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    return ended.enter_context(server)


@pytest.mark.parametrize("insecure", ["false", "true"])
def test_an_unknown_certificate_is_never_taken(ended, secure, insecure):
    adapter = Hasty(secure.address.replace("http:", "https:"), "tiny", insecure=insecure)
    ended.callback(adapter.close)
    with pytest.raises(FatalError, match=r"cannot reach .*certificate.*SSL_CERT_FILE"):
        adapter.predict([request()])
    assert secure.asked == []


def test_a_certificate_of_ones_own_can_be_named(ended, secure, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "certificate.pem"))
    adapter = Hasty(secure.address.replace("http:", "https:"), "tiny")
    ended.callback(adapter.close)
    assert text(adapter.predict([request()])) == "Is it?"


def test_a_server_without_tls_is_told(ended):
    server = ended.enter_context(FaultServer())
    adapter = Hasty(server.address.replace("http:", "https:"), "tiny")
    ended.callback(adapter.close)
    with pytest.raises(FatalError, match="cannot reach"):
        adapter.predict([request()])


# Proxies


def test_loopback_goes_past_proxies(serve, monkeypatch):
    monkeypatch.setenv("ALL_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example:3128")
    _, adapter = serve()
    assert text(adapter.predict([request()])) == "Is it?"


def test_a_proxy_that_is_allowed_is_used(ended, monkeypatch):
    proxy = ended.enter_context(FaultServer())
    monkeypatch.setenv("HTTP_PROXY", f"http://user:password@127.0.0.1:{proxy.server_port}")
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    adapter = Hasty("http://far.example/v1", "tiny", insecure="true")
    ended.callback(adapter.close)
    assert text(adapter.predict([request()])) == "Is it?"
    assert proxy.asked[0].path == "http://far.example/v1/chat/completions"


# Usage


def test_usage_is_counted(serve, caplog):
    caplog.set_level(logging.INFO)
    _, adapter = serve(says("a"), fails(500), price_in="2", price_out="10.5")
    adapter.predict(requests(3))
    expected = {"requests": 3, "retries": 1, "prompt_tokens": 21, "completion_tokens": 6}
    assert usage(adapter) == expected | {"cost": pytest.approx((21 * 2 + 6 * 10.5) / 1e6)}
    assert [record.getMessage() for record in caplog.records] == [
        "so far: requests 3, retries 1, prompt_tokens 21, completion_tokens 6, cost 0.000105"
    ]


def test_usage_knows_no_money_without_prices(serve):
    _, adapter = serve(sends({"choices": [{"message": {"content": "x"}}], "usage": {"prompt_tokens": None}}))
    adapter.predict([request()])
    assert usage(adapter) == {"requests": 1, "retries": 0, "prompt_tokens": 0, "completion_tokens": 0}


# Arguments


def test_what_is_recorded(serve):
    server, adapter = serve(system="Be brief.", image_position="after")
    assert adapter.model_name == "tiny"
    assert adapter.decoding == {
        "model": "tiny",
        "temperature": 0,
        "system": "Be brief.",
        "image_position": "after",
        "base_url": "http://127.0.0.1/v1",
    }
    assert str(server.server_port) not in str(adapter.decoding)
    assert sight(adapter) == "ignores"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"model": ""}, "model= is empty"),
        ({"concurrency": "0"}, "concurrency=0 is not a whole number of at least 1"),
        ({"concurrency": "many"}, "concurrency=many"),
        ({"timeout": "0"}, "timeout=0 is not a number of at least 0.1"),
        ({"timeout": "inf"}, "timeout=inf is not a number"),
        ({"retries": "-1"}, "retries=-1 is not a whole number"),
        ({"rate": "0"}, "rate=0 is not a number of at least 0.1"),
        ({"rate": "often"}, "rate=often is not a number"),
        ({"image_position": "beside"}, "image_position=beside is neither before nor after"),
        ({"price_in": "-1"}, "price_in=-1 is not a number of at least 0"),
        ({"price_out": "nan"}, "price_out=nan is not a number"),
        ({"insecure": "perhaps"}, "insecure=perhaps is neither true nor false"),
        ({"key_env": "sk-secret"}, "key_env is the name of an environment variable"),
        ({"key_env": "sk-secret", "api_key": "sk-secret"}, "api_key is no argument"),
        ({"base_url": "localhost:8000"}, "base_url=localhost:8000 is no address"),
        ({"unknown": "1"}, "unexpected keyword argument 'unknown'"),
    ],
)
def test_a_wrong_argument_is_told_in_one_line(arguments, message):
    threads = threading.active_count()
    with pytest.raises(InputError) as caught:
        create_adapter("openai", {"base_url": "http://localhost:1", "model": "tiny"} | arguments)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "sk-secret" not in str(caught.value)
    assert threading.active_count() == threads


def test_every_argument_is_text():
    defaults = [one.default for one in inspect.signature(OpenAI).parameters.values()]
    assert all(isinstance(default, str) for default in defaults if default not in (inspect.Parameter.empty, None))


def test_loading_the_command_line_does_not_load_a_client():
    code = "import sys, mibench.cli.run, mibench.adapters.base; sys.exit('httpx' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
