"""The site on this machine: its own files, to its own readers, whole at any moment."""

import http.client
import os
import re
import socket
import threading

import pytest

from mibench.cli import leaderboard
from mibench.cli.logs import start_logging
from mibench.errors import InputError
from mibench.leaderboard import pages, serve
from mibench.leaderboard.serve import HEADERS, SiteServer, keep_built, look_at, serving

FILES = {
    "index.html": "<h1>Front</h1>",
    "style.css": "body {}",
    "site.js": "1;",
    "feed.xml": "<feed/>",
    "leaderboard.json": "{}",
    "leaderboard.csv": "a,b",
    "submissions/a.b-c_1.html": "<h1>A</h1>",
    "submissions/a.scores.json": "{}",
    "pictures/x.png": "png",
    "strange.exe": "MZ",
}


@pytest.fixture
def site(tmp_path):
    for name, text in FILES.items():
        path = tmp_path / "site" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "secret.html").write_text("secret")
    (tmp_path / "site" / ".mibench-site").write_text("marker")
    return tmp_path / "site"


@pytest.fixture
def server(site):
    with SiteServer(site, 0) as server, serving(server):
        yield server


def ask(server, path="/", method="GET", host=None):
    """Return status, headers and body of a request that is sent as it stands."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    try:
        connection.putrequest(method, path, skip_host=True)
        for value in [f"127.0.0.1:{server.port}"] if host is None else host:
            connection.putheader("Host", value)
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def test_every_file_of_the_site_is_served(server):
    for name, text in FILES.items():
        assert (ask(server, f"/{name}")[0], ask(server, f"/{name}")[2].decode()) == (200, text)
    assert ask(server)[2] == ask(server, "/index.html?a=b")[2] == b"<h1>Front</h1>"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/index.html", "text/html; charset=utf-8"),
        ("/style.css", "text/css; charset=utf-8"),
        ("/site.js", "text/javascript; charset=utf-8"),
        ("/feed.xml", "application/atom+xml; charset=utf-8"),
        ("/leaderboard.json", "application/json; charset=utf-8"),
        ("/leaderboard.csv", "text/csv; charset=utf-8"),
        ("/pictures/x.png", "image/png"),
        ("/strange.exe", "application/octet-stream"),
        ("/absent.html", "text/plain; charset=utf-8"),
    ],
)
def test_each_kind_of_file_is_called_by_its_name(server, path, kind):
    assert ask(server, path)[1]["Content-Type"] == kind


@pytest.mark.parametrize(("path", "method"), [("/", "GET"), ("/style.css", "HEAD"), ("/no", "GET"), ("/", "POST")])
def test_every_answer_carries_the_headers(server, path, method):
    headers = ask(server, path, method)[1]
    assert {name: headers[name] for name in HEADERS} == HEADERS
    assert headers["Cache-Control"] == "no-store"
    assert headers["Server"] == "mibench"
    assert "Access-Control-Allow-Origin" not in headers


def test_the_policy_is_that_of_the_pages():
    base = (pages.STATIC.parent / "templates" / "base.html").read_text(encoding="utf-8")
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', base)[1]
    assert HEADERS["Content-Security-Policy"] == f"{policy}; frame-ancestors 'none'"


def test_a_head_has_no_body(server):
    status, headers, body = ask(server, "/index.html", "HEAD")
    assert (status, headers["Content-Length"], body) == (200, str(len(FILES["index.html"])), b"")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT", "get", "<x>"])
def test_nothing_but_reading_is_allowed(server, method):
    status, headers, _ = ask(server, "/", method)
    assert (status, headers["Allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    "host",
    [
        [],
        [""],
        ["evil.example"],
        ["evil.example:{port}"],
        ["127.0.0.1.evil.example"],
        ["localhost.evil.example:{port}"],
        ["xlocalhost"],
        ["127.0.0.2"],
        ["0.0.0.0"],
        ["[::1]"],
        ["localhost@evil.example"],
        ["localhost:{port}@evil.example"],
        ["localhost", "evil.example"],
        ["127.0.0.1:"],
        ["127.0.0.1:x"],
    ],
)
def test_a_name_that_was_made_to_lead_here_is_refused(server, host):
    status, _, body = ask(server, host=[name.replace("{port}", str(server.port)) for name in host])
    assert (status, b"Front" in body) == (421, False)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:{port}", "localhost:{port}", "LocalHost:{port}", "localhost"])
def test_its_own_names_are_answered(server, host):
    assert ask(server, host=[host.replace("{port}", str(server.port))])[0] == 200


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.html",
        "/submissions/../../secret.html",
        "/%2e%2e/secret.html",
        "/..%2fsecret.html",
        "/%2e%2e%2fsecret.html",
        "/..\\secret.html",
        "/..%5csecret.html",
        "//secret.html",
        "/submissions//a.b-c_1.html",
        "/./index.html",
        "/submissions",
        "/submissions/",
        "/pictures/.",
        "/.mibench-site",
        "/%2emibench-site",
        "/index.html/",
        "/index.html%00",
        "/index.html%00.css",
        "/index.html%0a",
        "/%ff",
        "/~root",
        "http://127.0.0.1/index.html",
        "index.html",
        "http://[/",
        "*",
        "/" + "a/" * 5000,
        "/" + "a" * 5000,
    ],
)
def test_nothing_else_is_to_be_had(server, path):
    status, _, body = ask(server, path)
    assert (status, body) == (404, b"404 Not Found\n")


def test_no_link_is_followed(tmp_path, site, server):
    (site / "linked.html").symlink_to(tmp_path / "secret.html")
    (site / "inner.html").symlink_to(site / "index.html")
    (site / "above").symlink_to(tmp_path)
    os.mkfifo(site / "pipe.html")
    for path in ("/linked.html", "/inner.html", "/above/secret.html", "/above/site/index.html", "/pipe.html"):
        assert ask(server, path)[0] == 404


def test_a_site_behind_a_link_is_served(tmp_path, site):
    (tmp_path / "link").symlink_to(tmp_path)
    with SiteServer(tmp_path / "link" / "site", 0) as server, serving(server):
        assert ask(server)[0] == 200


def test_only_this_machine_is_answered(server):
    assert server.server_address[0] == "127.0.0.1"
    assert server.address == f"http://127.0.0.1:{server.port}/"


def test_a_taken_port_is_one_error(server, site):
    with pytest.raises(InputError, match=rf"port {server.port} is taken \(--port 0 takes a free one\)"):
        SiteServer(site, server.port)


@pytest.mark.parametrize(
    "request_", [b"\0\xff\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9\r\n\r\n", b"GET /\r\n\r\n", b""]
)
def test_what_is_no_request_harms_nothing(server, request_, capfd):
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(request_)
        connection.shutdown(socket.SHUT_WR)
        answer = connection.makefile("rb").read()
    assert b"Front" not in answer
    assert ask(server)[0] == 200
    assert capfd.readouterr().err == ""


def test_no_request_sees_half_of_a_swap(tmp_path, site, server):
    """While one site takes the place of another over and over, every request is answered by one of them, whole."""
    statuses, done = set[tuple[int, bytes]](), threading.Event()

    def read():
        while not done.is_set():
            status, _, body = ask(server)
            statuses.add((status, body))

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for number in range(60):
        (tmp_path / "next").mkdir()
        (tmp_path / "next" / "index.html").write_text(f"{number % 2}" * 50_000)
        with server.swapping:
            site.rename(tmp_path / f"former-{number}")
            (tmp_path / "next").rename(site)
    done.set()
    for reader in readers:
        reader.join()
    assert {status for status, _ in statuses} == {200}
    assert {body[:1] * 50_000 for _, body in statuses} - {b"<" * 50_000} <= {b"0" * 50_000, b"1" * 50_000}
    assert all(len(set(body)) == 1 for _, body in statuses if body != b"<h1>Front</h1>")


@pytest.fixture
def submissions(tmp_path):
    folder = tmp_path / "submissions" / "mine"
    (folder / "predictions").mkdir(parents=True)
    for name in ("submission.yaml", "scores.json", "predictions/nlvr.jsonl"):
        (folder / name).write_text("x")
    return folder.parent


@pytest.mark.parametrize(
    ("change", "seen"),
    [
        (lambda folder: (folder / "mine" / "scores.json").write_text("longer"), True),
        (lambda folder: (folder / "mine" / "run.json").write_text("new"), True),
        (lambda folder: (folder / "mine" / "submission.yaml").unlink(), True),
        (lambda folder: (folder / "mine" / "predictions" / "nlvr.jsonl").write_text("longer"), True),
        (lambda folder: (folder / "mine" / "predictions" / "more.jsonl").write_text("new"), True),
        (lambda folder: (folder / "mine").rename(folder / "other"), True),
        (lambda folder: (folder / "second").mkdir(), True),
        (lambda folder: (folder / "link").symlink_to("nowhere"), True),
        (lambda folder: os.utime(folder / "mine" / "scores.json", (1, 1)), True),
        (lambda folder: (folder / "mine" / ".scores.json.partial").write_text("half"), False),
        (lambda folder: (folder / "mine" / "journal").mkdir(), False),
        (lambda folder: (folder / ".second.partial").mkdir(), False),
        (lambda folder: (folder / "mine" / "notes.txt").write_text("new"), False),
    ],
)
def test_what_the_site_is_made_from_is_watched(submissions, change, seen):
    before = look_at(submissions)
    assert look_at(submissions) == before
    change(submissions)
    assert (look_at(submissions) != before) is seen


def test_templates_and_scripts_are_watched(submissions):
    watched = {os.path.relpath(path, serve._HERE) for path in look_at(submissions)}
    assert {"templates/base.html", "static/style.css", "static/site.js", "published.yaml"} <= watched


def test_a_missing_folder_is_watched_too(tmp_path):
    assert look_at(tmp_path / "absent").keys() == look_at(tmp_path).keys()


def keep(submissions, monkeypatch, capsys, steps, seen=None):
    """Let the watcher look once for each step, which changes something or nothing, and return what it told."""
    monkeypatch.setattr(serve, "PAUSE", 0)
    steps, built = iter(steps), []

    def stopping():
        step = next(steps, None)
        if step is None:
            return True
        step()
        return False

    def build():
        text = (submissions / "mine" / "scores.json").read_text()
        built.append(text)
        if "bad" in text:
            raise InputError("bad scores", file=submissions / "mine")
        return len(text)

    start_logging("text")
    keep_built(submissions, look_at(submissions) if seen is None else seen, build, stopping)
    told = re.sub(r"\d+\.\d s", "N s", capsys.readouterr().err.replace(str(submissions), "S"))
    return built, told.splitlines()


def test_a_change_is_built_and_told_in_a_line(submissions, monkeypatch, capsys):
    write = (submissions / "mine" / "scores.json").write_text
    nothing = lambda: None  # noqa: E731
    built, told = keep(submissions, monkeypatch, capsys, [nothing, lambda: write("1"), nothing, lambda: write("22")])
    assert built == ["1", "22"]
    assert told == ["built again in N s: 1 submission", "built again in N s: 2 submissions"]


def test_a_fault_is_told_once_and_mending_it_builds_again(submissions, monkeypatch, capsys):
    write = (submissions / "mine" / "scores.json").write_text
    steps = [
        lambda: write("bad"),
        lambda: write("bad again"),
        lambda: None,
        lambda: write("good"),
        lambda: write("bad"),
    ]
    built, told = keep(submissions, monkeypatch, capsys, steps)
    assert built == ["bad", "bad again", "good", "bad"]
    error = "the site stays as it was: S/mine: bad scores"
    assert told == [error, "built again in N s: 4 submissions", error]


def test_a_change_during_the_first_build_is_noticed(submissions, monkeypatch, capsys):
    seen = look_at(submissions)
    (submissions / "mine" / "scores.json").write_text("changed")
    assert keep(submissions, monkeypatch, capsys, [lambda: None], seen)[0] == ["changed"]


def test_there_is_no_option_for_another_address():
    assert not {option.name for option in leaderboard.serve.params} & {"host", "address", "bind", "interface"}
