"""Land, sky, weather, houses, trees and people: what the picture of a place is made of.

All coordinates are pixels of a square picture of `SIDE`.
"""

from random import Random
from typing import NamedTuple

from mibench.data.mini.visual.canvas import Box, Canvas, Colour, Pen, shade
from mibench.data.mini.visual.shapes import COLOURS

SIDE = 224
OUTLINE = 1.2

DAY: Colour = (196, 226, 244)
DUSK: Colour = (246, 214, 178)
STORM: Colour = (150, 160, 172)
NIGHT: Colour = (44, 52, 84)
GRASS: Colour = (138, 188, 104)
EARTH: Colour = (158, 118, 84)
SAND: Colour = (226, 200, 150)
SNOW: Colour = (244, 248, 252)
WATER: Colour = (74, 138, 196)
SMOKE: Colour = (110, 108, 112)

WALLS: tuple[Colour, ...] = ((236, 220, 190), (214, 190, 200), (196, 210, 190), (238, 232, 222))
ROOFS: tuple[Colour, ...] = ((170, 76, 62), (96, 92, 120), (140, 96, 62), (70, 110, 110))


class House(NamedTuple):
    """A house: its place on the ground, its size and its colours."""

    x: float
    y: float
    size: float
    wall: Colour
    roof: Colour


def new_scene(sky: Colour) -> tuple[Canvas, Pen]:
    """Return an empty picture of that sky, and a pen for it."""
    canvas = Canvas(SIDE, SIDE, sky)
    return canvas, Pen(canvas, outline=OUTLINE)


def land(pen: Pen, horizon: float, colour: Colour) -> None:
    """Draw the ground up to the horizon, with a hill behind it."""
    pen.ellipse(SIDE * 0.75, horizon + 12, SIDE * 0.5, 34, shade(colour, 0.92))
    pen.ellipse(SIDE * 0.2, horizon + 14, SIDE * 0.45, 26, shade(colour, 0.96))
    pen.box((-20, horizon + 8, SIDE + 20, SIDE + 20), colour)


def sun(pen: Pen, x: float, y: float) -> None:
    """Draw the sun."""
    pen.disc(x, y, 15, (252, 212, 84))


def moon(pen: Pen, x: float, y: float) -> None:
    """Draw the moon and a few stars."""
    pen.disc(x, y, 13, (244, 240, 214))
    for across, down in ((-60, 20), (-38, -8), (-110, 6), (-86, 40), (26, 30)):
        pen.line([(x + across, y + down)], 2.4, (240, 240, 220))


def cloud(pen: Pen, x: float, y: float, colour: Colour = (252, 252, 252), size: float = 1) -> None:
    """Draw a cloud around a place."""
    soft = Pen.at(pen, x, y, size)
    soft.line([(-24, 4), (26, 4)], 18, colour)
    soft.line([(-8, -6)], 26, colour)
    soft.line([(12, -3)], 20, colour)


def rain(pen: Pen, random: Random, drops: int, slant: float) -> None:
    """Draw falling rain; `slant` is how far a drop moves to the left."""
    for _ in range(drops):
        x, y = random.uniform(0, SIDE + 30), random.uniform(0, SIDE)
        pen.line([(x, y), (x - slant, y + 11)], 1.8, (120, 158, 206), 0.9)


def snowfall(pen: Pen, random: Random, flakes: int) -> None:
    """Draw falling snow."""
    for _ in range(flakes):
        pen.line([(random.uniform(0, SIDE), random.uniform(0, SIDE))], random.uniform(3, 5), SNOW)


def house(pen: Pen, home: House, lean: float = 0, window: Colour = (120, 170, 206)) -> None:
    """Draw a house; one that leans has its top moved sideways by that part of its height."""

    def slanted(*points: tuple[float, float]) -> list[tuple[float, float]]:
        return [(x + lean * -y, y) for x, y in points]

    here = pen.at(home.x, home.y, home.size)
    here.polygon(slanted((-0.5, 0), (-0.5, -0.62), (0.5, -0.62), (0.5, 0)), home.wall)
    here.polygon(slanted((-0.62, -0.6), (0, -1.1), (0.62, -0.6)), home.roof, 0.02)
    here.polygon(slanted((-0.12, 0), (-0.12, -0.34), (0.12, -0.34), (0.12, 0)), shade(home.roof, 0.8))
    for side in (-0.32, 0.32):
        pane = slanted((side - 0.1, -0.3), (side - 0.1, -0.5), (side + 0.1, -0.5), (side + 0.1, -0.3))
        here.polygon(pane, window)


