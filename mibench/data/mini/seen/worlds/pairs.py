"""Figures and things on a sheet of paper: two that lie to each other in a known way among others, or all at random."""

import itertools
from collections.abc import Callable
from functools import partial
from random import Random
from typing import NamedTuple

from mibench.data.mini.seen.scene import SIDE, Mark, Scene
from mibench.data.mini.visual.canvas import Box, Canvas, Colour, Pen, Point, shade
from mibench.data.mini.visual.scenery import OUTLINE
from mibench.data.mini.visual.shapes import COLOURS, SHAPES, draw_shape
from mibench.data.mini.visual.things import THINGS

RELATIONS = ("to the left of", "above", "inside", "in front of")
"""How the first of two lies to the second."""
INVERSES = {"to the left of": "to the right of", "above": "below", "inside": "around", "in front of": "behind"}
"""How the second lies to the first."""

_DESKS: tuple[Colour, ...] = ((176, 142, 104), (120, 132, 140), (142, 116, 128), (118, 140, 116))
_SHEETS: tuple[Colour, ...] = ((252, 250, 244), (240, 246, 250), (250, 242, 228))
_EDGE = 14
_GAP = 5
_TRIES = 60


class Placed(NamedTuple):
    """A figure or thing before it is drawn; a thing has no colour."""

    name: str
    colour: str
    centre: Point
    radius: float

    @property
    def box(self) -> Box:
        """The box around it, in pixels."""
        (x, y), half = self.centre, self.radius
        return x - half, y - half, x + half, y + half

    @property
    def mark(self) -> Mark:
        """What is known of it."""
        return Mark(self.box, self.name, self.colour)


def related_pair(random: Random) -> Scene:
    """Draw two items in a relation and one or two others; the facts tell which, and along which axis they are apart."""
    relation = random.choices(RELATIONS, (3, 3, 2, 2))[0]
    first, second = _names(random, 2, figures_only=relation in ("inside", "in front of"))
    axis = {"to the left of": "x", "above": "y"}.get(relation, random.choice("xy"))
    pair = _PLACINGS[relation](first, second, axis, random)
    known = {name for name, _ in (first, second)}
    others = [item for item in _names(random, 5) if item[0] not in known][: random.randint(1, 2)]
    placed = [*pair, *_scattered(random, others, pair, (13, 20))]
    facts = {"first": first[0], "second": second[0], "relation": relation, "axis": axis}
    return _scene(random, placed, facts)


def scattered_items(random: Random) -> Scene:
    """Draw three to five items apart from each other."""
    return _scene(random, _scattered(random, _names(random, random.randint(3, 5)), [], (17, 28)), {})


Name = tuple[str, str]
"""What it is, and its colour if it has one."""


def _names(random: Random, count: int, *, figures_only: bool = False) -> list[Name]:
    """Return items of different names and, as far as they are figures, of different colours."""
    things = iter(random.sample([name for name in THINGS if name != "scissors"], count))
    figures = zip(random.sample(list(SHAPES), count), random.sample(list(COLOURS), count), strict=True)
    return [next(figures) if figures_only or random.random() < 0.5 else (next(things), "") for _ in range(count)]


def _apart(first: Name, second: Name, axis: str, random: Random) -> list[Placed]:
    """Put the first to the left of the second, or above it."""
    while True:
        radii = random.uniform(17, 34), random.uniform(17, 34)
        ends = [[random.uniform(_EDGE + r + 2, SIDE - _EDGE - r - 2) for _ in "xy"] for r in radii]
        along, across = ends[1][0] - ends[0][0], abs(ends[1][1] - ends[0][1])
        if along > sum(radii) + _GAP and across < 0.35 * along:
            break
    centres: list[Point] = [(a, b) if axis == "x" else (b, a) for a, b in ends]
    return [Placed(*name, centre, r) for name, centre, r in zip((first, second), centres, radii, strict=True)]


def _nested(first: Name, second: Name, axis: str, random: Random) -> list[Placed]:
    outer = random.uniform(50, 62)
    low, high = _EDGE + outer + 2, SIDE - _EDGE - outer - 2
    x, y = random.uniform(low, high), random.uniform(low, high)
    drop = 0.2 * outer if second[0] == "triangle" else 0.0
    return [Placed(*second, (x, y), outer), Placed(*first, (x, y + drop), random.uniform(0.26, 0.3) * outer)]


def _overlapping(first: Name, second: Name, axis: str, random: Random) -> list[Placed]:
    """Let the first hide a part of the second, moved along an axis."""
    radius = random.uniform(32, 42)
    shift = random.choice([-1, 1]) * random.uniform(0.75, 0.9) * radius
    low, high = _EDGE + 1.5 * radius + 2, SIDE - _EDGE - 1.5 * radius - 2
    x, y = random.uniform(low, high), random.uniform(low, high)
    across, down = (shift / 2, 0.0) if axis == "x" else (0.0, shift / 2)
    return [Placed(*second, (x - across, y - down), radius), Placed(*first, (x + across, y + down), radius)]


_PLACINGS: dict[str, Callable[[Name, Name, str, Random], list[Placed]]] = {
    "to the left of": _apart,
    "above": _apart,
    "inside": _nested,
    "in front of": _overlapping,
}


def _scattered(random: Random, names: list[Name], before: list[Placed], radii: tuple[float, float]) -> list[Placed]:
    """Put items where nothing lies yet; one that finds no place is left out."""
    placed: list[Placed] = []
    for name, _ in itertools.product(names, range(_TRIES)):
        if any(other.name == name[0] for other in placed):
            continue
        radius = random.uniform(*radii)
        low, high = _EDGE + radius + 2, SIDE - _EDGE - radius - 2
        new = Placed(*name, (random.uniform(low, high), random.uniform(low, high)), radius)
        if all(_are_apart(new.box, other.box) for other in (*before, *placed)):
            placed.append(new)
    return placed


def _are_apart(one: Box, other: Box) -> bool:
    left, top = max(one[0], other[0]), max(one[1], other[1])
    right, bottom = min(one[2], other[2]), min(one[3], other[3])
    return left - right > _GAP or top - bottom > _GAP


def _scene(random: Random, placed: list[Placed], facts: dict[str, str]) -> Scene:
    marks = tuple(random.sample([item.mark for item in placed], len(placed)))
    return Scene(marks, partial(_draw, tuple(placed), random.choice(_DESKS), random.choice(_SHEETS)), facts)


def _draw(placed: tuple[Placed, ...], desk: Colour, sheet: Colour) -> Canvas:
    canvas = Canvas(SIDE, SIDE, desk)
    plain = Pen(canvas)
    plain.box((_EDGE - 1, _EDGE + 1, SIDE - _EDGE + 3, SIDE - _EDGE + 4), shade(desk, 0.75), 4)
    plain.box((_EDGE - 4, _EDGE - 4, SIDE - _EDGE, SIDE - _EDGE), sheet, 4)
    for item in placed:
        pen = Pen(canvas, item.centre, item.radius, outline=OUTLINE)
        if item.name in SHAPES:
            draw_shape(pen, item.name, item.colour)
        else:
            THINGS[item.name].draw(pen)
    return canvas
