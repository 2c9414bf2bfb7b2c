import json
import logging

import pytest

from mibench.cards import load_cards
from mibench.cli import watching as module
from mibench.cli.watching import watching

NLVR, READING = (load_cards()[name] for name in ("nlvr", "text_vqa"))


class Clock:
    """Tells a time that tests set."""

    def __init__(self, monkeypatch):
        self.now = 1000.0
        monkeypatch.setattr(module.time, "monotonic", lambda: self.now)


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


def test_a_line_now_and_then_says_how_far_and_how_fast(clock, caplog):
    caplog.set_level(logging.INFO, "mibench")
    with watching(100, bars=False) as watcher:
        watcher.task(NLVR, 60, 20)
        for _ in range(4):
            clock.now += 10
            watcher.rows(NLVR, 4, 1)
        watcher.task(READING, 40, 0)
        clock.now += 10
        watcher.rows(READING, 5, 0)
    (record,) = caplog.records
    assert record.getMessage() == "nlvr: 35 of 100 requests, 0.5 a second, 0:02:10 left"
    assert record.fields == {"task": "nlvr", "done": 35, "total": 100, "rows_per_second": 0.5, "seconds_left": 130.0}
    assert json.dumps(record.fields)


def test_lines_keep_their_distance(clock, caplog):
    caplog.set_level(logging.INFO, "mibench")
    with watching(1_000_000, bars=False) as watcher:
        watcher.task(NLVR, 1_000_000, 0)
        for _ in range(1000):
            clock.now += 1
            watcher.rows(NLVR, 1, 0)
    assert len(caplog.records) == 1000 // 30


def test_what_was_answered_before_makes_nothing_quicker(clock, caplog):
    caplog.set_level(logging.INFO, "mibench")
    with watching(1000, bars=False) as watcher:
        watcher.task(NLVR, 500, 500)
        watcher.task(READING, 500, 400)
        clock.now += 50
        watcher.rows(READING, 50, 0)
    (record,) = caplog.records
    assert (record.fields["done"], record.fields["rows_per_second"]) == (950, 1.0)
    assert record.fields["seconds_left"] == 50.0


def test_bars_show_the_task_and_the_whole(clock, monkeypatch, capsys, caplog):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    caplog.set_level(logging.INFO, "mibench")
    with watching(100, bars=True) as watcher:
        watcher.task(NLVR, 60, 20)
        clock.now += 40
        watcher.rows(NLVR, 19, 1)
    shown = capsys.readouterr().err
    for part in ("all tasks", "40/100", "nlvr", "40/60", "0.5 rows/s"):
        assert part in shown
    assert caplog.records == []


def test_no_bars_where_lines_are_wanted(clock, monkeypatch, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")
    with watching(100, bars=False) as watcher:
        watcher.task(NLVR, 60, 20)
        watcher.rows(NLVR, 20, 0)
    assert capsys.readouterr().err == ""


def test_nothing_is_answered_without_a_line_or_a_division_by_zero(clock, caplog, monkeypatch):
    monkeypatch.setattr(module, "LINE_SECONDS", 0)
    caplog.set_level(logging.INFO, "mibench")
    with watching(10, bars=False) as watcher:
        watcher.task(NLVR, 10, 0)
        watcher.rows(NLVR, 10, 0)
    assert caplog.records[0].fields["done"] == 10
