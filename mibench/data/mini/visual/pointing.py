"""Which of four boxes: things by name, by use, figures by colour and form, signs by their word."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from random import Random
from typing import NamedTuple

from mibench.cards import TaskCard
from mibench.data.mini.visual.canvas import Box, Canvas, Colour, Pen
from mibench.data.mini.visual.lettering import text_width, write
from mibench.data.mini.visual.rows import ROWS, box_text, picture_row
from mibench.data.mini.visual.scenery import OUTLINE, SIDE
from mibench.data.mini.visual.shapes import COLOURS, INK, PAPER, SHAPES, draw_shape
from mibench.data.mini.visual.things import THINGS
from mibench.data.mini.visual.words import PLACES
from mibench.data.rows import Row

PICTURES = 4
_LONGEST_WORD = 7
"""Letters that are still easy to read on a small sign."""
_GROUNDS: tuple[Colour, ...] = (PAPER, (226, 236, 230), (230, 232, 244), (244, 234, 226))

Show = Callable[[Pen], None]


class _Question(NamedTuple):
    """What is asked, and the four things in the picture; the first is the one meant."""

    text: str
    things: Sequence[Show]


def grounded_vqa(card: TaskCard, seed: int) -> Iterator[Row]:
    """Yield groups of four pictures with the same four boxes; what is asked for lies in each box once."""
    for group in range(ROWS // PICTURES):
        random = Random(f"{card.name}:{seed}:{group}")
        question = _KINDS[group % len(_KINDS)](random)
        boxes = _boxes(random)
        ground = random.choice(_GROUNDS)
        for number, name in enumerate("abcd"):
            things = [question.things[(place - number) % PICTURES] for place in range(PICTURES)]
            yield picture_row(
                card,
                group,
                name,
                fields={"question": question.text},
                options=[box_text(box) for box in boxes],
                target=box_text(boxes[number]),
                draw=partial(_draw, things, boxes, ground),
            )


def _boxes(random: Random) -> list[Box]:
    """Return four boxes that do not touch, in an order that tells nothing of their place."""
    boxes: list[Box] = []
    for x, y in ((62, 62), (162, 62), (62, 162), (162, 162)):
        half, across, down = random.uniform(32, 40), random.uniform(-8, 8), random.uniform(-8, 8)
        left, top, right, bottom = x + across - half, y + down - half, x + across + half, y + down + half
        boxes.append((round(left), round(top), round(right), round(bottom)))
    return random.sample(boxes, len(boxes))


def _draw(things: Sequence[Show], boxes: Sequence[Box], ground: Colour) -> bytes:
    canvas = Canvas(SIDE, SIDE, ground)
    for thing, (left, top, right, bottom) in zip(things, boxes, strict=True):
        thing(Pen(canvas, ((left + right) / 2, (top + bottom) / 2), (right - left) / 2, outline=OUTLINE))
    return canvas.png()


def _by_name(random: Random) -> _Question:
    names = random.sample(list(THINGS), PICTURES)
    noun = f"are the {names[0]}" if names[0] == "scissors" else f"is the {names[0]}"
    text = random.choice(["Which of these things {}?", "Which part of the picture {}?"]).format(noun)
    return _Question(text, [THINGS[name].draw for name in names])


def _by_use(random: Random) -> _Question:
    things = random.sample(list(THINGS.values()), PICTURES)
    text = random.choice(["Which thing would you use to {}?", "Which of these do you need to {}?"])
    return _Question(text.format(things[0].use), [thing.draw for thing in things])


def _by_form(random: Random) -> _Question:
    (shape, other_shape), (colour, other_colour) = random.sample(list(SHAPES), 2), random.sample(list(COLOURS), 2)
    pairs = [(shape, colour), (shape, other_colour), (other_shape, colour), (other_shape, other_colour)]
    figures = [partial(draw_shape, shape=shape, colour=colour) for shape, colour in pairs]
    return _Question(f"Which figure is the {colour} {shape}?", figures)


def _by_word(random: Random) -> _Question:
    words = random.sample([word for word in PLACES if len(word) <= _LONGEST_WORD], PICTURES)
    return _Question(f"Which sign says {words[0].upper()}?", [partial(_sign, word=word) for word in words])


def _sign(pen: Pen, word: str) -> None:
    pen.box((-0.08, 0, 0.08, 0.95), (150, 104, 66))
    pen.box((-1, -0.6, 1, 0.2), (252, 251, 246), 0.08)
    write(pen, word, (0, -0.2), min(0.4, 1.8 / text_width(word, 1)), INK)


_KINDS: tuple[Callable[[Random], _Question], ...] = (_by_name, _by_use, _by_form, _by_word)
