"""Shares over rows, their intervals, and the verdict on the hypothesis."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("transformers", reason="transformers is not installed")

from mibench.analysis.regions import REGIONS
from mibench.analysis.shares import Tally, report
from tests.analysis.small_models import hand_made_look


def tally(instruction, groups=None, steps=1):
    """Return a tally of rows of one layer whose attention is on the instruction so far, and else on the image."""
    found = Tally()
    for number, share in enumerate(instruction):
        row = [share, 0, 0, 1 - share, 0]
        found.add(hand_made_look([[row] * steps], (groups or range(len(instruction)))[number]))
    return found


def test_rows_weigh_alike_and_steps_are_averaged_first():
    found = Tally()
    found.add(hand_made_look([[[1, 0, 0, 0, 0]], [[0, 0, 0, 1, 0]]], "a"))
    found.add(hand_made_look([[[0, 0, 0, 1, 0], [0.5, 0, 0, 0.5, 0]], [[0, 0, 0, 1, 0]] * 2], "b"))
    told = report(["m"], {"t": [found]}, {"t": "seed"})
    model = told.tasks["t"].models[0]
    instruction = model.regions["instruction"]
    assert (told.tasks["t"].rows, told.tasks["t"].groups, model.step_rows) == (2, 2, [2, 1])
    assert [layer.value for layer in instruction.layers] == [0.625, 0]
    assert instruction.mean.value == 0.3125
    assert instruction.steps == [[0.5, 0.5], [0, 0]]
    assert sum(one.mean.value for one in model.regions.values()) == pytest.approx(1)
    assert [*model.regions] == [*REGIONS]
    assert told.hypothesis is None
    assert told.tasks["t"].change == {}


def test_the_interval_is_that_of_the_groups():
    values = np.linspace(0.2, 0.6, 40)
    one = report(["m"], {"t": [tally(values)]}, {"t": "seed"}).tasks["t"].models[0].regions["instruction"].mean
    error = values.std() / 40**0.5
    assert one.value == pytest.approx(values.mean())
    assert one.ci == pytest.approx((one.value - 1.96 * error, one.value + 1.96 * error), abs=0.1 * error)
    twice = tally([*values, *values], [*range(40)] * 2)
    assert report(["m"], {"t": [twice]}, {"t": "seed"}).tasks["t"].models[0].regions["instruction"].mean == one


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ([0.1, 0.12, 0.08, 0.11, 0.09, 0.1], "supported"),
        ([-0.1, -0.12, -0.08, -0.11, -0.09, -0.1], "opposite"),
        ([0.1, -0.1, 0.1, -0.1, 0.1, -0.1], "not supported"),
        ([0, 0, 0, 0, 0, 0], "not supported"),
    ],
)
def test_the_verdict_is_by_the_interval_of_the_paired_difference(change, verdict):
    base, change = [0.2, 0.5, 0.3, 0.7, 0.4, 0.6] * 2, change * 2
    pair = [tally(base), tally([share + more for share, more in zip(base, change, strict=True)])]
    told = report(["base", "tuned"], {"one": pair, "two": pair}, {"one": "1", "two": "2"})
    assert told.hypothesis.verdict == verdict == told.tasks["one"].verdict
    assert told.hypothesis.difference.value == pytest.approx(np.mean(change), abs=1e-6)
    assert told.tasks["one"].change["image"].mean.value == pytest.approx(-np.mean(change), abs=1e-6)


def test_tasks_weigh_alike():
    pairs = {"long": [tally([0.2] * 9), tally([0.3] * 9)], "short": [tally([0.2] * 3), tally([0.5] * 3)]}
    told = report(["base", "tuned"], pairs, {"long": "1", "short": "2"})
    assert told.hypothesis.difference.value == pytest.approx(0.2)


def test_with_few_groups_nothing_is_told():
    for count, verdict in ((9, "cannot be told"), (10, "supported")):
        pair = [tally([0.2] * count), tally([0.3] * count)]
        told = report(["base", "tuned"], {"t": pair}, {"t": "seed"})
        assert told.hypothesis.verdict == verdict == told.tasks["t"].verdict
        more = {"t": pair, "long": [tally([0.2] * 20), tally([0.3] * 20)]}
        told = report(["base", "tuned"], more, {"t": "1", "long": "2"})
        assert (told.hypothesis.verdict, told.tasks["long"].verdict) == (verdict, "supported")


def test_with_a_single_group_there_is_no_interval():
    pair = [tally([0.2, 0.3], "gg"), tally([0.4, 0.5], "gg")]
    told = report(["base", "tuned"], {"t": pair}, {"t": "seed"})
    assert told.hypothesis.verdict == "cannot be told" == told.tasks["t"].verdict
    assert told.hypothesis.difference.ci is None
