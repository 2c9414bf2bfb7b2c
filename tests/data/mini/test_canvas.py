import io

import numpy as np
import pytest
from PIL import Image

from mibench.data.mini.visual.canvas import Canvas, Pen
from mibench.data.mini.visual.lettering import text_width, write

WHITE, BLACK = (255, 255, 255), (0, 0, 0)


def drawn(draw, width=60, height=60):
    """Return how dark each pixel became, from 0 to 1."""
    canvas = Canvas(width, height, WHITE)
    draw(Pen(canvas, (width / 2, height / 2), width / 3))
    return 1 - np.asarray(Image.open(io.BytesIO(canvas.png())).convert("L")) / 255


@pytest.mark.parametrize(
    ("draw", "area"),
    [
        (lambda pen: pen.disc(0, 0, 1, BLACK), np.pi),
        (lambda pen: pen.dome(0, 0, 1, BLACK), np.pi / 2),
        (lambda pen: pen.ellipse(0, 0, 1, 0.5, BLACK), np.pi / 2),
        (lambda pen: pen.ring(0, 0, 0.8, 0.4, BLACK), np.pi * (1 - 0.36)),
        (lambda pen: pen.box((-1, -0.5, 1, 0.5), BLACK), 2),
        (lambda pen: pen.polygon([(-1, 1), (0, -1), (1, 1)], BLACK), 2),
        (lambda pen: pen.polygon([(-1, -1), (1, -1), (1, 1), (0, 0), (-1, 1)], BLACK), 3),
        (lambda pen: pen.line([(-0.8, 0), (0.8, 0)], 0.4, BLACK), 0.64 + np.pi * 0.04),
        (lambda pen: pen.line([(0, 0)], 1, BLACK), np.pi / 4),
    ],
)
def test_a_shape_covers_its_area(draw, area):
    assert drawn(draw).sum() == pytest.approx(area * 20**2, rel=0.02)


def test_what_lies_outside_the_canvas_is_cut():
    assert drawn(lambda pen: pen.disc(9, 9, 1, BLACK)).sum() == 0
    assert drawn(lambda pen: pen.disc(-1.5, 0, 1, BLACK)).sum() == pytest.approx(np.pi / 2 * 20**2, rel=0.02)


def test_no_two_letters_look_alike():
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.:-'!?"
    pictures = [drawn(lambda pen, letter=letter: write(pen, letter, (0, 0), 1.6, BLACK)) for letter in letters]
    for number, one in enumerate(pictures):
        assert one.sum() > 5
        for other in pictures[:number]:
            assert np.abs(one - other).sum() > 20


def test_a_line_is_as_wide_as_told():
    found = drawn(lambda pen: write(pen, "HHH", (0, 0), 0.5, BLACK), 90, 60)
    columns = np.flatnonzero(found.any(axis=0))
    stroke = 0.5 / 6
    assert columns[-1] - columns[0] + 1 == pytest.approx((text_width("HHH", 0.5) + stroke) * 30, abs=2)
