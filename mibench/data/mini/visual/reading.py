"""Questions that are answered by reading: shop signs, house numbers, price tags, buses, posters."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from random import Random
from typing import NamedTuple

from mibench.cards import TaskCard
from mibench.data.mini.visual.canvas import Pen, shade
from mibench.data.mini.visual.lettering import text_width, write
from mibench.data.mini.visual.rows import ROWS, picture_row
from mibench.data.mini.visual.scenery import (
    DAY,
    DUSK,
    GRASS,
    ROOFS,
    SIDE,
    WALLS,
    House,
    cloud,
    house,
    land,
    new_scene,
    tree,
)
from mibench.data.mini.visual.shapes import COLOURS, INK
from mibench.data.mini.visual.things import THINGS
from mibench.data.mini.visual.words import ANIMALS, GOODS, MOODS, PLACES, TOWNS
from mibench.data.rows import Row

PICTURES = 4
_WHITE = (252, 251, 246)

Draw = Callable[[Sequence[str]], bytes]


class _Question(NamedTuple):
    """What is asked of a group, the texts that may stand in its pictures, and how they are drawn.

    Attributes:
        places: how many texts a picture shows; the first place is the one asked about.
        texts: to be drawn from without repetition.

    """

    text: str
    places: int
    texts: Sequence[str]
    draw: Draw


def text_vqa(card: TaskCard, seed: int) -> Iterator[Row]:
    """Yield groups of four pictures under one question; what is read differs in all of them."""
    for group in range(ROWS // PICTURES):
        random = Random(f"{card.name}:{seed}:{group}")
        question = _KINDS[group % len(_KINDS)](random)
        answers = random.sample(question.texts, PICTURES)
        others = [text for text in question.texts if text not in answers]
        for name, answer in zip("abcd", answers, strict=True):
            shown = [answer, *random.sample(others, question.places - 1)]
            yield picture_row(
                card,
                group,
                name,
                fields={"question": question.text},
                target=answer.lower(),
                draw=partial(question.draw, shown),
            )


def fitted(pen: Pen, text: str, centre: tuple[float, float], width: float, height: float) -> None:
    """Write a line as large as fits."""
    write(pen, text, centre, min(height, width / text_width(text, 1)), INK)


def _shops(random: Random) -> _Question:
    colours = random.sample(list(COLOURS), 3)
    order = random.sample(range(3), 3)
    sky = random.choice([DAY, DUSK])

    def draw(texts: Sequence[str]) -> bytes:
        canvas, pen = new_scene(sky)
        pen.box((-10, 200, SIDE + 10, SIDE + 10), (190, 186, 180))
        for text, colour, place in zip(texts, colours, order, strict=True):
            top = 6 + place * 66
            pen.box((14, top + 26, 210, top + 66), (240, 232, 218))
            pen.box((150, top + 34, 180, top + 66), shade(COLOURS[colour], 0.8))
            pen.box((34, top + 34, 124, top + 58), (180, 210, 226), 2)
            pen.box((10, top + 2, 214, top + 28), COLOURS[colour], 3)
            pen.box((24, top + 5, 200, top + 25), _WHITE, 2)
            fitted(pen, text, (112, top + 15), 164, 13)
        return canvas.png()

    question = random.choice(["What is written on the {} sign?", "Which word stands on the sign with the {} frame?"])
    return _Question(question.format(colours[0]), 3, PLACES, draw)


def _numbers(random: Random) -> _Question:
    roofs = random.sample([("red", ROOFS[0]), ("purple", ROOFS[1]), ("green", ROOFS[3])], 2)
    places = random.sample([62.0, 164.0], 2)
    walls = [random.choice(WALLS) for _ in roofs]

    def draw(texts: Sequence[str]) -> bytes:
        canvas, pen = new_scene(DAY)
        cloud(pen, 112, 34)
        land(pen, 140, GRASS)
        for text, (_, roof), x, wall in zip(texts, roofs, places, walls, strict=True):
            house(pen, House(x, 190, 92, wall, roof))
            pen.box((x - 16, 141, x + 16, 157), _WHITE, 2)
            fitted(pen, text, (x, 149), 24, 11)
        return canvas.png()

    question = f"What is the number of the house with the {roofs[0][0]} roof?"
    return _Question(question, 2, [str(number) for number in range(11, 99)], draw)


def _prices(random: Random) -> _Question:
    things = [THINGS[name] for name in random.sample([name for name in THINGS if name != "scissors"], 3)]
    order = random.sample(range(3), 3)

    def draw(texts: Sequence[str]) -> bytes:
        canvas, pen = new_scene((240, 232, 220))
        pen.box((-10, 132, SIDE + 10, 148), (170, 120, 74))
        for text, thing, place in zip(texts, things, order, strict=True):
            x = 42 + place * 70
            thing.draw(pen.at(x, 98, 30))
            pen.line([(x, 148), (x, 160)], 1.5, INK)
            pen.box((x - 29, 158, x + 29, 182), _WHITE, 3)
            fitted(pen, text, (x, 170), 48, 12)
        return canvas.png()

    prices = [f"{whole}.{cents}" for whole in range(1, 10) for cents in ("20", "35", "50", "75", "90")]
    return _Question(f"What does the {things[0].name} cost?", 3, prices, draw)


def _bus(random: Random) -> _Question:
    colour = COLOURS[random.choice(list(COLOURS))]
    town, line = random.choice(TOWNS), str(random.randint(10, 98))

    def draw(town: str, line: str) -> bytes:
        canvas, pen = new_scene(DAY)
        land(pen, 120, GRASS)
        tree(pen, 24, 140, 60)
        pen.box((-10, 168, SIDE + 10, SIDE + 10), (150, 150, 156))
        pen.box((22, 84, 202, 184), colour, 10)
        for x in (34, 74, 114):
            pen.box((x, 116, x + 32, 146), (196, 222, 234), 3)
        pen.box((156, 112, 194, 178), (196, 222, 234), 3)
        pen.box((32, 90, 192, 109), (30, 32, 44), 3)
        write(pen, town, (112, 99.5), 10, (252, 220, 110))
        pen.box((60, 150, 110, 174), _WHITE, 3)
        fitted(pen, line, (85, 162), 40, 14)
        for x in (60, 164):
            pen.disc(x, 186, 15, (44, 44, 52))
            pen.disc(x, 186, 6, (180, 180, 186))
        return canvas.png()

    if random.random() < 0.5:
        return _Question("Where does this bus go?", 1, TOWNS, lambda texts: draw(texts[0], line))
    lines = [str(number) for number in range(10, 99)]
    return _Question("Which line is this bus?", 1, lines, lambda texts: draw(town, texts[0]))


def _poster(random: Random) -> _Question:
    lines = ("first", "second", "third")
    asked = random.randrange(3)
    ground = random.choice([(252, 236, 190), (220, 236, 226), (240, 222, 226)])
    frame = COLOURS[random.choice(list(COLOURS))]

    def draw(texts: Sequence[str]) -> bytes:
        canvas, pen = new_scene((214, 208, 200))
        pen.box((28, 20, 196, 204), frame, 4)
        pen.box((36, 28, 188, 196), ground, 2)
        shown = list(texts[1:])
        shown.insert(asked, texts[0])
        for place, text in enumerate(shown):
            fitted(pen, text, (112, 62 + place * 50), 136, 18)
        return canvas.png()

    question = f"Which word is on the {lines[asked]} line of the poster?"
    return _Question(question, 3, [*MOODS, *ANIMALS, *GOODS], draw)


_KINDS: tuple[Callable[[Random], _Question], ...] = (_shops, _numbers, _prices, _bus, _poster)
