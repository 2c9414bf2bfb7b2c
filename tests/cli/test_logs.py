import io
import json
import logging
import sys

import pytest

from mibench.cli.logs import start_logging, tell_error

LOG = logging.getLogger("mibench.running")


@pytest.fixture(autouse=True)
def loggers():
    """Leave logging as it was."""
    root, ours = logging.getLogger(), logging.getLogger("mibench")
    handlers, level = root.handlers[:], ours.level
    yield
    root.handlers[:] = handlers
    ours.setLevel(level)


def logged(kind, say, monkeypatch):
    """Return the lines that go to stderr while `say` is called."""
    start_logging(kind)
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    say()
    return sys.stderr.getvalue().splitlines()


def test_text_is_the_message_alone(monkeypatch):
    assert logged("text", lambda: LOG.info("%s of %s", 3, 5), monkeypatch) == ["3 of 5"]


def test_control_characters_of_foreign_names_are_written_out(monkeypatch):
    def say():
        LOG.warning("%s: odd", "a\x1b[2Jb\u202e")
        tell_error("c\rd: not found")

    assert logged("text", say, monkeypatch) == ["a⟨U+001B⟩[2Jb⟨U+202E⟩: odd", "error: c⟨U+000D⟩d: not found"]


def test_json_is_one_object_a_line(monkeypatch):
    def say():
        LOG.info('%s of %s\n雪 "quoted"', 3, 5, extra={"fields": {"done": 3, "task": "nlvr"}})
        LOG.warning("beware")

    one, two = map(json.loads, logged("json", say, monkeypatch))
    assert one.pop("time").endswith("+00:00")
    assert one == {
        "level": "info",
        "logger": "mibench.running",
        "message": '3 of 5\n雪 "quoted"',
        "done": 3,
        "task": "nlvr",
    }
    assert (two["level"], two["message"]) == ("warning", "beware")


def test_json_holds_the_traceback(monkeypatch):
    def say():
        try:
            raise ValueError("it broke")
        except ValueError:
            LOG.exception("no luck")

    (line,) = logged("json", say, monkeypatch)
    found = json.loads(line)
    assert found["level"] == "error"
    assert found["traceback"].endswith("ValueError: it broke")


def test_of_others_only_warnings_are_told(monkeypatch):
    def say():
        logging.getLogger("another").info("chatter")
        logging.getLogger("another").warning("beware")
        LOG.debug("detail")

    assert logged("text", say, monkeypatch) == ["beware"]


def test_starting_twice_says_nothing_twice(monkeypatch):
    start_logging("json")
    assert logged("text", lambda: LOG.info("once"), monkeypatch) == ["once"]


def test_lines_go_to_the_stderr_of_the_moment(monkeypatch):
    start_logging("text")
    found = []
    for _ in range(2):
        monkeypatch.setattr(sys, "stderr", io.StringIO())
        LOG.info("here")
        found.append(sys.stderr.getvalue())
    assert found == ["here\n", "here\n"]
