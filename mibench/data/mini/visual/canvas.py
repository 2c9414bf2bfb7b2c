"""A small drawing board: smooth shapes by signed distances, equal to the bit on every machine.

Only additions, products, quotients and square roots occur, which IEEE 754 rounds in one way; no trigonometry.
"""

import itertools
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from mibench.data.mini.visual.png import encode_png

Colour = tuple[int, int, int]
Point = tuple[float, float]
Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""
Grid = NDArray[np.float64]
Distance = Callable[[Grid, Grid], Grid]
"""From coordinates, a row and a column, to the signed distance from an outline, negative inside; all in pixels."""

OUTLINE = 0.72
"""Brightness of an outline, as a part of the fill's."""


class Canvas:
    """Pixels, and the one operation on them."""

    def __init__(self, width: int, height: int, background: Colour) -> None:
        self.width, self.height = width, height
        self._pixels = np.empty((height, width, 3))
        self._pixels[:] = background

    def paint(self, distance: Distance, box: Box, colour: Colour, opacity: float = 1) -> None:
        """Fill what lies at a negative distance; pixels on the outline in part.

        Args:
            distance: the shape.
            box: encloses it.
            colour: red, green and blue from 0 to 255.
            opacity: 1 hides what lies below.

        """
        left, top = max(0, int(box[0]) - 2), max(0, int(box[1]) - 2)
        right, bottom = min(self.width, int(box[2]) + 3), min(self.height, int(box[3]) + 3)
        if left >= right or top >= bottom:
            return
        y: Grid = np.arange(top + 0.5, bottom)[:, None]
        x: Grid = np.arange(left + 0.5, right)[None, :]
        coverage = np.clip(0.5 - distance(x, y), 0, 1)[:, :, None] * opacity
        area = self._pixels[top:bottom, left:right]
        area += (np.array(colour, dtype=float) - area) * coverage

    def pixels(self) -> NDArray[np.uint8]:
        """Return the picture, of shape (height, width, 3)."""
        return np.floor(self._pixels + 0.5).astype(np.uint8)

    def png(self) -> bytes:
        """Return the picture as the bytes of a PNG file."""
        return encode_png(self.pixels())


