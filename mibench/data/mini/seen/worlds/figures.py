"""Plain figures, scattered: some differ in form, some in colour, some in size."""

from functools import partial
from random import Random

from mibench.data.mini.seen.scene import SIDE, Mark, Scene
from mibench.data.mini.visual.canvas import Canvas, Colour, Pen
from mibench.data.mini.visual.scenery import OUTLINE
from mibench.data.mini.visual.shapes import COLOURS, SHAPES, SIZES, draw_shape

GROUNDS: tuple[Colour, ...] = ((250, 248, 240), (232, 240, 236), (236, 234, 246), (246, 236, 230), (226, 226, 230))

CELLS = {
    "top left": (48, 48), "top": (112, 48), "top right": (176, 48),
    "left": (48, 112), "middle": (112, 112), "right": (176, 112),
    "bottom left": (48, 176), "bottom": (112, 176), "bottom right": (176, 176),
}  # fmt: skip
"""Where a figure may be, and the middle of each place in pixels."""

_RADIUS = 30


def scattered_figures(random: Random) -> Scene:
    """Draw one to five figures of different forms in different places."""
    count = random.randint(1, 5)
    shapes, places = random.sample(list(SHAPES), count), random.sample(list(CELLS), count)
    marks = []
    for shape, place in zip(shapes, places, strict=True):
        size = random.choice(list(SIZES))
        x, y = CELLS[place][0] + random.uniform(-8, 8), CELLS[place][1] + random.uniform(-8, 8)
        half = _RADIUS * SIZES[size] * random.uniform(0.94, 1.06)
        box = (x - half, y - half, x + half, y + half)
        marks.append(Mark(box, shape, random.choice(list(COLOURS)), size, place=place))
    ground = random.choice(GROUNDS)
    return Scene(tuple(marks), partial(_draw, tuple(marks), ground), {"count": str(count)})


def _draw(marks: tuple[Mark, ...], ground: Colour) -> Canvas:
    canvas = Canvas(SIDE, SIDE, ground)
    for mark in marks:
        left, _, right, _ = mark.box
        draw_shape(Pen(canvas, mark.centre, (right - left) / 2, outline=OUTLINE), mark.name, mark.colour)
    return canvas
