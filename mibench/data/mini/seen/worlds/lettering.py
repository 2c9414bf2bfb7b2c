"""Lettering: plaques in coloured frames, lines across a picture, things with a tag below each."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from random import Random

from mibench.data.mini.seen.scene import SIDE, Mark, Scene
from mibench.data.mini.seen.worlds.figures import GROUNDS
from mibench.data.mini.visual.canvas import Box, Canvas, Colour, Pen
from mibench.data.mini.visual.lettering import text_width, write
from mibench.data.mini.visual.scenery import DAY, DUSK, GRASS, NIGHT, OUTLINE, SAND, SNOW, cloud, land, moon, sun, tree
from mibench.data.mini.visual.shapes import COLOURS, INK
from mibench.data.mini.visual.things import THINGS
from mibench.data.mini.visual.words import ANIMALS, DEEDS, GOODS, MOODS, PLACES, TOWNS

LEXICONS: Mapping[str, Sequence[str]] = {
    kind: [word.lower() for word in words]
    for kind, words in {
        "animal": ANIMALS, "place": PLACES, "town": TOWNS, "mood": MOODS, "deed": DEEDS, "goods": GOODS,
    }.items()
}  # fmt: skip
"""What may be written, by kind; no word is of two kinds."""
KINDS: Mapping[str, str] = {word: kind for kind, words in LEXICONS.items() for word in words}
"""The kind of each word."""
NUMBERS = tuple(str(number) for number in range(10, 100))
PRICES = tuple(f"{whole}.{cents}" for whole in range(1, 10) for cents in ("20", "35", "50", "75", "90"))
LINES = ("first", "second", "third", "fourth")
"""Places of lines, from the top."""

_MARGIN = 6
_RIM: Colour = (24, 24, 30)
_WHITE: Colour = (255, 255, 255)
_INSIDES: tuple[tuple[Colour, Colour], ...] = (
    ((252, 251, 246), INK),
    ((250, 240, 204), (70, 50, 44)),
    ((44, 46, 60), (250, 244, 226)),
)
"""Colours of a plaque's inside and of the letters on it."""
_SKIES: tuple[tuple[Colour, Colour], ...] = ((DAY, GRASS), (DUSK, SAND), (NIGHT, GRASS), (DAY, SNOW), (DUSK, GRASS))
_PLAIN_DARK: tuple[Colour, ...] = ((60, 84, 96), (98, 66, 84), (70, 92, 70), (88, 88, 104))

Paint = Callable[[Pen], None]


def plaques(random: Random) -> Scene:
    """Draw two to four plaques at free places, each with one word or number."""
    count = random.randint(2, 4)
    colours = random.sample(list(COLOURS), count)
    sizes = [random.choice(("small", "large")) for _ in colours]
    heights = [random.uniform(9, 12) if size == "small" else random.uniform(14, 18) for size in sizes]
    boxes = None
    while boxes is None:
        texts = _texts(random, count, {NUMBERS: 0.3})
        boxes = _placed(random, [(text_width(t, h) + 18, h + 16) for t, h in zip(texts, heights, strict=True)], 7)
    insides = [random.choice(_INSIDES) for _ in texts]
    marks = [Mark(box, "plaque", colour, size) for box, colour, size in zip(boxes, colours, sizes, strict=True)]
    words = [
        Mark(_around(box, text, height), "word", size=size, word=text)
        for box, text, height, size in zip(boxes, texts, heights, sizes, strict=True)
    ]
    looks = list(zip(boxes, colours, insides, texts, heights, strict=True))
    return Scene((*marks, *words), partial(_draw_plaques, looks, random.choice(GROUNDS)))


