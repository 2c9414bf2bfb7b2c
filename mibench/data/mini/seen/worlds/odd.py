"""Four figures of which three are alike in one respect: one differs in colour, in form or in size."""

from functools import partial
from random import Random

from mibench.data.mini.seen.scene import SIDE, Mark, Scene
from mibench.data.mini.seen.worlds.figures import CELLS
from mibench.data.mini.visual.canvas import Canvas, Colour, Pen
from mibench.data.mini.visual.scenery import OUTLINE
from mibench.data.mini.visual.shapes import COLOURS, SHAPES, SIZES, draw_shape

RESPECTS = ("colour", "form", "size")
"""In what the odd figure differs; in the other two no figure stands alone."""

_GROUNDS: tuple[Colour, ...] = ((238, 240, 228), (226, 234, 242), (244, 238, 244), (240, 230, 220))
_COUNT = 4
_RADIUS = 30


def odd_figures(random: Random) -> Scene:
    """Draw four figures; the facts tell the respect in which one is odd, and where that one is."""
    respect = random.choice(RESPECTS)
    shapes = _one_differs(random, list(SHAPES)) if respect == "form" else random.sample(list(SHAPES), _COUNT)
    colours = _one_differs(random, list(COLOURS)) if respect == "colour" else random.sample(list(COLOURS), _COUNT)
    sizes = _one_differs(random, list(SIZES)) if respect == "size" else _halves(random)
    places = random.sample(list(CELLS), _COUNT)
    marks = []
    for shape, colour, size, place in zip(shapes, colours, sizes, places, strict=True):
        x, y = CELLS[place][0] + random.uniform(-7, 7), CELLS[place][1] + random.uniform(-7, 7)
        half = _RADIUS * SIZES[size]
        marks.append(Mark((x - half, y - half, x + half, y + half), shape, colour, size, place=place))
    odd, ground = marks[0].place, random.choice(_GROUNDS)
    random.shuffle(marks)
    return Scene(tuple(marks), partial(_draw, tuple(marks), ground), {"respect": respect, "odd": odd})


def _one_differs(random: Random, values: list[str]) -> list[str]:
    """Return one value, and three times another."""
    odd, common = random.sample(values, 2)
    return [odd, *[common] * (_COUNT - 1)]


def _halves(random: Random) -> list[str]:
    sizes = [*SIZES, *SIZES]
    return random.sample(sizes, _COUNT)


def _draw(marks: tuple[Mark, ...], ground: Colour) -> Canvas:
    canvas = Canvas(SIDE, SIDE, ground)
    for mark in marks:
        left, _, right, _ = mark.box
        draw_shape(Pen(canvas, mark.centre, (right - left) / 2, outline=OUTLINE), mark.name, mark.colour)
    return canvas
