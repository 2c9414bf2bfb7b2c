import itertools
import xml.etree.ElementTree as ElementTree

from mibench.tuning.curve import draw_curve

SPACE = "{http://www.w3.org/2000/svg}"


def lines(svg):
    return [element.get("points").split() for element in ElementTree.fromstring(svg).iter(f"{SPACE}polyline")]


def test_a_loss_is_a_line_that_falls_to_the_right():
    (points,) = lines(draw_curve([{"step": step, "loss": 4 - step} for step in (1, 2, 3)], "a run"))
    places = [tuple(map(float, point.split(","))) for point in points]
    assert places == sorted(places)
    assert len({round(b[1] - a[1], 0) for a, b in itertools.pairwise(places)}) == 1


def test_scores_are_a_panel_of_their_own():
    log = [{"step": 2, "loss": 1.0}, {"step": 2, "evaluation": {"nlvr": 50.0, "aggregate": 20.0}}]
    svg = draw_curve([*log, {"step": 4, "evaluation": {"nlvr": 60.0, "aggregate": 30.0}}], "a <run>")
    assert [len(points) for points in lines(svg)] == [1, 2]
    assert "aggregate 30" in svg
    assert "a &lt;run&gt;" in svg
    alone = draw_curve([{"step": 2, "evaluation": {"nlvr": 50.0}}], "x")
    assert "nlvr 50" in alone


def test_nothing_is_drawn_of_nothing():
    assert lines(draw_curve([], "none")) == []
