"""The geometry of the picture of a table: aggregate to the right, Sensitivity upwards."""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from mibench.leaderboard.sheet import Bounds
from mibench.leaderboard.text import bounds, number
from mibench.visible import visible

WIDTH, HEIGHT = 480, 330
LEFT, RIGHT, TOP, BOTTOM = 46, 12, 12, 44
"""The margins, in the same units; what lies inside is the plot."""
DRAWN = 40
"""As many points have intervals and a title of their own; those after them are dots."""
TICKS = 6
"""At most so many steps an axis."""
ROOM = 0.1
"""Beside the outermost points, of the way between them."""
RADIUS = 4.5
LETTER, LINE = 6.8, 14
"""Width and height of a letter of a label, with room to spare."""
LONGEST = 24


class Mark(NamedTuple):
    """What a point shows.

    Attributes:
        kind: `scored`, `guesses` where it is at chance, or `published`.
        named: whether a label is wanted, if there is room.

    """

    name: str
    aggregate: float
    sensitivity: float
    aggregate_ci: Bounds | None = None
    sensitivity_ci: Bounds | None = None
    kind: str = "scored"
    named: bool = True


class Box(NamedTuple):
    """A rectangle of the picture."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: "Box") -> bool:
        """Whether the two overlap."""
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )


class Label(NamedTuple):
    """A name beside its point; `anchor` is SVG's `text-anchor`."""

    text: str
    x: float
    y: float
    anchor: str


class Point(NamedTuple):
    """One model; `whiskers` is the path of its two intervals."""

    mark: Mark
    x: float
    y: float
    whiskers: str
    title: str
    label: Label | None


class Tick(NamedTuple):
    """A value on an axis, and where it lies."""

    place: float
    text: str


class Scatter(NamedTuple):
    """The whole picture; `others` is the path of the points that are dots only."""

    x_ticks: Sequence[Tick]
    y_ticks: Sequence[Tick]
    points: Sequence[Point]
    others: str


class _Axis(NamedTuple):
    low: float
    high: float
    step: float
    begin: float
    end: float

    def place(self, value: float) -> float:
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return round(self.begin + share * (self.end - self.begin), 1)

    def ticks(self) -> list[Tick]:
        values = [self.low + count * self.step for count in range(round((self.high - self.low) / self.step) + 1)]
        return [Tick(self.place(value), f"{value:g}") for value in values]


def scatter(marks: Sequence[Mark]) -> Scatter:
    """Lay out a picture of at least one mark; labels that find no room are left out."""
    across = [value for mark in marks for value in (mark.aggregate, *(mark.aggregate_ci or ()))]
    upwards = [value for mark in marks for value in (mark.sensitivity, *(mark.sensitivity_ci or ()))]
    room = ROOM * (max(across) - min(across))
    x_axis = _axis(max(min(across) - room, 0), min(max(across) + room, 100), LEFT, WIDTH - RIGHT)
    y_axis = _axis(0, max(upwards), HEIGHT - BOTTOM, TOP)
    drawn, others = marks[:DRAWN], marks[DRAWN:]
    crosses = [_cross(mark, x_axis, y_axis) for mark in drawn]
    points, taken = [], [box for cross in crosses for box in cross.boxes()]
    for mark, cross in zip(drawn, crosses, strict=True):
        label, box = _label(mark.name, cross, taken) if mark.named else (None, None)
        if box:
            taken.append(box)
        points.append(Point(mark, cross.x, cross.y, cross.path(), _title(mark), label))
    dots = (f"M{x_axis.place(mark.aggregate):g} {y_axis.place(mark.sensitivity):g}h0" for mark in others)
    return Scatter(x_axis.ticks(), y_axis.ticks(), points, "".join(dots))


class _Cross(NamedTuple):
    """A point with the ends of its intervals."""

    x: float
    y: float
    across: Bounds
    upwards: Bounds

    def path(self) -> str:
        (left, right), (top, bottom) = self.across, self.upwards
        horizontal = f"M{left:g} {self.y:g}H{right:g}" if right > left else ""
        return horizontal + (f"M{self.x:g} {top:g}V{bottom:g}" if bottom > top else "")

    def boxes(self) -> Iterator[Box]:
        (left, right), (top, bottom) = self.across, self.upwards
        yield Box(self.x - RADIUS, self.y - RADIUS, self.x + RADIUS, self.y + RADIUS)
        yield Box(left, self.y - 1, right, self.y + 1)
        yield Box(self.x - 1, top, self.x + 1, bottom)


def _cross(mark: Mark, x_axis: _Axis, y_axis: _Axis) -> _Cross:
    x, y = x_axis.place(mark.aggregate), y_axis.place(mark.sensitivity)
    low, high = map(x_axis.place, mark.aggregate_ci or (mark.aggregate,) * 2)
    bottom, top = map(y_axis.place, mark.sensitivity_ci or (mark.sensitivity,) * 2)
    return _Cross(x, y, (low, high), (top, bottom))


def _label(name: str, cross: _Cross, taken: Sequence[Box]) -> tuple[Label | None, Box | None]:
    text = visible(name)
    text = text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
    width = len(text) * LETTER
    x, y, gap = cross.x, cross.y, RADIUS + 3
    above, below = min(cross.upwards[0], y) - gap - 1, max(cross.upwards[1], y) + gap + LINE / 2 + 1
    places = [
        ("start", x + gap, y - gap),
        ("start", x + gap, y + gap + LINE / 2),
        ("end", x - gap, y - gap),
        ("end", x - gap, y + gap + LINE / 2),
        ("start", max(cross.across[1], x) + gap, y + LINE / 4),
        ("end", min(cross.across[0], x) - gap, y + LINE / 4),
        *(("middle", x + aside, level) for level in (above, below) for aside in (0.0, -width / 4, width / 4)),
    ]
    for anchor, place, baseline in places:
        left = place - {"start": 0.0, "middle": 0.5, "end": 1.0}[anchor] * width
        box = Box(left, baseline - 0.75 * LINE, left + width, baseline + 0.25 * LINE)
        inside = box.left >= LEFT and box.right <= WIDTH and box.top >= 0 and box.bottom <= HEIGHT - BOTTOM
        if inside and not any(box.meets(other) for other in taken):
            return Label(text, round(place, 1), round(baseline, 1), anchor), box
    return None, None


def _title(mark: Mark) -> str:
    aggregate, sensitivity = number(mark.aggregate), number(mark.sensitivity)
    first = f" ({bounds(mark.aggregate_ci)})" if mark.aggregate_ci else ""
    second = f" ({bounds(mark.sensitivity_ci)})" if mark.sensitivity_ci else ""
    kind = {"scored": "", "guesses": ", at chance", "published": ", published"}[mark.kind]
    return f"{visible(mark.name)}: aggregate {aggregate}{first}, Sensitivity {sensitivity}{second}{kind}"


def _axis(low: float, high: float, begin: float, end: float) -> _Axis:
    """Return an axis from one round value to another, around what it shows."""
    span = max(high - low, 1.0)
    power = 10.0 ** math.floor(math.log10(span / TICKS))
    step = next(factor * power for factor in (1, 2, 5, 10, 20) if span / (factor * power) <= TICKS - 1)
    first = math.floor(low / step + 1e-9) * step
    last = max(math.ceil(high / step - 1e-9) * step, first + step)
    return _Axis(first, last, step, begin, end)
