"""A picture with a line of letters at its top and another at its bottom, to be copied out."""

from collections.abc import Iterator, Sequence
from functools import partial
from random import Random

from mibench.cards import TaskCard
from mibench.data.mini.visual.canvas import Pen
from mibench.data.mini.visual.lettering import text_width, write
from mibench.data.mini.visual.rows import ROWS, picture_row
from mibench.data.mini.visual.scenery import DAY, DUSK, GRASS, NIGHT, SIDE, cloud, land, moon, new_scene, sun, tree
from mibench.data.mini.visual.things import THINGS
from mibench.data.mini.visual.words import ANIMALS, DEEDS, GOODS, MOODS
from mibench.data.rows import Row


def visual_text_extraction(card: TaskCard, seed: int) -> Iterator[Row]:
    """Yield pictures with words that nothing else in the picture hints at."""
    random = Random(f"{card.name}:{seed}")
    moods, animals, deeds, goods = (_dealt(random, words) for words in (MOODS, ANIMALS, DEEDS, GOODS))
    for number in range(ROWS):
        top = [next(moods), next(animals)]
        bottom = [next(deeds), *([next(moods)] if number % 2 else []), next(goods)]
        draw = partial(_draw, " ".join(top), " ".join(bottom), f"{card.name}:{seed}:{number}:look")
        yield picture_row(card, number, "a", fields={}, target=" ".join([*top, *bottom]), draw=draw)


def _dealt(random: Random, words: Sequence[str]) -> Iterator[str]:
    """Yield words as from packs of cards, so that none is much more frequent than another."""
    while True:
        yield from random.sample(words, len(words))


def _draw(top: str, bottom: str, seed: str) -> bytes:
    random = Random(seed)
    sky = random.choice([DAY, DUSK, NIGHT])
    canvas, pen = new_scene(sky)
    (moon if sky == NIGHT else sun)(pen, random.uniform(60, 180), 66)
    if sky != NIGHT:
        cloud(pen, random.uniform(40, 190), random.uniform(70, 90))
    land(pen, 132, GRASS)
    tree(pen, random.choice([24, 200]), 172, 62)
    thing = random.choice(list(THINGS.values()))
    thing.draw(pen.at(random.uniform(80, 144), 150, 32))
    for text, y in ((top, 22), (bottom, SIDE - 20)):
        _caption(pen, text, y)
    return canvas.png()


def _caption(pen: Pen, text: str, y: float) -> None:
    """Write white letters with a dark rim."""
    height = min(17, (SIDE - 20) / text_width(text, 1))
    write(pen, text, (SIDE / 2, y), height, (24, 24, 30), weight=2.6)
    write(pen, text, (SIDE / 2, y), height, (255, 255, 255), weight=1.1)
