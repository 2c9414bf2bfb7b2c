"""A conversation about a few figures, in which "it" means what was spoken of before."""

from collections.abc import Iterator, Sequence
from functools import partial
from random import Random
from typing import NamedTuple

from mibench.cards import TaskCard
from mibench.data.mini.visual.canvas import Canvas, Pen
from mibench.data.mini.visual.rows import ROWS, a, picture_row
from mibench.data.mini.visual.scenery import OUTLINE, SIDE
from mibench.data.mini.visual.shapes import COLOURS, PAPER, SHAPES, SIZES, draw_shape
from mibench.data.rows import Row

NO_HISTORY = "(nothing yet)"
NUMBERS = ("one", "two", "three", "four")
CORNERS = {"top left": (62, 62), "top right": (162, 62), "bottom left": (62, 162), "bottom right": (162, 162)}


class Scene(NamedTuple):
    """What the talk is about: `count` figures, among them perhaps the one asked after.

    Attributes:
        number: how many figures there are.
        shape: of the figure asked after.
        present: whether it is there.
        corner: where it is.
        colour: which one it has.
        size: small or large.

    """

    number: str
    shape: str
    present: str
    corner: str
    colour: str
    size: str


_TURNS: Sequence[tuple[str, Sequence[str]]] = (
    ("number", ("how many figures are there?", "how many things do you see?")),
    ("present", ("is there {shape}?", "is one of them {shape}?")),
    ("corner", ("where is it?", "in which corner is it?")),
    ("colour", ("what colour is it?", "which colour does it have?")),
    ("size", ("is it small or large?", "what about its size, small or large?")),
)
"""The turns of every conversation, in order: the fact that is asked for, and ways to ask."""

_VALUES = {
    "number": NUMBERS,
    "present": ("yes", "no"),
    "corner": tuple(CORNERS),
    "colour": tuple(COLOURS),
    "size": tuple(SIZES),
}
_GROUPS = {"number": 10, "present": 16, "corner": 12, "colour": 12, "size": 16}
"""How many groups end in which question."""
_PICTURES = 4
"""At most; a fact of two values has two."""


def visual_dialogue(card: TaskCard, seed: int) -> Iterator[Row]:
    """Yield groups in which the talk so far is the same, and the next answer differs from picture to picture."""
    endings = [fact for fact, groups in _GROUPS.items() for _ in range(groups)]
    assert sum(min(_PICTURES, len(_VALUES[fact])) for fact in endings) == ROWS
    for group, fact in enumerate(endings):
        random = Random(f"{card.name}:{seed}:{group}")
        scene = Scene(
            number=random.choice(NUMBERS[1:]),
            shape=random.choice(list(SHAPES)),
            present="yes",
            corner=random.choice(list(CORNERS)),
            colour=random.choice(list(COLOURS)),
            size=random.choice(list(SIZES)),
        )
        history, question = _talk(random, scene, fact)
        values = random.sample(_VALUES[fact], min(_PICTURES, len(_VALUES[fact])))
        for name, value in zip("abcd", values, strict=False):
            draw = partial(draw_scene, scene._replace(**{fact: value}), f"{card.name}:{seed}:{group}:{name}")
            fields = {"history": history, "question": question}
            yield picture_row(card, group, name, fields=fields, target=value, draw=draw)


def _talk(random: Random, scene: Scene, last: str) -> tuple[str, str]:
    """Return the turns before the question for a fact, and that question."""
    said: list[str] = []
    for fact, ways in _TURNS:
        question = random.choice(ways).format(shape=a(scene.shape))
        if fact == last:
            return " ".join(said) or NO_HISTORY, question
        said.append(f"{question} {getattr(scene, fact)}.")
    raise ValueError(last)


def draw_scene(scene: Scene, seed: str) -> bytes:
    """Return the picture; the other figures differ from the one asked after in form."""
    random = Random(seed)
    canvas = Canvas(SIDE, SIDE, PAPER)
    others = [corner for corner in CORNERS if corner != scene.corner]
    shapes = [shape for shape in SHAPES if shape != scene.shape]
    shown = scene.shape if scene.present == "yes" else random.choice(shapes)
    placed = [(scene.corner, shown, scene.colour, scene.size)]
    placed += [
        (corner, random.choice(shapes), random.choice(list(COLOURS)), random.choice(list(SIZES)))
        for corner in random.sample(others, NUMBERS.index(scene.number))
    ]
    for corner, shape, colour, size in placed:
        x, y = CORNERS[corner]
        middle = x + random.uniform(-8, 8), y + random.uniform(-8, 8)
        draw_shape(Pen(canvas, middle, 40 * SIZES[size], outline=OUTLINE), shape, colour)
    return canvas.png()
