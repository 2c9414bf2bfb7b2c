"""True, false, or hidden: one sentence about what a box holds, a sign says, a curtain or a cloth covers."""

from collections.abc import Callable, Iterator
from functools import partial
from random import Random
from typing import NamedTuple

from mibench.cards import TaskCard
from mibench.data.mini.visual.canvas import Canvas, Colour, Pen, shade
from mibench.data.mini.visual.lettering import text_width, write
from mibench.data.mini.visual.rows import ROWS, a, picture_row
from mibench.data.mini.visual.scenery import DAY, GRASS, OUTLINE, SIDE, land, new_scene, tree
from mibench.data.mini.visual.shapes import COLOURS, INK, PAPER, SHAPES, draw_shape
from mibench.data.mini.visual.things import THINGS
from mibench.data.mini.visual.words import PLACES
from mibench.data.rows import Row

_CARTON: Colour = (204, 164, 116)
_CLOTHS: tuple[Colour, ...] = ((168, 72, 92), (72, 104, 150), (96, 132, 92), (150, 120, 168))

Show = Callable[[Pen], None]


class _Claim(NamedTuple):
    """A sentence, what makes it true, what makes it false, and the place that shows or hides either."""

    text: str
    truth: Show
    falsehood: Show
    place: Callable[[Show | None, Random], Canvas]


def visual_entailment(card: TaskCard, seed: int) -> Iterator[Row]:
    """Yield groups of three pictures under one sentence: it is so, it is not, it can't be seen."""
    labels = card.answer.options
    for number in range(ROWS):
        group, variant = divmod(number, len(labels))
        claim = _claim(group, Random(f"{card.name}:{seed}:{group}"))
        shown = {"yes": claim.truth, "no": claim.falsehood, "not sure": None}[labels[variant]]
        draw = partial(_draw, claim, shown, f"{card.name}:{seed}:{group}:look")
        yield picture_row(card, group, "abc"[variant], fields={"text": claim.text}, target=labels[variant], draw=draw)


def _draw(claim: _Claim, shown: Show | None, seed: str) -> bytes:
    return claim.place(shown, Random(seed)).png()


def _claim(group: int, random: Random) -> _Claim:
    if group % 4 == 0:
        (colour, other), shapes = random.sample(list(COLOURS), 2), random.sample(list(SHAPES), 2)
        wrong = random.choice([(shapes[0], other), (shapes[1], colour)])
        text = f"There is {a(colour)} {shapes[0]} in the box."
        return _Claim(text, _figure(shapes[0], colour), _figure(*wrong), _carton)
    if group % 4 == 1:
        word, wrong_word = random.sample(PLACES, 2)
        return _Claim(f"The sign says {word.upper()}.", _word(word), _word(wrong_word), _sign)
    thing, wrong_thing = random.sample(list(THINGS.values()), 2)
    where = "in the window" if group % 4 == 2 else "on the table"
    text = f"There is {thing.article} {thing.name} {where}."
    if thing.article.endswith("pair of"):
        text = f"There are {thing.name} {where}."
    return _Claim(text, thing.draw, wrong_thing.draw, _window if group % 4 == 2 else _table)


def _figure(shape: str, colour: str) -> Show:
    return lambda pen: draw_shape(pen, shape, colour)


def _word(word: str) -> Show:
    height = min(0.6, 2.7 / text_width(word, 1))
    return lambda pen: write(pen, word, (0, 0), height, INK)


def _room(random: Random) -> tuple[Canvas, Pen]:
    canvas = Canvas(SIDE, SIDE, random.choice([PAPER, (232, 238, 240), (242, 232, 224)]))
    return canvas, Pen(canvas, outline=OUTLINE)


def _carton(shown: Show | None, random: Random) -> Canvas:
    canvas, pen = _room(random)
    pen.box((-10, 176, SIDE + 10, SIDE + 10), (206, 196, 182))
    x = random.uniform(100, 124)
    if shown is None:
        pen.box((x - 62, 84, x + 62, 190), _CARTON, 3)
        pen.polygon([(x - 68, 84), (x - 50, 62), (x + 74, 62), (x + 68, 84)], shade(_CARTON, 1.1), 1)
        pen.box((x - 9, 70, x + 9, 112), (232, 222, 196))
    else:
        pen.polygon([(x - 62, 84), (x - 92, 64), (x - 84, 58), (x - 48, 74)], shade(_CARTON, 1.1))
        pen.polygon([(x + 62, 84), (x + 92, 64), (x + 84, 58), (x + 48, 74)], shade(_CARTON, 1.1))
        pen.box((x - 62, 74, x + 62, 190), shade(_CARTON, 0.62), 3)
        shown(pen.at(x, 122, 38))
        pen.box((x - 62, 168, x + 62, 190), _CARTON, 3)
    return canvas


def _sign(shown: Show | None, random: Random) -> Canvas:
    canvas, pen = new_scene(DAY)
    land(pen, 150, GRASS)
    tree(pen, random.uniform(14, 30), 176, 80)
    pen.box((106, 90, 118, 204), (150, 104, 66), 2)
    pen.box((32, 62, 192, 122), (250, 246, 232), 5)
    if shown is None:
        cloth = random.choice(_CLOTHS)
        pen.polygon(
            [(28, 56), (196, 56), (200, 132), (168, 126), (140, 134), (112, 127), (84, 134), (56, 126), (24, 132)],
            cloth,
            2,
        )
        for x in (62, 112, 158):
            pen.line([(x, 64), (x + 4, 122)], 2, shade(cloth, 0.8))
    else:
        shown(pen.at(112, 92, 52))
    return canvas


def _window(shown: Show | None, random: Random) -> Canvas:
    wall = random.choice([(206, 150, 124), (188, 160, 132), (150, 168, 160)])
    canvas, pen = new_scene(wall)
    for row in range(0, SIDE, 22):
        for left in range(-40 + (row // 22 % 2) * 20, SIDE, 40):
            pen.line([(left, row), (left + 36, row)], 1.4, shade(wall, 0.88))
    pen.box((46, 34, 178, 186), (250, 248, 240), 3)
    if shown is None:
        cloth = random.choice(_CLOTHS)
        pen.box((56, 44, 168, 172), cloth)
        for x in range(66, 168, 14):
            pen.line([(x, 48), (x, 168)], 2, shade(cloth, 0.82))
    else:
        pen.box((56, 44, 168, 172), (196, 222, 234))
        shown(pen.at(112, 122, 44))
    pen.box((38, 172, 186, 186), (228, 220, 206), 2)
    return canvas


def _table(shown: Show | None, random: Random) -> Canvas:
    canvas, pen = _room(random)
    pen.box((-10, 170, SIDE + 10, SIDE + 10), (214, 200, 180))
    wood = random.choice([(178, 124, 72), (150, 106, 70)])
    for x in (34, 180):
        pen.box((x, 130, x + 11, 214), shade(wood, 0.8))
    pen.ellipse(112, 138, 98, 44, shade(wood, 0.8))
    pen.ellipse(112, 130, 98, 44, wood)
    if shown is None:
        cloth = random.choice(_CLOTHS)
        pen.polygon([(60, 148), (72, 84), (94, 66), (130, 66), (152, 84), (164, 148), (112, 160)], cloth, 4)
        for x in (92, 112, 132):
            pen.line([(x, 84), (x + (x - 112) * 0.4, 146)], 2, shade(cloth, 0.82))
    else:
        shown(pen.at(112, 122, 36))
    return canvas
