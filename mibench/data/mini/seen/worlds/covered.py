"""Numbered spots in a row, on pedestals or in doorways: some show what they hold, some are covered."""

from collections.abc import Callable, Mapping
from functools import partial
from random import Random

from mibench.data.mini.seen.scene import SIDE, Mark, Scene
from mibench.data.mini.visual.canvas import Canvas, Colour, Pen, shade
from mibench.data.mini.visual.lettering import text_width, write
from mibench.data.mini.visual.scenery import OUTLINE
from mibench.data.mini.visual.shapes import COLOURS, INK, SHAPES, draw_shape
from mibench.data.mini.visual.things import THINGS

PLACES = ("first", "second", "third", "fourth", "fifth")
"""The spots from left to right, which bear the numbers 1 to 5."""

NUMBERS = {"1": "one", "2": "two", "3": "three"}
"""How many spots a picture may have covered, in digits and in words."""

_NUMBER_HEIGHT = 11
_WALLS: tuple[Colour, ...] = ((238, 230, 218), (222, 232, 234), (232, 224, 238), (228, 236, 222))
_STONES: tuple[Colour, ...] = ((196, 190, 182), (178, 186, 196), (206, 184, 160))
_CLOTHS: tuple[Colour, ...] = ((150, 86, 104), (84, 108, 140), (104, 128, 100), (132, 112, 92))


def covered_spots(random: Random) -> Scene:
    """Draw three to five spots with figures, or with things; one to three are covered, and at least one is not."""
    covered = random.randint(1, 3)
    count = random.randint(max(3, covered + 1), len(PLACES))
    hidden = random.sample(range(count), covered)
    kind, stage = random.choice(["figures", "things"]), random.choice(list(_STAGES))
    names = random.sample(list(SHAPES if kind == "figures" else THINGS), count)
    slot = SIDE / count
    radius = min(27, slot / 2 - 4)
    spots, numbers = [], []
    for spot in range(count):
        x, y = (spot + 0.5) * slot, 112 + random.uniform(-24, 24)
        box = (x - radius, y - radius, x + radius, y + radius)
        name = random.choice(_STAGES[stage]) if spot in hidden else names[spot]
        colour = random.choice(list(COLOURS)) if name in SHAPES else ""
        spots.append(Mark(box, name, colour, place=PLACES[spot]))
        numbers.append(_number(x, y + radius + 18, str(spot + 1), PLACES[spot]))
    look = random.choice(_WALLS), random.choice(_STONES), random.choice(_CLOTHS)
    facts = {"kind": kind, "covered": str(covered), "count": str(count)}
    return Scene((*spots, *numbers), partial(_draw, spots, numbers, stage, look), facts)


def spots_of(scene: Scene, *, covered: bool) -> list[Mark]:
    """Return the spots that are covered, or those that are not, from left to right."""
    return [mark for mark in scene.marks if mark.name != "word" and (mark.name in COVERS) == covered]


def _number(x: float, y: float, digit: str, place: str) -> Mark:
    half = text_width(digit, _NUMBER_HEIGHT) / 2
    return Mark((x - half, y - _NUMBER_HEIGHT / 2, x + half, y + _NUMBER_HEIGHT / 2), "word", word=digit, place=place)


def _draw(spots: list[Mark], numbers: list[Mark], stage: str, look: tuple[Colour, Colour, Colour]) -> Canvas:
    wall, stone, cloth = look
    canvas = Canvas(SIDE, SIDE, wall)
    pen = Pen(canvas)
    pen.box((-4, 196, SIDE + 4, SIDE + 4), shade(stone, 0.84))
    for spot, number in zip(spots, numbers, strict=True):
        left, _, right, bottom = spot.box
        here = Pen(canvas, spot.centre, (right - left) / 2, outline=OUTLINE)
        if stage == "pedestals":
            front = Pen(canvas, outline=OUTLINE)
            front.box((left + 4, bottom + 3, right - 4, 206), stone)
            front.box((left, bottom, right, bottom + 6), shade(stone, 1.08), 1)
        else:
            here.box((-1.12, -1.12, 1.12, 1.1), stone)
            here.box((-1, -1, 1, 1), (250, 250, 246))
        if spot.name in COVERS:
            COVERS[spot.name](here, cloth)
        elif spot.name in SHAPES:
            draw_shape(here.at(0, 0, 0.96), spot.name, spot.colour)
        else:
            THINGS[spot.name].draw(here.at(0, 0, 0.96))
        write(pen, number.word, number.centre, _NUMBER_HEIGHT, INK)
    return canvas


def _cloth(pen: Pen, cloth: Colour) -> None:
    pen.polygon(
        [(-0.95, 1), (-0.6, -0.7), (0, -0.96), (0.6, -0.7), (0.95, 1), (0.5, 0.84), (0, 1), (-0.5, 0.84)], cloth
    )
    for x in (-0.4, 0, 0.4):
        pen.disc(x, 0.3, 0.09, shade(cloth, 1.3))
        pen.disc(x * 0.6, -0.3, 0.09, shade(cloth, 1.3))


def _dome(pen: Pen, _: Colour) -> None:
    pen.disc(0, -0.78, 0.14, (120, 128, 140))
    pen.box((-0.9, -0.62, 0.9, 0.9), (176, 184, 196), 0.6)
    pen.box((-0.96, 0.7, 0.96, 0.98), (140, 148, 160), 0.06)


def _screen(pen: Pen, cloth: Colour) -> None:
    for panel, side in enumerate((-0.95, -0.32, 0.32)):
        slope = 0.16 if panel % 2 else -0.16
        top, foot = -0.84 - slope / 2, 0.9 - slope / 2
        points = [(side, top), (side + 0.63, top + slope), (side + 0.63, foot + slope), (side, foot)]
        pen.polygon(points, cloth if panel % 2 else shade(cloth, 1.18))


def _door(pen: Pen, _: Colour) -> None:
    pen.box((-0.98, -1, 0.98, 1), (150, 104, 66))
    for top, foot in ((-0.8, -0.1), (0.1, 0.8)):
        pen.box((-0.7, top, 0.56, foot), (172, 124, 82))
    pen.disc(0.76, 0.04, 0.1, (240, 200, 90))


def _shutter(pen: Pen, cloth: Colour) -> None:
    for row in range(6):
        pen.box((-0.98, -1 + row / 3, 0.98, -0.68 + row / 3), cloth)


def _curtain(pen: Pen, cloth: Colour) -> None:
    for step in range(5):
        pen.box((-0.98 + step * 0.392, -1, -0.588 + step * 0.392, 0.94), shade(cloth, 1.2 if step % 2 else 1), 0.1)
    pen.box((-1.1, -1.1, 1.1, -0.92), (120, 90, 60))


COVERS: Mapping[str, Callable[[Pen, Colour], None]] = {
    "cloth": _cloth,
    "dome": _dome,
    "screen": _screen,
    "door": _door,
    "shutter": _shutter,
    "curtain": _curtain,
}
"""What hides a spot."""

_STAGES = {"pedestals": ("cloth", "dome", "screen"), "doorways": ("door", "shutter", "curtain")}