def lines(random: Random) -> Scene:
    """Draw one to four lines at free heights, of one to three words each and of one to six words in all."""
    total = random.randint(1, 6)
    counts = [1] * random.randint(-(-total // 3), min(total, len(LINES)))
    while sum(counts) < total:
        counts[random.choice([line for line, count in enumerate(counts) if count < 3])] += 1
    words = _texts(random, total, {})
    dark = random.random() < 0.3
    ground, marks = _ground(random, plain=dark)
    looks = []
    for place, top, count in zip(LINES, _heights(random, len(counts)), counts, strict=False):
        line, words = words[:count], words[count:]
        text = " ".join(line)
        height = min(random.uniform(10, 18), (SIDE - 2 * _MARGIN) / text_width(text, 1))
        half = text_width(text, height) / 2
        x, y = random.uniform(_MARGIN + half, SIDE - _MARGIN - half), top + random.uniform(12, 22)
        looks.append((text, (x, y), height))
        step = text_width("..", height) - text_width(".", height)
        for number, word in enumerate(line):
            start = x - half + step * sum(len(before) + 1 for before in line[:number])
            box = (start - 2, y - height / 2 - 2, start + text_width(word, height) + 2, y + height / 2 + 2)
            marks.append(Mark(box, "word", word=word, place=place))
    return Scene(tuple(marks), partial(_draw_lines, ground, looks, dark), {"words": str(total)})


def tagged_things(random: Random) -> Scene:
    """Draw two or three things at free places, each with a tag below it that carries a word, a price or a number."""
    things = random.sample(list(THINGS), random.choice((2, 3, 3)))
    radii = [random.uniform(18, 25) for _ in things]
    heights = [random.uniform(9, 11) for _ in things]
    boxes = None
    while boxes is None:
        texts = _texts(random, len(things), {NUMBERS: 0.2, PRICES: 0.3})
        sizes = [
            (max(text_width(text, height) + 12, 2 * radius), 2 * radius + height + 13)
            for text, height, radius in zip(texts, heights, radii, strict=True)
        ]
        boxes = _placed(random, sizes, 9)
    marks: list[Mark] = []
    for (left, top, right, bottom), thing, text, height, radius in zip(
        boxes, things, texts, heights, radii, strict=True
    ):
        x, half = (left + right) / 2, text_width(text, height) / 2 + 6
        tag = (x - half, bottom - height - 9, x + half, bottom)
        marks.append(Mark((x - radius, top, x + radius, top + 2 * radius), thing))
        marks += [Mark(tag, "tag"), Mark(_around(tag, text, height), "word", word=text)]
    draw = partial(_draw_tagged, tuple(marks), heights, random.choice(GROUNDS))
    return Scene(tuple(marks), draw)


def lettered(scene: Scene) -> list[Mark]:
    """Return the marks of what is written in a picture."""
    return [mark for mark in scene.marks if mark.word]


def written_words(scene: Scene) -> list[Mark]:
    """Return the marks of the words of a picture, without numbers and prices."""
    return [mark for mark in scene.marks if mark.word in KINDS]


def line_marks(scene: Scene) -> dict[str, list[Mark]]:
    """Return the words of a picture of lines by the lines' places, each from left to right."""
    found: dict[str, list[Mark]] = {}
    for mark in lettered(scene):
        found.setdefault(mark.place, []).append(mark)
    return {place: sorted(marks, key=lambda mark: mark.box[0]) for place, marks in found.items()}


def bounding_box(marks: Sequence[Mark]) -> Box:
    """Return the smallest box around all of these."""
    lefts, tops, rights, bottoms = zip(*(mark.box for mark in marks), strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def _texts(random: Random, count: int, others: Mapping[Sequence[str], float]) -> list[str]:
    """Return different texts: each a word of a kind of chance, or one of the other texts with their probability."""
    texts: list[str] = []
    while len(texts) < count:
        pools = [*others, LEXICONS[random.choice(list(LEXICONS))]]
        pool = random.choices(pools, [*others.values(), 1 - sum(others.values())])[0]
        text = random.choice(pool)
        if text not in texts:
            texts.append(text)
    return texts


def _placed(random: Random, sizes: Sequence[tuple[float, float]], gap: float) -> list[Box] | None:
    """Return a box of each size so that none are nearer than a gap; None where chance finds no room."""
    boxes: list[Box] = []
    for width, height in sizes:
        for _ in range(60):
            left = random.uniform(_MARGIN, SIDE - _MARGIN - width)
            top = random.uniform(_MARGIN, SIDE - _MARGIN - height)
            box = (left, top, left + width, top + height)
            if all(_apart(box, other, gap) for other in boxes):
                boxes.append(box)
                break
        else:
            return None
    return boxes


def _apart(box: Box, other: Box, gap: float) -> bool:
    across = max(box[0] - other[2], other[0] - box[2])
    return across >= gap or max(box[1] - other[3], other[1] - box[3]) >= gap


def _heights(random: Random, count: int) -> list[float]:
    """Return where the rooms of lines begin: in order, and none within another."""
    spare = SIDE - 36 * count
    cuts = sorted(random.uniform(0, spare) for _ in range(count))
    return [cut + 36 * line for line, cut in enumerate(cuts)]


def _around(frame: Box, text: str, height: float) -> Box:
    """Return the box of a word in the middle of a frame."""
    x, y, half = (frame[0] + frame[2]) / 2, (frame[1] + frame[3]) / 2, text_width(text, height) / 2
    return x - half - 2, y - height / 2 - 2, x + half + 2, y + height / 2 + 2


def _ground(random: Random, *, plain: bool) -> tuple[tuple[Colour, list[Paint]], list[Mark]]:
    """Return the colour of a picture and what is painted on it, and the marks of that."""
    if plain or random.random() < 0.35:
        return (random.choice(GROUNDS if plain else _PLAIN_DARK), []), []
    sky, earth = random.choice(_SKIES)
    horizon, x = random.uniform(110, 150), random.uniform(40, 184)
    paints: list[Paint] = [partial(land, horizon=horizon, colour=earth)]
    marks: list[Mark] = []
    y = random.uniform(26, 70)
    name, show = ("moon", moon) if sky == NIGHT else random.choice((("sun", sun), ("cloud", cloud)))
    reach = (36, 20) if name == "cloud" else (15, 15)
    paints.append(partial(show, x=x, y=y))
    marks.append(Mark((x - reach[0], y - reach[1], x + reach[0], y + reach[1]), name))
    if random.random() < 0.5:
        foot, size = (random.uniform(30, 194), horizon + random.uniform(30, 60)), random.uniform(50, 70)
        paints.append(partial(tree, x=foot[0], y=foot[1], size=size))
        half = 0.36 * size
        marks.append(Mark((foot[0] - half, foot[1] - 1.14 * size, foot[0] + half, foot[1]), "tree"))
    else:
        thing, middle = random.choice(list(THINGS.values())), (random.uniform(40, 184), horizon + 30)
        paints.append(lambda pen: thing.draw(pen.at(*middle, 30)))
        marks.append(Mark((middle[0] - 30, middle[1] - 30, middle[0] + 30, middle[1] + 30), thing.name))
    return (sky, paints), marks


def _draw_plaques(looks: Sequence[tuple[Box, str, tuple[Colour, Colour], str, float]], ground: Colour) -> Canvas:
    canvas = Canvas(SIDE, SIDE, ground)
    pen = Pen(canvas)
    for box, colour, (inside, ink), text, height in looks:
        left, top, right, bottom = box
        pen.box(box, COLOURS[colour], 3)
        pen.box((left + 4, top + 4, right - 4, bottom - 4), inside, 2)
        write(pen, text, ((left + right) / 2, (top + bottom) / 2), height, ink, weight=1.1)
    return canvas


def _draw_lines(
    ground: tuple[Colour, Sequence[Paint]], looks: Sequence[tuple[str, tuple[float, float], float]], dark: bool
) -> Canvas:
    canvas = Canvas(SIDE, SIDE, ground[0])
    for paint in ground[1]:
        paint(Pen(canvas, outline=OUTLINE))
    pen = Pen(canvas)
    for text, centre, height in looks:
        if dark:
            write(pen, text, centre, height, INK, weight=1.2)
        else:
            write(pen, text, centre, height, _RIM, weight=2.6)
            write(pen, text, centre, height, _WHITE, weight=1.1)
    return canvas


def _draw_tagged(marks: Sequence[Mark], heights: Sequence[float], ground: Colour) -> Canvas:
    canvas = Canvas(SIDE, SIDE, ground)
    pen = Pen(canvas, outline=OUTLINE)
    for thing, tag, word, height in zip(marks[::3], marks[1::3], marks[2::3], heights, strict=True):
        THINGS[thing.name].draw(pen.at(*thing.centre, (thing.box[2] - thing.box[0]) / 2))
        pen.box(tag.box, _WHITE, 3)
        write(Pen(canvas), word.word, word.centre, height, INK, weight=1.1)
    return canvas
