"""How two things lie to each other: both ways round, and both sentences about each."""

from collections.abc import Callable, Iterator
from functools import partial
from random import Random
from typing import NamedTuple

from mibench.cards import TaskCard
from mibench.data.mini.visual.canvas import Canvas, Colour, Pen, Point
from mibench.data.mini.visual.rows import ROWS, picture_row
from mibench.data.mini.visual.scenery import OUTLINE, SIDE
from mibench.data.mini.visual.shapes import COLOURS, PAPER, SHAPES, draw_shape
from mibench.data.mini.visual.things import THINGS
from mibench.data.rows import Row

_GROUNDS: tuple[Colour, ...] = (PAPER, (228, 238, 232), (232, 232, 244), (244, 234, 226))


class Item(NamedTuple):
    """One of the two things: what it is called and how it is drawn."""

    name: str
    draw: Callable[[Pen], None]


class Placed(NamedTuple):
    """An item in the picture; of two that overlap, the later one lies in front."""

    item: Item
    centre: Point
    radius: float


Placing = Callable[[Item, Item, Random], list[Placed]]


def _beside(first: Item, second: Item, random: Random) -> list[Placed]:
    left, right = random.uniform(42, 74), random.uniform(150, 182)
    height = random.uniform(70, 154)
    return [
        Placed(first, (left, height + random.uniform(-22, 22)), random.uniform(34, 42)),
        Placed(second, (right, height + random.uniform(-22, 22)), random.uniform(34, 42)),
    ]


def _stacked(first: Item, second: Item, random: Random) -> list[Placed]:
    return [Placed(item, (y, x), radius) for item, (x, y), radius in _beside(first, second, random)]


def _nested(first: Item, second: Item, random: Random) -> list[Placed]:
    centre = random.uniform(96, 128), random.uniform(96, 128)
    return [Placed(second, centre, random.uniform(76, 86)), Placed(first, centre, random.uniform(20, 25))]


def _overlapping(first: Item, second: Item, random: Random) -> list[Placed]:
    x, y = random.uniform(84, 140), random.uniform(84, 140)
    across, down = random.choice([-1, 1]) * random.uniform(18, 26), random.choice([-1, 1]) * random.uniform(12, 22)
    return [Placed(second, (x + across, y + down), 44), Placed(first, (x, y), 44)]


_RELATIONS: tuple[tuple[str, str, Placing], ...] = (
    ("to the left of", "to the right of", _beside),
    ("above", "below", _stacked),
    ("inside", "around", _nested),
    ("in front of", "behind", _overlapping),
)
"""A relation, its inverse, and how to place two items so that the first has it to the second."""


def visual_spatial_reasoning(card: TaskCard, seed: int) -> Iterator[Row]:
    """Yield groups of four: two pictures, in which the two things trade places, and two opposite sentences."""
    for group in range(ROWS // 4):
        random = Random(f"{card.name}:{seed}:{group}")
        relation, inverse, placing = _RELATIONS[group % len(_RELATIONS)]
        figures_only = placing in (_nested, _overlapping) or random.random() < 0.4
        first, second = _figures(random) if figures_only else _things(random)
        scenes = {"a": placing(first, second, random), "b": placing(second, first, random)}
        ground = random.choice(_GROUNDS)
        for name, scene in scenes.items():
            for question, told in (("1", relation), ("2", inverse)):
                yield picture_row(
                    card,
                    group,
                    name,
                    question=question,
                    fields={"text": f"The {first.name} is {told} the {second.name}."},
                    target="yes" if (name == "a") == (told == relation) else "no",
                    draw=partial(draw_scene, scene, ground),
                )


def _figures(random: Random) -> tuple[Item, Item]:
    shapes, colours = random.sample(list(SHAPES), 2), random.sample(list(COLOURS), 2)
    first, second = (
        Item(f"{colour} {shape}", partial(draw_shape, shape=shape, colour=colour))
        for shape, colour in zip(shapes, colours, strict=True)
    )
    return first, second


def _things(random: Random) -> tuple[Item, Item]:
    names = [name for name in THINGS if name != "scissors"]
    first, second = (Item(name, THINGS[name].draw) for name in random.sample(names, 2))
    return first, second


def draw_scene(scene: list[Placed], ground: Colour) -> bytes:
    """Return the picture of placed items."""
    canvas = Canvas(SIDE, SIDE, ground)
    pen = Pen(canvas, outline=OUTLINE)
    for item, centre, radius in scene:
        item.draw(pen.at(*centre, radius))
    return canvas.png()
