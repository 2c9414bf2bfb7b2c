"""The picture of a table: what is drawn lies where it belongs, and labels leave each other in peace."""

import re
from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mibench.leaderboard.scatter import (
    BOTTOM,
    DRAWN,
    HEIGHT,
    LEFT,
    LETTER,
    LINE,
    LONGEST,
    RADIUS,
    RIGHT,
    TOP,
    WIDTH,
    Box,
    Mark,
    scatter,
)

scores = st.floats(0, 100).map(lambda value: round(value, 4))


@st.composite
def marks(draw):
    aggregate, sensitivity, spread = draw(scores), draw(st.floats(0, 220)), draw(st.floats(0, 10))
    known = draw(st.booleans())
    return Mark(
        name=draw(st.text(max_size=40)),
        aggregate=aggregate,
        sensitivity=sensitivity,
        aggregate_ci=(max(aggregate - spread, 0), min(aggregate + spread, 100)) if known else None,
        sensitivity_ci=(max(sensitivity - spread, 0), sensitivity) if known else None,
    )


def box_of(label):
    width = len(label.text) * LETTER
    left = label.x - {"start": 0, "middle": 0.5, "end": 1}[label.anchor] * width
    return Box(left + 0.1, label.y - 0.75 * LINE + 0.1, left + width - 0.1, label.y + 0.25 * LINE - 0.1)


@given(st.lists(marks(), min_size=1, max_size=20))
def test_everything_lies_in_the_plot_and_no_label_on_another(found):
    picture = scatter(found)
    assert len(picture.points) == len(found)
    for point in picture.points:
        assert LEFT <= point.x <= WIDTH - RIGHT
        assert TOP <= point.y <= HEIGHT - BOTTOM
    labels = [box_of(point.label) for point in picture.points if point.label]
    for one, other in combinations(labels, 2):
        assert not one.meets(other)
    dots = [Box(point.x - RADIUS, point.y - RADIUS, point.x + RADIUS, point.y + RADIUS) for point in picture.points]
    assert not any(label.meets(dot) for label in labels for dot in dots)
    assert all(label.left >= 0 and label.right <= WIDTH for label in labels)


@given(st.lists(marks(), min_size=2, max_size=20))
def test_the_better_lies_further_right_and_lower(found):
    points = scatter(found).points
    for one, other in combinations(points, 2):
        if one.mark.aggregate > other.mark.aggregate:
            assert one.x >= other.x
        if one.mark.sensitivity < other.mark.sensitivity:
            assert one.y >= other.y


@given(st.lists(marks(), min_size=1, max_size=20))
def test_ticks_are_few_and_the_values_of_their_places(found):
    picture = scatter(found)
    for ticks in (picture.x_ticks, picture.y_ticks):
        assert 2 <= len(ticks) <= 8
        values = [float(tick.text) for tick in ticks]
        assert values == sorted(values)
        gaps = {round(after - before, 6) for before, after in pairwise(values)}
        assert len(gaps) == 1
    assert picture.y_ticks[0].text == "0"


def test_whiskers_end_where_the_intervals_do():
    picture = scatter([Mark("a", 40, 10, (20, 60), (5, 20)), Mark("b", 0, 0), Mark("c", 100, 50)])
    inner = WIDTH - LEFT - RIGHT
    height = HEIGHT - TOP - BOTTOM
    point = picture.points[0]
    assert (point.x, point.y) == (LEFT + 0.4 * inner, pytest.approx(HEIGHT - BOTTOM - 0.2 * height, abs=0.06))
    left, y, right, x, top, bottom = map(float, re.findall(r"[\d.]+", point.whiskers))
    assert (left, right) == pytest.approx((LEFT + 0.2 * inner, LEFT + 0.6 * inner), abs=0.06)
    assert (top, bottom) == pytest.approx((HEIGHT - BOTTOM - 0.4 * height, HEIGHT - BOTTOM - 0.1 * height), abs=0.06)
    assert (x, y) == (point.x, point.y)
    assert picture.points[1].whiskers == ""


def test_titles_tell_numbers_and_kind():
    points = scatter(
        [Mark("a\u202eb", 40, 10, (20, 60), (5, 20), "guesses"), Mark("c", 50, 20, kind="published")]
    ).points
    assert (
        points[0].title == "a⟨U+202E⟩b: aggregate 40.00 (20.00 to 60.00), Sensitivity 10.00 (5.00 to 20.00), at chance"
    )
    assert points[1].title == "c: aggregate 50.00, Sensitivity 20.00, published"


def test_many_points_are_dots_and_only_some_are_named():
    found = [Mark(f"m{number}", number % 90, number % 50, named=number < 3) for number in range(DRAWN + 60)]
    picture = scatter(found)
    assert len(picture.points) == DRAWN
    assert picture.others.count("M") == 60
    assert {point.mark.name for point in picture.points if point.label} <= {"m0", "m1", "m2"}


def test_long_names_are_cut():
    [point] = scatter([Mark("n" * 50, 50, 10)]).points
    assert point.label.text == "n" * (LONGEST - 1) + "…"


def test_points_that_stand_apart_are_all_named():
    picture = scatter([Mark(f"model {number}", 20.0 * number, 15.0 * number) for number in range(5)])
    assert all(point.label for point in picture.points)


def test_a_label_between_the_edge_and_another_interval_finds_room_above():
    """To the right stands the interval of its neighbour, and to the left the plot ends."""
    best = Mark("the furthest one", 33.38, 34.52, (32.08, 34.71), (25.55, 37.34))
    neighbour = Mark("the next to it", 30.5, 34.68, (29.62, 31.41), (19.89, 37.02))
    *_, point = scatter([best, neighbour, Mark("fourteen signs", 29.6, 29.88, (28.92, 30.31))]).points
    assert point.label is not None
    assert point.label.anchor == "middle"
    assert point.label.y < point.y
