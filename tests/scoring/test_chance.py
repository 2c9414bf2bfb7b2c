import pytest

from mibench.metrics import METRICS
from mibench.metrics.references import References
from mibench.scoring.chance import chance

ACCURACY = METRICS["accuracy"]


def rows(*targets, options=("yes", "no")):
    return [References((target,), options) for target in targets]


def test_an_option_at_random():
    """Options that differ from row to row leave nothing but a guess."""
    found = [References((f"a{row}",), (f"a{row}", f"b{row}", f"c{row}", f"d{row}")) for row in range(6)]
    assert chance(ACCURACY, found) == 25


def test_always_the_most_frequent_option():
    assert chance(ACCURACY, rows("yes", "yes", "yes", "no")) == 75
    assert chance(ACCURACY, rows("yes", "no")) == 50


def test_words_that_options_share_count():
    found = [References(("red fox",), ("red fox", "red dog"))]
    assert chance(METRICS["rouge_l"], found) == pytest.approx(100)
    found.append(References(("red dog",), ("red fox", "red dog")))
    assert chance(METRICS["rouge_l"], found) == pytest.approx(75)


def test_no_options_no_chance():
    assert chance(ACCURACY, rows("yes", options=())) is None
    assert chance(ACCURACY, []) is None


def test_the_order_of_rows_changes_nothing():
    found = [References((f"w{row % 7} x",), (f"w{row % 7} x", f"w{row % 3} y z", "x y")) for row in range(50)]
    assert chance(METRICS["rouge_l"], found) == chance(METRICS["rouge_l"], found[::-1])
