"""Everyday things, and the small world of rules about them: what each is for."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from mibench.data.mini.visual.canvas import Colour, Pen

_WOOD: Colour = (178, 124, 72)
_STEEL: Colour = (150, 160, 174)
_WHITE: Colour = (250, 250, 248)
_DARK: Colour = (64, 66, 80)
_RED: Colour = (214, 64, 60)
_BLUE: Colour = (56, 112, 196)
_GREEN: Colour = (66, 156, 88)
_GOLD: Colour = (240, 186, 60)


def _umbrella(pen: Pen) -> None:
    pen.line([(0, -0.95), (0, 0.7), (0.1, 0.85), (0.28, 0.85), (0.36, 0.68)], 0.11, _DARK)
    pen.dome(0, 0.05, 0.92, _RED)
    pen.line([(-0.3, -0.05), (0, -0.85), (0.3, -0.05)], 0.05, (160, 40, 40))


def _key(pen: Pen) -> None:
    pen.line([(-0.2, 0), (0.9, 0)], 0.2, _GOLD)
    pen.line([(0.6, 0), (0.6, 0.34)], 0.18, _GOLD)
    pen.line([(0.86, 0), (0.86, 0.34)], 0.18, _GOLD)
    pen.ring(-0.52, 0, 0.3, 0.2, _GOLD)


def _book(pen: Pen) -> None:
    pen.polygon([(0, -0.5), (-0.9, -0.65), (-0.9, 0.55), (0, 0.7), (0.9, 0.55), (0.9, -0.65)], _BLUE, 0.04)
    pen.polygon([(0, -0.42), (-0.78, -0.55), (-0.78, 0.42), (0, 0.55)], _WHITE)
    pen.polygon([(0, -0.42), (0.78, -0.55), (0.78, 0.42), (0, 0.55)], _WHITE)
    for row in (-0.25, 0.0, 0.25):
        pen.line([(-0.62, row - 0.06), (-0.16, row)], 0.05, _STEEL)
        pen.line([(0.62, row - 0.06), (0.16, row)], 0.05, _STEEL)


def _cup(pen: Pen) -> None:
    pen.ring(0.5, 0.05, 0.3, 0.14, _GREEN)
    pen.polygon([(-0.62, -0.45), (0.52, -0.45), (0.42, 0.62), (-0.52, 0.62)], _GREEN, 0.05)
    pen.ellipse(-0.05, -0.45, 0.56, 0.12, (92, 60, 40))
    for place in (-0.28, 0.14):
        pen.line([(place, -0.66), (place + 0.08, -0.76), (place - 0.04, -0.86), (place + 0.04, -0.96)], 0.06, _STEEL)


def _candle(pen: Pen) -> None:
    pen.ellipse(0, 0.78, 0.62, 0.16, _STEEL)
    pen.box((-0.2, -0.2, 0.2, 0.78), _WHITE, 0.04)
    pen.line([(0, -0.2), (0, -0.36)], 0.05, _DARK)
    pen.polygon([(0, -0.98), (0.17, -0.55), (0, -0.34), (-0.17, -0.55)], (246, 150, 50), 0.03)
    pen.disc(0, -0.52, 0.08, (255, 230, 140))


def _ladder(pen: Pen) -> None:
    for rung in (-0.7, -0.35, 0.0, 0.35, 0.7):
        pen.line([(-0.36, rung), (0.36, rung)], 0.12, _WOOD)
    pen.line([(-0.38, -0.92), (-0.38, 0.92)], 0.14, _WOOD)
    pen.line([(0.38, -0.92), (0.38, 0.92)], 0.14, _WOOD)


def _pencil(pen: Pen) -> None:
    pen.polygon([(-0.62, 0.38), (0.5, -0.74), (0.74, -0.5), (-0.38, 0.62)], _GOLD)
    pen.polygon([(-0.62, 0.38), (-0.38, 0.62), (-0.86, 0.86)], (244, 220, 180))
    pen.polygon([(-0.78, 0.7), (-0.7, 0.78), (-0.88, 0.88)], _DARK)
    pen.polygon([(0.5, -0.74), (0.62, -0.86), (0.86, -0.62), (0.74, -0.5)], (232, 130, 140), 0.02)


def _hammer(pen: Pen) -> None:
    pen.line([(0, -0.3), (0, 0.88)], 0.2, _WOOD)
    pen.box((-0.62, -0.72, 0.4, -0.24), _STEEL, 0.06)
    pen.polygon([(0.4, -0.66), (0.86, -0.4), (0.86, -0.26), (0.4, -0.3)], _STEEL)


def _ball(pen: Pen) -> None:
    pen.disc(0, 0, 0.8, (242, 142, 43))
    pen.line([(-0.76, 0), (0.76, 0)], 0.07, _WHITE)
    pen.line([(-0.5, -0.56), (-0.26, -0.2), (-0.26, 0.2), (-0.5, 0.56)], 0.07, _WHITE)
    pen.line([(0.5, -0.56), (0.26, -0.2), (0.26, 0.2), (0.5, 0.56)], 0.07, _WHITE)


def _envelope(pen: Pen) -> None:
    pen.box((-0.9, -0.58, 0.9, 0.58), _WHITE, 0.05)
    pen.line([(-0.86, -0.52), (0, 0.12), (0.86, -0.52)], 0.06, _STEEL)
    pen.disc(0, 0.14, 0.15, _RED)


def _clock(pen: Pen) -> None:
    pen.disc(0, 0, 0.86, _BLUE)
    pen.disc(0, 0, 0.68, _WHITE)
    for x, y in ((0, -0.55), (0.55, 0), (0, 0.55), (-0.55, 0)):
        pen.disc(x, y, 0.05, _DARK)
    pen.line([(0, -0.44), (0, 0), (0.28, 0.16)], 0.09, _DARK)


def _apple(pen: Pen) -> None:
    right = [
        (0.0, -0.3),
        (0.3, -0.42),
        (0.62, -0.32),
        (0.78, 0.0),
        (0.68, 0.42),
        (0.4, 0.74),
        (0.16, 0.74),
        (0.0, 0.68),
    ]
    pen.polygon([*right, *((-x, y) for x, y in reversed(right[1:-1]))], _RED, 0.06)
    pen.line([(0, -0.3), (0.06, -0.66)], 0.1, (120, 80, 50))
    pen.ellipse(0.32, -0.64, 0.26, 0.12, _GREEN)


def _broom(pen: Pen) -> None:
    pen.line([(0, -0.92), (0, 0.2)], 0.14, _WOOD)
    pen.polygon([(-0.2, 0.15), (0.2, 0.15), (0.52, 0.88), (-0.52, 0.88)], _GOLD, 0.03)
    for x in (-0.22, 0.0, 0.22):
        pen.line([(x / 2, 0.32), (x, 0.84)], 0.05, (186, 136, 40))
    pen.line([(-0.24, 0.22), (0.24, 0.22)], 0.12, _RED)


def _scissors(pen: Pen) -> None:
    pen.line([(-0.42, -0.9), (0.22, 0.32)], 0.17, _STEEL)
    pen.line([(0.42, -0.9), (-0.22, 0.32)], 0.17, _STEEL)
    pen.ring(-0.34, 0.58, 0.24, 0.15, _RED)
    pen.ring(0.34, 0.58, 0.24, 0.15, _RED)
    pen.disc(0, -0.1, 0.07, _DARK)


def _can(pen: Pen) -> None:
    pen.ring(0.02, -0.3, 0.4, 0.11, _GREEN)
    pen.line([(-0.4, 0.2), (-0.86, -0.36)], 0.14, _GREEN)
    pen.line([(-0.94, -0.28), (-0.78, -0.44)], 0.14, _GREEN)
    pen.box((-0.42, -0.22, 0.5, 0.66), _GREEN, 0.06)
    pen.line([(0.5, -0.1), (0.76, 0.0), (0.76, 0.36), (0.5, 0.5)], 0.1, _GREEN)


def _boat(pen: Pen) -> None:
    pen.line([(0, 0.3), (0, -0.9)], 0.09, _WOOD)
    pen.polygon([(0.08, -0.84), (0.74, 0.16), (0.08, 0.16)], _WHITE)
    pen.polygon([(-0.08, -0.56), (-0.58, 0.16), (-0.08, 0.16)], (246, 205, 70))
    pen.polygon([(-0.9, 0.3), (0.9, 0.3), (0.58, 0.78), (-0.58, 0.78)], _RED, 0.04)


class Thing(NamedTuple):
    """A thing that can be held or pointed at.

    Attributes:
        name: without an article.
        article: a, an, or a phrase as "a pair of".
        use: what it is for, after "to".
        draw: draws it between -1 and 1.

    """

    name: str
    article: str
    use: str
    draw: Callable[[Pen], None]


_ALL = (
    Thing("umbrella", "an", "keep the rain off", _umbrella),
    Thing("key", "a", "open a locked door", _key),
    Thing("book", "a", "read a story", _book),
    Thing("cup", "a", "drink something hot", _cup),
    Thing("candle", "a", "light up a dark room", _candle),
    Thing("ladder", "a", "climb onto the roof", _ladder),
    Thing("pencil", "a", "write a note", _pencil),
    Thing("hammer", "a", "drive in a nail", _hammer),
    Thing("ball", "a", "play a game", _ball),
    Thing("envelope", "an", "post a letter", _envelope),
    Thing("clock", "a", "tell the time", _clock),
    Thing("apple", "an", "eat a snack", _apple),
    Thing("broom", "a", "sweep the floor", _broom),
    Thing("scissors", "a pair of", "cut some paper", _scissors),
    Thing("watering can", "a", "water the plants", _can),
    Thing("boat", "a", "cross the lake", _boat),
)

THINGS: Mapping[str, Thing] = {thing.name: thing for thing in _ALL}
