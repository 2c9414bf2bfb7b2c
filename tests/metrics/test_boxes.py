from itertools import product

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mibench.metrics.accuracy import accuracy
from mibench.metrics.boxes import accuracy_iou, accuracy_iou50, iou, read_box
from mibench.metrics.references import References


def boxes(edges):
    """Boxes that have an area."""
    sides = st.lists(edges, min_size=2, max_size=2, unique=True).map(sorted)
    return st.tuples(sides, sides).map(lambda drawn: (drawn[0][0], drawn[1][0], drawn[0][1], drawn[1][1]))


def written(box):
    return " ".join(map(str, box))


small = boxes(st.integers(-7, 7))
numbers = st.floats(-1e20, 1e20) | st.integers(-(10**19), 10**19).map(float) | st.floats(-1, 1)
wild = boxes(numbers.map(lambda number: round(number, 17)))  # no finer than twenty characters can write


@pytest.mark.parametrize(
    ("one", "other", "overlap"),
    [
        ((0, 0, 2, 2), (0, 0, 2, 2), 1),
        ((0, 0, 2, 2), (1, 0, 3, 2), 2 / 6),  # two pixels shared, four each
        ((0, 0, 2, 2), (1, 1, 3, 3), 1 / 7),
        ((0, 0, 4, 4), (1, 1, 3, 3), 4 / 16),  # one inside the other
        ((-2, -2, 2, 2), (0, 0, 2, 2), 4 / 16),
        ((0, 0, 2, 2), (2, 0, 4, 2), 0),  # a common edge
        ((0, 0, 2, 2), (2, 2, 4, 4), 0),  # a common corner
        ((0, 0, 2, 2), (5, 5, 6, 6), 0),
        ((0, 0, 9, 1), (0, 5, 9, 6), 0),  # side by side in one direction only
        ((0.5, 0, 1, 1), (0, 0, 1, 1), 0.5),
        ((0, 0, 2.0**66, 2.0**66), (0, 0, 2.0**65, 2.0**66), 0.5),
    ],
)
def test_overlap(one, other, overlap):
    assert iou(one, other) == iou(other, one) == overlap


def pixels(box):
    left, top, right, bottom = box
    return set(product(range(left, right), range(top, bottom)))


@given(small, small)
def test_overlap_is_shared_pixels_over_all_pixels(one, other):
    shared, either = pixels(one) & pixels(other), pixels(one) | pixels(other)
    assert iou(one, other) == len(shared) / len(either)


@given(wild, wild)
def test_overlap_is_symmetric_and_at_most_one(one, other):
    assert 0 <= iou(one, other) == iou(other, one) <= 1
    assert iou(one, one) == 1


@pytest.mark.parametrize(
    ("text", "box"),
    [
        ("10 20 30 40", (10, 20, 30, 40)),
        ("[10, 20, 30, 40]", (10, 20, 30, 40)),
        ("<box>(10,20),(30,40)</box>", (10, 20, 30, 40)),
        ("The box is left 10, top 20, right 30, bottom 40.", (10, 20, 30, 40)),
        ("10px 20px 30px 40px", (10, 20, 30, 40)),
        ("10.5 20.25 30 040", (10.5, 20.25, 30, 40)),
        ("-10 -20 -5 0", (-10, -20, -5, 0)),
        ("10-20-30-40", (10, 20, 30, 40)),  # a stroke after a digit is no sign
        ("(10,20)-(30,40)", (10, 20, 30, 40)),
        (f"0 0 {'9' * 20} 1", (0, 0, 1e20, 1)),
        (f"0 0 {'9' * 21} 1", None),
        ("1e2 20 300 400", None),  # five numbers: exponents are not read
        ("1e999 1e999 1e999 1e999", None),
        ("", None),
        ("left top right bottom", None),
        ("10 20 30", None),
        ("Option 2: 10 20 30 40", None),
        ("30 20 10 40", None),  # right of its right edge
        ("10 40 30 20", None),
        ("10 20 10 40", None),  # no width
        ("10 20 30 20", None),
        ("nan inf -inf 1", None),
        ("１ ２ ３ ４", None),
    ],
)
def test_read_box(text, box):
    assert read_box(text) == box


@given(small)
def test_reads_what_is_written(box):
    assert read_box(written(box)) == box


@given(st.text())
def test_reads_a_box_with_an_area_or_none(text):
    box = read_box(text)
    assert box is None or (box[0] < box[2] and box[1] < box[3])


OFFERED = References(("0 0 4 4",), ("0 0 4 4", "4 0 8 4", "20 20 30 30"))


@pytest.mark.parametrize(
    ("answer", "nearest", "half"),
    [
        ("0 0 4 4", 1, 1),
        ("[0, 0, 4, 4].", 1, 1),
        ("1 0 5 4", 1, 1),  # 12 of 20 pixels, and 4 of 28 of the second
        ("0 0 4 2", 1, 1),  # half of it
        ("0 0 4 1.9", 1, 0),
        ("2 0 6 4", 0.5, 0),  # 8 of 24 pixels of the first, and of the second
        ("3 0 7 4", 0, 0),
        ("4 0 8 4", 0, 0),
        ("9 9 10 10", 0, 0),  # overlaps no option
        ("0 0 100 100", 0, 0),  # overlaps the third most
        ("0 0 4", 0, 0),
        ("the left one", 0, 0),
        ("", 0, 0),
    ],
)
def test_answers(answer, nearest, half):
    assert accuracy_iou(answer, OFFERED) == nearest
    assert accuracy_iou50(answer, OFFERED) == half


def test_without_options_only_the_right_box_is_looked_at():
    free = References(("none of them", "0 0 4 4"))
    assert [accuracy_iou50(text, free) for text in ("0 0 4 3", "4 0 8 4")] == [1, 0]
    assert accuracy_iou("0 0 4 4", free) == 0
    assert accuracy_iou50("0 0 4 4", References(())) == 0


def test_options_that_are_no_boxes_or_repeat():
    assert accuracy_iou("0 0 4 4", References(("0 0 4 4",), ("none of them", "0 0 4 4", "0 0 4 4"))) == 1
    assert accuracy_iou("none of them", References(("none of them",), ("none of them", "0 0 4 4"))) == 0
    assert accuracy_iou("0 0 4 4", References(("0 0 4 4",), ("0, 0, 4, 4", "0 0 4 4"))) == 0.5


@given(st.data())
def test_an_option_as_written_scores_as_in_exact_match(data):
    offered = tuple(map(written, data.draw(st.lists(boxes(st.integers(0, 999)), min_size=1, max_size=5, unique=True))))
    known = References((data.draw(st.sampled_from(offered)),), offered)
    option = data.draw(st.sampled_from(offered))
    answer = data.draw(st.sampled_from(["{}", " {}\n", "{}.", "{} !"])).format(option)
    assert accuracy_iou(answer, known) == accuracy(answer, known) == (option in known.targets)
    assert accuracy(answer, known) <= accuracy_iou50(answer, known)


@given(small, st.lists(small, min_size=1, max_size=5, unique=True))
def test_the_nearest_options_share_one_point(answer, offered):
    options = tuple(map(written, offered))
    assume(any(iou(answer, box) for box in offered))
    shares = [accuracy_iou(written(answer), References((option,), options)) for option in options]
    assert sum(shares) == pytest.approx(1)
    nearest = max(iou(answer, box) for box in offered)
    assert [share > 0 for share in shares] == [iou(answer, box) == nearest for box in offered]
