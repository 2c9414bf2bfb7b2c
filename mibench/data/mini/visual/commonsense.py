"""Why, what for, what next: a person and a thing whose use is known, or weather that explains a wish."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from random import Random
from typing import NamedTuple

from mibench.cards import TaskCard
from mibench.data.mini.visual.canvas import Box, Canvas, Colour, Pen
from mibench.data.mini.visual.rows import ROWS, box_text, picture_row
from mibench.data.mini.visual.scenery import (
    DAY,
    DUSK,
    GRASS,
    HAIR,
    NIGHT,
    ROOFS,
    SNOW,
    STORM,
    WALLS,
    House,
    Person,
    cloud,
    flame,
    house,
    land,
    moon,
    new_scene,
    person,
    rain,
    smoke,
    snowfall,
    sun,
    tree,
    water,
)
from mibench.data.mini.visual.shapes import COLOURS
from mibench.data.mini.visual.things import THINGS, Thing
from mibench.data.rows import Row

PICTURES = 4
_THING_RADIUS = 25
_GROUND = 196

_USES = (
    ("What does person 1 want object 2 for?", "Person 1 wants to {use}."),
    ("What will person 1 do next with object 2?", "Person 1 will {use}."),
    ("Why did person 1 bring object 2?", "Person 1 brought it to {use}."),
    ("What can person 1 do, now that object 2 is at hand?", "Person 1 can {use}."),
)

_WISHES = (
    "Why does person 1 want to be inside house 2?",
    "Why does person 1 look worried?",
    "Why does person 1 call out to the people in house 2?",
    "Why will person 1 not stay where person 1 is now?",
)

WEATHER: Mapping[str, str] = {
    "rain": "Because it is raining hard.",
    "snow": "Because snow is falling.",
    "night": "Because night has come.",
    "fire": "Because the house is on fire.",
    "flood": "Because the water is rising.",
}


class _Stage(NamedTuple):
    """What the pictures of a group share, so that their boxes tell nothing."""

    someone: Person
    lying: tuple[float, float]
    home: House
    sky: Colour


def commonsense_vqa(card: TaskCard, seed: int) -> Iterator[Row]:
    """Yield groups of four pictures: one question, four answers, each right for one picture."""
    for group in range(ROWS // PICTURES):
        random = Random(f"{card.name}:{seed}:{group}")
        stage = _Stage(
            someone=Person(
                random.uniform(74, 96),
                _GROUND + random.uniform(0, 10),
                random.uniform(96, 116),
                random.choice(list(COLOURS)),
                random.choice(HAIR),
            ),
            lying=(random.uniform(170, 192), random.uniform(176, 190)),
            home=House(
                random.uniform(158, 176), 152, random.uniform(66, 80), random.choice(WALLS), random.choice(ROOFS)
            ),
            sky=random.choice([DAY, DUSK]),
        )
        yield from (_weather_rows if group % 4 == 3 else _use_rows)(card, group, random, stage)


def _use_rows(card: TaskCard, group: int, random: Random, stage: _Stage) -> Iterator[Row]:
    things = random.sample(list(THINGS.values()), PICTURES)
    question, answer = random.choice(_USES)
    options = [answer.format(use=thing.use) for thing in things]
    held, lying = _held(stage.someone), stage.lying
    boxes = {"person 1": stage.someone.box, "object 2": _around(*held), "object 3": _around(*lying)}
    for number, thing in enumerate(things):
        other = things[(number + 1) % PICTURES]
        yield picture_row(
            card,
            group,
            "abcd"[number],
            fields={"question": question, "regions": _regions(boxes)},
            options=options,
            target=options[number],
            draw=partial(_draw_use, stage, thing, other),
        )


def _weather_rows(card: TaskCard, group: int, random: Random, stage: _Stage) -> Iterator[Row]:
    kinds = random.sample(list(WEATHER), PICTURES)
    question = random.choice(_WISHES)
    home = stage.home
    roof = (home.x - 0.62 * home.size, home.y - 1.1 * home.size, home.x + 0.62 * home.size, home.y)
    for number, kind in enumerate(kinds):
        yield picture_row(
            card,
            group,
            "abcd"[number],
            fields={"question": question, "regions": _regions({"person 1": stage.someone.box, "house 2": roof})},
            options=[WEATHER[kind] for kind in kinds],
            target=WEATHER[kind],
            draw=partial(_draw_weather, stage, kind, f"{card.name}:{group}:{kind}"),
        )


def _regions(boxes: Mapping[str, Box]) -> str:
    return " ".join(f"{name} is in {box_text(box)}." for name, box in boxes.items())


def _held(someone: Person) -> tuple[float, float]:
    x, y = someone.hand
    return x + _THING_RADIUS * 0.7, y - _THING_RADIUS * 0.5


def _around(x: float, y: float) -> Box:
    return x - _THING_RADIUS, y - _THING_RADIUS, x + _THING_RADIUS, y + _THING_RADIUS


def _draw_use(stage: _Stage, thing: Thing, other: Thing) -> bytes:
    canvas, pen = new_scene(stage.sky)
    sun(pen, 36, 34)
    cloud(pen, 150, 40)
    land(pen, 140, GRASS)
    tree(pen, 20, 168, 62)
    person(pen, stage.someone)
    _draw_things(pen, [(thing, _held(stage.someone)), (other, stage.lying)])
    return canvas.png()


def _draw_things(pen: Pen, placed: Sequence[tuple[Thing, tuple[float, float]]]) -> None:
    for thing, (x, y) in placed:
        thing.draw(pen.at(x, y, _THING_RADIUS))


def _draw_weather(stage: _Stage, kind: str, seed: str) -> bytes:
    random, home = Random(seed), stage.home
    skies: Mapping[str, Colour] = {"rain": STORM, "snow": (196, 206, 218), "night": NIGHT}
    canvas, pen = new_scene(skies.get(kind, stage.sky))
    if kind == "night":
        moon(pen, 180, 34)
    land(pen, 126, SNOW if kind == "snow" else GRASS)
    tree(pen, 22, 164, 60)
    house(pen, home, window=(250, 220, 120) if kind == "night" else (120, 170, 206))
    if kind == "fire":
        _burn(pen, random, home)
    person(pen, stage.someone)
    _draw_sky_fall(canvas, pen, kind, random)
    return canvas.png()


def _burn(pen: Pen, random: Random, home: House) -> None:
    smoke(pen, random, home.x, home.y - home.size, 5)
    for across, up in ((-0.34, 0.62), (0.32, 0.64), (0, 0.9)):
        flame(pen, home.x + across * home.size, home.y - up * home.size, 0.55 * home.size)


def _draw_sky_fall(canvas: Canvas, pen: Pen, kind: str, random: Random) -> None:
    if kind == "rain":
        for x in (50, 110, 176):
            cloud(pen, x, 28, (118, 126, 140), 1.1)
        rain(pen, random, 60, slant=3)
    elif kind == "snow":
        snowfall(pen, random, 90)
    elif kind == "flood":
        water(pen, 168)