def tree(pen: Pen, x: float, y: float, size: float, lean: float = 0, leaves: Colour = (78, 148, 82)) -> None:
    """Draw a tree; one that leans is bent by the wind."""
    here = pen.at(x, y, size)
    here.line([(0, 0), (lean * 0.3, -0.35), (lean, -0.65)], 0.1, (120, 84, 56))
    here.ellipse(lean * 1.25, -0.78, 0.34 + abs(lean) * 0.2, 0.36 - abs(lean) * 0.15, leaves)


def flame(pen: Pen, x: float, y: float, size: float) -> None:
    """Draw a flame that stands at a place."""
    here = pen.at(x, y, size)
    outer = [
        (0.0, -1.0),
        (0.2, -0.62),
        (0.42, -0.7),
        (0.5, -0.24),
        (0.3, 0.0),
        (-0.3, 0.0),
        (-0.5, -0.3),
        (-0.26, -0.56),
    ]
    here.polygon(outer, (236, 96, 40), 0.03)
    here.polygon([(0.02, -0.6), (0.26, -0.2), (0.14, 0), (-0.14, 0), (-0.24, -0.24)], (252, 204, 76), 0.02)


def smoke(pen: Pen, random: Random, x: float, y: float, puffs: int) -> None:
    """Draw smoke that rises from a place."""
    for step in range(puffs):
        drift = random.uniform(-6, 10)
        pen.line([(x + step * 5 + drift, y - step * 15)], 16 + step * 4, SMOKE, 0.75)


def water(pen: Pen, level: float) -> None:
    """Draw water that covers everything below a level."""
    pen.box((-20, level, SIDE + 20, SIDE + 20), WATER, opacity=0.93)
    for row, y in enumerate(range(int(level) + 10, SIDE, 16)):
        for x in range(-20 + (row % 2) * 22, SIDE, 44):
            pen.line([(x, y), (x + 7, y - 4), (x + 14, y), (x + 21, y - 4)], 2, (150, 196, 230))


class Person(NamedTuple):
    """Someone standing: feet at (x, y); one arm reaches to the right."""

    x: float
    y: float
    height: float
    shirt: str
    hair: Colour

    @property
    def box(self) -> Box:
        """The box around the person."""
        width = 0.2 * self.height
        return self.x - width, self.y - self.height, self.x + 1.9 * width, self.y

    @property
    def hand(self) -> tuple[float, float]:
        """Where the reaching hand is."""
        return self.x + 0.36 * self.height, self.y - 0.58 * self.height


HAIR: tuple[Colour, ...] = ((70, 50, 40), (190, 140, 70), (40, 40, 48), (150, 80, 50))
SKIN: Colour = (238, 196, 162)


def person(pen: Pen, someone: Person) -> None:
    """Draw a person."""
    here = pen.at(someone.x, someone.y, someone.height)
    shirt = COLOURS[someone.shirt]
    here.line([(-0.07, -0.36), (-0.08, -0.02)], 0.09, (70, 78, 104))
    here.line([(0.07, -0.36), (0.08, -0.02)], 0.09, (70, 78, 104))
    here.line([(-0.12, -0.66), (-0.18, -0.4)], 0.075, SKIN)
    here.line([(0.1, -0.66), (0.2, -0.58), (0.36, -0.58)], 0.075, SKIN)
    here.box((-0.15, -0.72, 0.15, -0.33), shirt, 0.06)
    here.disc(0, -0.85, 0.13, SKIN)
    here.dome(0, -0.87, 0.14, someone.hair)
    for eye in (0.01, 0.08):
        here.line([(eye, -0.83)], 0.025, (50, 50, 60))
