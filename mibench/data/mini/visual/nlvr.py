"""Three boxes of figures, and a sentence about them that is true of one picture and false of the other."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from random import Random
from typing import NamedTuple

from mibench.cards import TaskCard
from mibench.data.mini.visual.canvas import Canvas, Colour, Pen
from mibench.data.mini.visual.rows import ROWS, a, picture_row
from mibench.data.mini.visual.scenery import OUTLINE
from mibench.data.mini.visual.shapes import draw_shape
from mibench.data.rows import Row

COLOURS = ("red", "blue", "yellow", "green")
SHAPES = ("circle", "square", "triangle")
NUMBERS = ("no", "one", "two", "three", "four", "five")
PLACES = ("left", "middle", "right")

_SIDE, _GAP = 104, 8
_CELL = 31
_GREY: Colour = (222, 222, 226)
_FRAME: Colour = (250, 250, 250)


class Figure(NamedTuple):
    """A figure in a box; `cell` is one of nine places."""

    shape: str
    colour: str
    radius: float
    cell: int

    @property
    def name(self) -> str:
        """As the sentences call it."""
        return f"{self.colour} {self.shape}"


Boxes = Sequence[Sequence[Figure]]


class Statement(NamedTuple):
    """A sentence, and whether it is true of three boxes."""

    text: str
    holds: Callable[[Boxes], bool]


def nlvr(card: TaskCard, seed: int) -> Iterator[Row]:
    """Yield pairs of pictures under one sentence; both are drawn from the same distribution until one of each came."""
    for group in range(ROWS // 2):
        random = Random(f"{card.name}:{seed}:{group}")
        statement = _STATEMENTS[group % len(_STATEMENTS)](random)
        for name, truth in (("a", True), ("b", False)):
            boxes = _boxes(random)
            while statement.holds(boxes) != truth:
                boxes = _boxes(random)
            target = "yes" if truth else "no"
            draw = partial(draw_boxes, boxes)
            yield picture_row(card, group, name, fields={"text": statement.text}, target=target, draw=draw)


def _boxes(random: Random) -> Boxes:
    palette = random.sample(COLOURS, random.choice([2, 3]))
    return [_box(random, palette) for _ in PLACES]


def _box(random: Random, palette: Sequence[str]) -> Sequence[Figure]:
    return [
        Figure(random.choice(SHAPES), random.choice(palette), random.choice([8, 10.5, 13]), cell)
        for cell in random.sample(range(9), random.randint(1, 5))
    ]


def draw_boxes(boxes: Boxes) -> bytes:
    """Return the picture of three boxes in a row."""
    canvas = Canvas(3 * _SIDE + 4 * _GAP, _SIDE + 2 * _GAP, _FRAME)
    for number, box in enumerate(boxes):
        left = _GAP + number * (_SIDE + _GAP)
        Pen(canvas).box((left, _GAP, left + _SIDE, _GAP + _SIDE), _GREY, 3)
        for figure in box:
            row, column = divmod(figure.cell, 3)
            x, y = left + _SIDE / 2 + (column - 1) * _CELL, _GAP + _SIDE / 2 + (row - 1) * _CELL
            draw_shape(Pen(canvas, (x, y), figure.radius, outline=OUTLINE), figure.shape, figure.colour)
    return canvas.png()


def _all(boxes: Boxes) -> list[Figure]:
    return [figure for box in boxes for figure in box]


def _count(number: int, noun: str) -> str:
    return f"{NUMBERS[number]} {noun}" + ("" if number == 1 else "s")


def _exact_count(random: Random) -> Statement:
    colour, shape, number = random.choice(COLOURS), random.choice(SHAPES), random.randint(1, 3)
    verb = "is" if number == 1 else "are"
    return Statement(
        f"In all there {verb} exactly {_count(number, f'{colour} {shape}')}.",
        lambda boxes: sum(figure.name == f"{colour} {shape}" for figure in _all(boxes)) == number,
    )


def _one_colour_box(random: Random) -> Statement:
    colour = random.choice(COLOURS)
    return Statement(
        f"At least one box holds nothing but {colour} figures.",
        lambda boxes: any(all(figure.colour == colour for figure in box) for box in boxes),
    )


def _everywhere(random: Random) -> Statement:
    colour = random.choice(COLOURS)
    return Statement(
        f"Every box has {a(colour)} figure in it.",
        lambda boxes: all(any(figure.colour == colour for figure in box) for box in boxes),
    )


def _nowhere(random: Random) -> Statement:
    colour, shape = random.choice(COLOURS), random.choice(SHAPES)
    return Statement(
        f"None of the boxes contains {a(colour)} {shape}.",
        lambda boxes: all(figure.name != f"{colour} {shape}" for figure in _all(boxes)),
    )


def _majority(random: Random) -> Statement:
    more, fewer = random.sample(SHAPES, 2)

    def holds(boxes: Boxes) -> bool:
        counts = [Counter(figure.shape for figure in box) for box in boxes]
        return all(count[more] > count[fewer] for count in counts)

    return Statement(f"Each box has more {more}s than {fewer}s.", holds)


def _box_count(random: Random) -> Statement:
    place, number = random.randrange(3), random.randint(1, 5)
    named = "middle box" if place == 1 else f"box on the {PLACES[place]}"
    return Statement(
        f"The {named} holds exactly {_count(number, 'figure')}.", lambda boxes: len(boxes[place]) == number
    )


def _fullest(random: Random) -> Statement:
    place = random.randrange(3)
    named = "middle box" if place == 1 else f"box on the {PLACES[place]}"
    return Statement(
        f"No other box has as many figures as the {named}.",
        lambda boxes: all(len(box) < len(boxes[place]) for number, box in enumerate(boxes) if number != place),
    )


def _together(random: Random) -> Statement:
    colour, other = random.sample(COLOURS, 2)
    shape, other_shape = random.choice(SHAPES), random.choice(SHAPES)
    names = {f"{colour} {shape}", f"{other} {other_shape}"}
    return Statement(
        f"One of the boxes has both {a(colour)} {shape} and {a(other)} {other_shape}.",
        lambda boxes: any(names <= {figure.name for figure in box} for box in boxes),
    )


def _twins(random: Random) -> Statement:
    shape = random.choice(SHAPES)

    def holds(boxes: Boxes) -> bool:
        counts = [Counter(figure.name for figure in box) for box in boxes]
        return any(number > 1 for count in counts for name, number in count.items() if name.endswith(shape))

    return Statement(f"Some box holds two or more {shape}s of one colour.", holds)


def _same_number(random: Random) -> Statement:
    first, second = random.sample(range(3), 2)
    names = ["middle" if place == 1 else PLACES[place] for place in sorted((first, second))]
    return Statement(
        f"The {names[0]} box and the {names[1]} box hold equally many figures.",
        lambda boxes: len(boxes[first]) == len(boxes[second]),
    )


_STATEMENTS: tuple[Callable[[Random], Statement], ...] = (
    _exact_count,
    _one_colour_box,
    _everywhere,
    _nowhere,
    _majority,
    _box_count,
    _fullest,
    _together,
    _twins,
    _same_number,
)
