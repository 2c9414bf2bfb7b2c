"""Everyday things on paper, on shelves or on a lawn, with a plain figure between them now and then."""

from functools import partial
from random import Random

from mibench.data.mini.seen.scene import SIDE, Mark, Scene
from mibench.data.mini.seen.worlds.figures import GROUNDS
from mibench.data.mini.visual.canvas import Box, Canvas, Colour, Pen, shade
from mibench.data.mini.visual.rows import box_text
from mibench.data.mini.visual.scenery import DAY, DUSK, GRASS, OUTLINE
from mibench.data.mini.visual.shapes import COLOURS, SHAPES, draw_shape
from mibench.data.mini.visual.things import THINGS

COLUMNS = ("left", "middle", "right")
"""The thirds of the picture."""

NUMBERS = {"2": "two", "3": "three", "4": "four", "5": "five"}
"""How many things a picture may show, in digits and in words."""

_ROWS = 3
_TOPS = {"paper": 0.0, "shelf": 0.0, "lawn": 36.0}
"""Where the uppermost row begins on each kind of ground."""
_SMALLEST, _LARGEST = 20, 36
_TUFTS = ((20, 60), (70, 44), (130, 52), (196, 46), (76, 112), (150, 128), (10, 150), (214, 176), (110, 190))
_BOARDS: tuple[Colour, ...] = ((150, 106, 70), (120, 128, 140), (178, 124, 72))


def scattered_things(random: Random) -> Scene:
    """Draw two to five different things and up to two plain figures."""
    ground = random.choice(list(_TOPS))
    cells = random.sample([(column, row) for column in range(len(COLUMNS)) for row in range(_ROWS)], 9)
    count = random.randint(2, 5)
    names = random.sample(list(THINGS), count)
    shapes = random.sample(list(SHAPES), random.choice([0, 0, 1, 2]))
    marks = []
    for name, cell in zip([*names, *shapes], cells, strict=False):
        colour = random.choice(list(COLOURS)) if name in SHAPES else ""
        marks.append(Mark(_box(random, ground, *cell), name, colour, place=COLUMNS[cell[0]]))
    free = [box_text(_box(random, ground, *cell)) for cell in cells[len(marks) :]]
    look = random.choice(GROUNDS), random.choice(_BOARDS), random.choice([DAY, DUSK])
    return Scene(tuple(marks), partial(_draw, marks, ground, look), {"count": str(count), "free": ";".join(free)})


def things_of(scene: Scene) -> list[Mark]:
    """Return the marks that are everyday things."""
    return [mark for mark in scene.marks if mark.name in THINGS]


def free_boxes(scene: Scene) -> list[Box]:
    """Return boxes with nothing in them, of the sizes and places that things have."""
    boxes = []
    for text in scene.facts["free"].split(";"):
        left, top, right, bottom = map(float, text.split())
        boxes.append((left, top, right, bottom))
    return boxes


def a_thing(name: str) -> str:
    """Return a thing's name with its article."""
    return f"{THINGS[name].article} {name}"


def _box(random: Random, ground: str, column: int, row: int) -> Box:
    width, height = SIDE / len(COLUMNS), (SIDE - _TOPS[ground]) / _ROWS
    radius = random.uniform(_SMALLEST, min(_LARGEST, height / 2 - 4))
    x, y = (column + 0.5) * width, _TOPS[ground] + (row + 0.5) * height
    x += random.uniform(-1, 1) * (width / 2 - radius)
    y += height / 2 - 7 - 0.92 * radius if ground == "shelf" else random.uniform(-1, 1) * (height / 2 - radius)
    return x - radius, y - radius, x + radius, y + radius


def _draw(marks: list[Mark], ground: str, look: tuple[Colour, Colour, Colour]) -> Canvas:
    paper, board, sky = look
    canvas = Canvas(SIDE, SIDE, sky if ground == "lawn" else paper)
    pen = Pen(canvas)
    if ground == "lawn":
        pen.box((-4, 34, SIDE + 4, SIDE + 4), GRASS)
        for x, y in _TUFTS:
            pen.line([(x - 4, y - 7), (x, y), (x + 4, y - 6)], 1.6, shade(GRASS, 0.8))
    elif ground == "shelf":
        for row in range(1, _ROWS + 1):
            foot = row * SIDE / _ROWS
            pen.box((-4, foot - 7, SIDE + 4, foot - 1), board)
            pen.box((-4, foot - 1, SIDE + 4, foot + 1), shade(board, 0.7))
    for mark in marks:
        left, _, right, _ = mark.box
        here = Pen(canvas, mark.centre, (right - left) / 2, outline=OUTLINE)
        if mark.name in SHAPES:
            draw_shape(here, mark.name, mark.colour)
        else:
            THINGS[mark.name].draw(here)
    return canvas
