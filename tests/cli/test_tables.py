import re

import pytest

from mibench.cards import load_cards
from mibench.cli.tables import number, print_scores
from mibench.scoring.report import Digests, Scores
from mibench.scoring.spread import spread
from mibench.scoring.summary import summarise
from tests.builders import task_scores
from tests.cli.program import mibench

VALUES = (100.0, 12.345, 0.0, 99.994, 50.0)
SPREAD = spread(VALUES)


@pytest.fixture(scope="module")
def scores():
    cards = load_cards()
    tasks = {name: task_scores(card, {card.primary_metric: VALUES}, n=1_000_000) for name, card in cards.items()}
    digests = Digests(predictions={}, cards={}, data={}, metrics={})
    return Scores(format=1, tasks=tasks, summary=summarise(tasks, cards), digests=digests, signature="mibench:x|y:[z]")


def terminal(monkeypatch, width):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", str(width))


def plain(text):
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)


def test_a_file_gets_every_name_and_number_whole(scores, capsys):
    print_scores(scores)
    text = capsys.readouterr().out
    shown = [number(value) for value in (*VALUES, SPREAD.mean, SPREAD.max, SPREAD.std, SPREAD.sensitivity)]
    rows = {line.split()[0]: line.split() for line in text.splitlines() if line.strip()}
    for name, card in load_cards().items():
        assert rows[name] == [name, card.primary_metric, "1000000", *shown]
    assert "…" not in text
    assert scores.signature in text.splitlines()


def test_a_narrow_terminal_folds_names_and_cuts_nothing(scores, capsys, monkeypatch):
    terminal(monkeypatch, 80)
    print_scores(scores)
    text = plain(capsys.readouterr().out)
    assert "…" not in text
    shown = [number(value) for value in (SPREAD.mean, SPREAD.max, SPREAD.std, SPREAD.sensitivity)]
    assert [line.split()[3:] for line in text.splitlines() if " 1000000 " in line] == [shown] * len(load_cards())
    names = "".join(line[2:].split(" ")[0] for line in text.splitlines() if line.startswith("  "))
    assert all(name in names for name in load_cards())


@pytest.mark.parametrize("width", [60, 80, 100, 120, 160])
def test_no_list_cuts_a_name(monkeypatch, width):
    terminal(monkeypatch, width)
    lines = plain(mibench("tasks", "list").stdout).splitlines()
    names = "".join(line[2:].split(" ")[0] for line in lines if line.startswith("  "))
    assert all(name in names for name in load_cards())


def test_an_undefined_value_is_a_dash():
    assert (number(None), number(0.0), number(100 / 3)) == ("–", "0.00", "33.33")