class Pen:
    """Draws on a canvas in coordinates of its own: `origin` is where (0, 0) falls, `scale` the pixels of one unit."""

    def __init__(self, canvas: Canvas, origin: Point = (0, 0), scale: float = 1, outline: float = 0) -> None:
        """Take up the pen.

        Args:
            canvas: to draw on.
            origin: in pixels from the top left corner.
            scale: pixels of one unit.
            outline: width in pixels of the darker line inside each filled shape.

        """
        self._canvas, self._origin, self._scale, self._outline = canvas, origin, scale, outline

    def at(self, x: float, y: float, scale: float = 1) -> "Pen":
        """Return a pen whose (0, 0) is at a place of this one's."""
        origin = (self._origin[0] + x * self._scale, self._origin[1] + y * self._scale)
        return Pen(self._canvas, origin, self._scale * scale, self._outline)

    def disc(self, x: float, y: float, radius: float, colour: Colour, opacity: float = 1) -> None:
        """Fill a circle."""
        (cx, cy), r = self._place((x, y)), radius * self._scale
        self._fill(lambda x, y: _length(x - cx, y - cy) - r, (cx - r, cy - r, cx + r, cy + r), colour, opacity)

    def ellipse(self, x: float, y: float, width: float, height: float, colour: Colour, opacity: float = 1) -> None:
        """Fill an ellipse of these half axes."""
        (cx, cy), w, h = self._place((x, y)), width * self._scale, height * self._scale

        def distance(x: Grid, y: Grid) -> Grid:
            across, down = (x - cx) / w, (y - cy) / h
            slope = _length(across / w, down / h)
            distance: Grid = (across * across + down * down - 1) / (2 * np.maximum(slope, 1e-9))
            return distance

        self._fill(distance, (cx - w, cy - h, cx + w, cy + h), colour, opacity)

    def dome(self, x: float, y: float, radius: float, colour: Colour) -> None:
        """Fill the upper half of a circle."""
        (cx, cy), r = self._place((x, y)), radius * self._scale

        def distance(x: Grid, y: Grid) -> Grid:
            return np.maximum(_length(x - cx, y - cy) - r, y - cy)

        self._fill(distance, (cx - r, cy - r, cx + r, cy), colour)

    def ring(self, x: float, y: float, radius: float, width: float, colour: Colour) -> None:
        """Draw a circle's line."""
        (cx, cy), r, w = self._place((x, y)), radius * self._scale, width * self._scale / 2
        outer = r + w
        box = (cx - outer, cy - outer, cx + outer, cy + outer)
        self._canvas.paint(lambda x, y: np.abs(_length(x - cx, y - cy) - r) - w, box, colour)

    def box(self, box: Box, colour: Colour, corner: float = 0, opacity: float = 1) -> None:
        """Fill an upright box with corners of this radius."""
        (left, top), (right, bottom) = self._place(box[:2]), self._place(box[2:])
        cx, cy, round_ = (left + right) / 2, (top + bottom) / 2, corner * self._scale
        half_width, half_height = (right - left) / 2 - round_, (bottom - top) / 2 - round_

        def distance(x: Grid, y: Grid) -> Grid:
            across, down = np.abs(x - cx) - half_width, np.abs(y - cy) - half_height
            outside = _length(np.maximum(across, 0), np.maximum(down, 0))
            return outside + np.minimum(np.maximum(across, down), 0) - round_

        self._fill(distance, (left, top, right, bottom), colour, opacity)

    def polygon(self, points: Sequence[Point], colour: Colour, corner: float = 0, opacity: float = 1) -> None:
        """Fill a polygon, its outline moved outwards by `corner`, which rounds its corners."""
        places = [self._place(point) for point in points]
        round_ = corner * self._scale
        box = _bounds(places, round_)
        self._fill(lambda x, y: _polygon_distance(places, x, y) - round_, box, colour, opacity)

    def line(self, points: Sequence[Point], width: float, colour: Colour, opacity: float = 1) -> None:
        """Draw a line through the points, with round ends."""
        places, half = [self._place(point) for point in points], width * self._scale / 2
        segments = list(itertools.pairwise(places)) or [(places[0], places[0])]

        def distance(x: Grid, y: Grid) -> Grid:
            nearest = _segment_square(*segments[0], x, y)
            for start, end in segments[1:]:
                nearest = np.minimum(nearest, _segment_square(start, end, x, y))
            return np.sqrt(nearest) - half

        self._canvas.paint(distance, _bounds(places, half), colour, opacity)

    def _place(self, point: Sequence[float]) -> Point:
        return self._origin[0] + point[0] * self._scale, self._origin[1] + point[1] * self._scale

    def _fill(self, distance: Distance, box: Box, colour: Colour, opacity: float = 1) -> None:
        if not self._outline:
            self._canvas.paint(distance, box, colour, opacity)
            return
        self._canvas.paint(distance, box, shade(colour, OUTLINE), opacity)
        self._canvas.paint(lambda x, y: distance(x, y) + self._outline, box, colour, opacity)


def shade(colour: Colour, brightness: float) -> Colour:
    """Return the colour darkened to this part of its brightness."""
    red, green, blue = (int(channel * brightness) for channel in colour)
    return red, green, blue


def _bounds(points: Sequence[Point], margin: float) -> Box:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return min(xs) - margin, min(ys) - margin, max(xs) + margin, max(ys) + margin


def _length(x: Grid, y: Grid) -> Grid:
    length: Grid = np.sqrt(x * x + y * y)
    return length


def _segment_square(start: Point, end: Point, x: Grid, y: Grid) -> Grid:
    """Return the squared distance from a segment."""
    along_x, along_y = end[0] - start[0], end[1] - start[1]
    to_x, to_y = x - start[0], y - start[1]
    square = along_x * along_x + along_y * along_y
    part = np.clip((to_x * along_x + to_y * along_y) / square, 0, 1) if square else 0.0
    off_x, off_y = to_x - along_x * part, to_y - along_y * part
    return off_x * off_x + off_y * off_y


def _polygon_distance(points: Sequence[Point], x: Grid, y: Grid) -> Grid:
    shape = np.broadcast_shapes(x.shape, y.shape)
    nearest, inside = np.full(shape, np.inf), np.zeros(shape, dtype=bool)
    for start, end in zip(points, [*points[1:], points[0]], strict=True):
        nearest = np.minimum(nearest, _segment_square(start, end, x, y))
        if start[1] != end[1]:
            crosses = (y >= min(start[1], end[1])) & (y < max(start[1], end[1]))
            at = start[0] + (y - start[1]) / (end[1] - start[1]) * (end[0] - start[0])
            inside ^= crosses & (x < at)
    distance: Grid = np.sqrt(nearest)
    return np.where(inside, -distance, distance)
