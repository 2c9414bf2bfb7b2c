"""Strips of film: three frames in which one item moves or changes and another rests."""

from collections.abc import Mapping, Sequence
from functools import partial
from random import Random
from typing import NamedTuple

from mibench.data.mini.seen.scene import STRIP, Mark, Scene
from mibench.data.mini.visual.canvas import Box, Canvas, Colour, Pen, Point
from mibench.data.mini.visual.scenery import OUTLINE
from mibench.data.mini.visual.shapes import COLOURS, SHAPES, draw_shape
from mibench.data.mini.visual.things import THINGS

FRAMES = ("first", "second", "third")

MOVES: Mapping[str, Point] = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}
"""Directions across and down."""
GROWTHS: Mapping[str, tuple[float, float, float]] = {"grows": (7, 11, 15), "shrinks": (15, 11, 7)}
"""Radii in the three frames, in pixels."""
STAYS: Mapping[str, Sequence[tuple[int, ...]]] = {
    "appears": ((1, 2), (2,)),
    "vanishes": ((0, 1), (0,)),
    "flashes": ((1,),),
}
"""Frames in which an item is there; each of these courses is as frequent as any other."""

_WIDTH, _TOP, _BOTTOM, _PITCH, _LEFT = 102, 18, 102, 112, 9
_FILM: Colour = (44, 42, 48)
_HOLE: Colour = (206, 204, 200)
_GROUNDS: tuple[Colour, ...] = ((244, 236, 214), (218, 232, 240), (236, 226, 238), (226, 238, 220))


class _Shot(NamedTuple):
    """Where an item is in one frame, in pixels of the frame."""

    frame: int
    x: float
    y: float
    radius: float


def film(random: Random) -> Scene:
    """Draw three frames; the facts name who changes, how, and who rests throughout."""
    change = random.choice(_CHANGES)
    moving = _course(random, change)
    resting = _rest(random, moving)
    shapes, colours = random.sample(list(SHAPES), 2), random.sample(list(COLOURS), 2)
    things = random.sample([name for name in THINGS if name != "scissors"], 2)
    items = [
        (shape, colour) if random.random() < 0.6 else (thing, "")
        for shape, colour, thing in zip(shapes, colours, things, strict=True)
    ]
    marks = [
        Mark(_box(shot), *item, place=FRAMES[shot.frame])
        for item, shots in zip(items, (moving, resting), strict=True)
        for shot in shots
    ]
    random.shuffle(marks)
    facts = {"actor": items[0][0], "change": change[0], "resting": items[1][0]}
    return Scene(tuple(marks), partial(_draw, tuple(marks), random.choice(_GROUNDS)), facts, *STRIP)


_Change = tuple[str, tuple[int, ...]]
_CHANGES: Sequence[_Change] = [
    *((move, (0, 1, 2)) for move in MOVES),
    *((growth, (0, 1, 2)) for growth in GROWTHS),
    *((kind, frames) for kind, courses in STAYS.items() for frames in courses),
]
"""What happens, and in which frames the item is there."""


def _course(random: Random, change: _Change) -> list[_Shot]:
    kind, frames = change
    radii = GROWTHS.get(kind, (random.uniform(9, 13),) * 3)
    (across, down), step = MOVES.get(kind, (0.0, 0.0)), random.uniform(17, 22)
    spread, room = step + max(radii) + 2, max(radii) + 2
    half_width, half_height = spread if across else room, spread if down else room
    x = random.uniform(half_width, _WIDTH - half_width)
    y = random.uniform(half_height, _BOTTOM - _TOP - half_height)
    return [
        _Shot(frame, x + (frame - 1) * step * across, y + (frame - 1) * step * down, radii[frame]) for frame in frames
    ]


def _rest(random: Random, others: list[_Shot]) -> list[_Shot]:
    """Find a place that is free in all frames."""
    while True:
        radius = random.uniform(9, 12)
        x, y = random.uniform(radius + 2, _WIDTH - radius - 2), random.uniform(radius + 2, _BOTTOM - _TOP - radius - 2)
        if all(max(abs(x - shot.x), abs(y - shot.y)) > radius + shot.radius + 2 for shot in others):
            return [_Shot(frame, x, y, radius) for frame in range(len(FRAMES))]


def _box(shot: _Shot) -> Box:
    x, y = _LEFT + shot.frame * _PITCH + shot.x, _TOP + shot.y
    return x - shot.radius, y - shot.radius, x + shot.radius, y + shot.radius


def _draw(marks: tuple[Mark, ...], ground: Colour) -> Canvas:
    canvas = Canvas(*STRIP, _FILM)
    plain = Pen(canvas)
    for x in range(6, STRIP[0], 14):
        for y in (6, STRIP[1] - 12):
            plain.box((x, y, x + 6, y + 6), _HOLE, 1.5)
    for number in range(len(FRAMES)):
        edge = _LEFT + number * _PITCH
        plain.box((edge, _TOP, edge + _WIDTH, _BOTTOM), ground, 3)
    for mark in marks:
        left, _, right, _ = mark.box
        pen = Pen(canvas, mark.centre, (right - left) / 2, outline=OUTLINE)
        if mark.colour:
            draw_shape(pen, mark.name, mark.colour)
        else:
            THINGS[mark.name].draw(pen)
    return canvas
