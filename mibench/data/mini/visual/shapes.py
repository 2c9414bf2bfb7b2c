"""The plain figures, their colours and sizes."""

from collections.abc import Callable, Mapping

from mibench.data.mini.visual.canvas import Colour, Pen, Point

PAPER: Colour = (247, 244, 236)
INK: Colour = (38, 40, 52)

COLOURS: Mapping[str, Colour] = {
    "red": (214, 64, 60),
    "orange": (242, 142, 43),
    "yellow": (246, 205, 70),
    "green": (66, 156, 88),
    "blue": (56, 112, 196),
    "purple": (136, 86, 176),
}

SIZES: Mapping[str, float] = {"small": 0.6, "large": 1.0}
"""Parts of the room that a figure has."""

_STAR: list[Point] = [
    (0.0, -1.0),
    (0.28, -0.36),
    (0.95, -0.31),
    (0.45, 0.15),
    (0.59, 0.81),
    (0.0, 0.46),
    (-0.59, 0.81),
    (-0.45, 0.15),
    (-0.95, -0.31),
    (-0.28, -0.36),
]
_CROSS: list[Point] = [
    (-0.32, -0.9),
    (0.32, -0.9),
    (0.32, -0.32),
    (0.9, -0.32),
    (0.9, 0.32),
    (0.32, 0.32),
    (0.32, 0.9),
    (-0.32, 0.9),
    (-0.32, 0.32),
    (-0.9, 0.32),
    (-0.9, -0.32),
    (-0.32, -0.32),
]


def _circle(pen: Pen, colour: Colour) -> None:
    pen.disc(0, 0, 0.92, colour)


def _square(pen: Pen, colour: Colour) -> None:
    pen.box((-0.82, -0.82, 0.82, 0.82), colour, 0.06)


def _triangle(pen: Pen, colour: Colour) -> None:
    pen.polygon([(-0.9, 0.76), (0, -0.84), (0.9, 0.76)], colour, 0.05)


def _star(pen: Pen, colour: Colour) -> None:
    pen.polygon(_STAR, colour, 0.04)


def _diamond(pen: Pen, colour: Colour) -> None:
    pen.polygon([(0, -0.95), (0.7, 0), (0, 0.95), (-0.7, 0)], colour, 0.04)


def _cross(pen: Pen, colour: Colour) -> None:
    pen.polygon(_CROSS, colour, 0.04)


SHAPES: Mapping[str, Callable[[Pen, Colour], None]] = {
    "circle": _circle,
    "square": _square,
    "triangle": _triangle,
    "star": _star,
    "diamond": _diamond,
    "cross": _cross,
}


def draw_shape(pen: Pen, shape: str, colour: str) -> None:
    """Draw a figure between -1 and 1."""
    SHAPES[shape](pen, COLOURS[colour])
