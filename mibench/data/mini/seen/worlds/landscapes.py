"""Land in all weathers, with houses in near and far rows, each of which has a fate of its own."""

from collections.abc import Mapping
from functools import partial
from random import Random
from typing import NamedTuple

from mibench.data.mini.seen.scene import SIDE, Mark, Scene
from mibench.data.mini.visual import scenery
from mibench.data.mini.visual.canvas import Box, Canvas, Colour, Pen, shade
from mibench.data.mini.visual.scenery import House, Person
from mibench.data.mini.visual.shapes import COLOURS

WEATHERS = ("rain", "snow", "fog", "thunderstorm", "clear sky")
TIMES = ("day", "dusk", "night")
GROUNDS: Mapping[str, Colour] = {
    "grass": scenery.GRASS,
    "sand": scenery.SAND,
    "snow": scenery.SNOW,
    "earth": scenery.EARTH,
    "water": scenery.WATER,
}
STATES = ("burning", "flooded", "leaning", "whole")
"""What a house may be like."""

NUMBERS = {"1": "one", "2": "two", "3": "three", "4": "four"}
"""How many houses a picture may show, in digits and in words."""

_CLEAR: Mapping[str, Colour] = {"day": (158, 208, 244), "dusk": (244, 190, 140), "night": (36, 42, 72)}
_DULL: Mapping[str, Colour] = {"day": (184, 196, 206), "dusk": (214, 164, 138), "night": (50, 56, 76)}
_CLOUDS: Mapping[str, Colour] = {"day": (120, 128, 142), "dusk": (146, 116, 116), "night": (84, 90, 110)}
_LIT: Colour = (250, 220, 120)
_PANE: Colour = (110, 150, 190)
_FAR, _NEAR = 118, 172


class _Home(NamedTuple):
    """A house, one of the states, and how far it leans to the right."""

    house: House
    state: str
    lean: float


class _Look(NamedTuple):
    """What is drawn besides the houses."""

    weather: str
    time: str
    ground: str
    trees: tuple[tuple[float, float, float], ...]
    someone: Person | None
    seed: str


def landscape(random: Random) -> Scene:
    """Draw one to four houses; a flooded one stands in a pool, and those on water stand on islands, never flooded."""
    weather, time, ground = random.choice(WEATHERS), random.choice(TIMES), random.choice(list(GROUNDS))
    states = [state for state in STATES if ground != "water" or state != "flooded"]
    count = random.randint(1, len(NUMBERS))
    slots = random.sample([34, 86, 138, 190], 4)
    far_first = random.random() < 0.5
    homes: list[_Home] = []
    marks: list[Mark] = []
    for slot in slots[:count]:
        near = (slot // 55 % 2 == 0) == far_first
        size = random.uniform(44, 50) if near else random.uniform(36, 42)
        y = (_NEAR if near else _FAR) + random.uniform(-4, 8)
        home = House(slot + random.uniform(-3, 3), y, size, random.choice(scenery.WALLS), random.choice(scenery.ROOFS))
        state = random.choice(states)
        lean = random.choice([-1, 1]) * random.uniform(0.24, 0.32)
        homes.append(_Home(home, state, lean if state == "leaning" else 0))
        marks.append(Mark(_around(home, lean), "house"))
    trees = tuple(
        (slot + random.uniform(-6, 6), _NEAR + random.uniform(0, 14), random.uniform(44, 58)) for slot in slots[count:]
    )[: random.randint(0, 2)]
    someone = None
    if random.random() < 0.4:
        someone = Person(
            random.uniform(20, 190), 218, random.uniform(42, 50), random.choice(list(COLOURS)), scenery.HAIR[0]
        )
    marks += [Mark((x - 0.36 * size, y - 1.14 * size, x + 0.36 * size, y), "tree") for x, y, size in trees]
    if someone is not None:
        marks.append(Mark(someone.box, "person", someone.shirt))
    look = _Look(weather, time, ground, trees, someone, f"landscape:{random.random()}")
    facts = {"weather": weather, "time": time, "ground": ground, "houses": str(count)}
    facts["states"] = " ".join(home.state for home in homes)
    return Scene(tuple(marks), partial(_draw, look, homes), facts)


def houses_of(scene: Scene) -> list[tuple[Mark, str]]:
    """Return the marks of the houses, each with its state."""
    houses = [mark for mark in scene.marks if mark.name == "house"]
    return list(zip(houses, scene.facts["states"].split(), strict=True))


def _around(home: House, lean: float) -> Box:
    """Return the box of a house that may lean; it is as wide around an upright one, so that it tells nothing."""
    left, right = 0.62 - min(0, 0.6 * lean), 0.62 + max(0, 0.6 * lean)
    edges = home.x - left * home.size, home.x + right * home.size
    return max(0, edges[0]), home.y - 1.12 * home.size, min(SIDE, edges[1]), home.y + 0.08 * home.size


def _draw(look: _Look, homes: list[_Home]) -> Canvas:
    random = Random(look.seed)
    dull = look.weather != "clear sky"
    canvas = Canvas(SIDE, SIDE, (_DULL if dull else _CLEAR)[look.time])
    flat, pen = Pen(canvas), Pen(canvas, outline=scenery.OUTLINE)
    _sky(flat, pen, look)
    flat.box((-4, 92, SIDE + 4, SIDE + 4), _dimmed(GROUNDS[look.ground], look.time))
    _ground(flat, look, random)
    for home in sorted(homes, key=lambda each: each.house.y):
        if look.ground == "water":
            flat.ellipse(home.house.x, home.house.y + 1, home.house.size * 0.72, 9, scenery.SAND)
        _house(pen, look, *home)
    for x, y, size in look.trees:
        if look.ground == "water":
            flat.ellipse(x, y + 1, 18, 6, scenery.SAND)
        scenery.tree(pen, x, y, size, 0.2 if look.weather == "thunderstorm" else 0)
    if look.someone is not None:
        if look.ground == "water":
            flat.ellipse(look.someone.x, 219, 18, 5, scenery.SAND)
        scenery.person(Pen(canvas, outline=0.8), look.someone)
    _weather(flat, look, random)
    return canvas


def _dimmed(colour: Colour, time: str) -> Colour:
    return shade(colour, {"day": 1, "dusk": 0.88, "night": 0.62}[time])


def _sky(flat: Pen, pen: Pen, look: _Look) -> None:
    if look.time == "dusk":
        flat.box((-4, 70, SIDE + 4, 96), (236, 120, 80))
        flat.disc(168, 92, 17, (240, 84, 60))
    elif look.time == "night":
        scenery.moon(flat, 182, 22)
    if look.time == "day" and look.weather == "clear sky":
        scenery.sun(pen, 44, 28)
        flat.ellipse(140, 30, 22, 6, (252, 252, 252))
    if look.weather in ("rain", "snow", "thunderstorm"):
        colour = shade(_CLOUDS[look.time], 0.72 if look.weather == "thunderstorm" else 1)
        for x, y in ((22, 10), (84, 16), (140, 8)):
            scenery.cloud(flat, x, y, colour, 1.15)


def _ground(flat: Pen, look: _Look, random: Random) -> None:
    colour = _dimmed(GROUNDS[look.ground], look.time)
    for y in range(104, SIDE, 20):
        x = random.uniform(0, 40)
        while x < SIDE:
            if look.ground == "grass":
                flat.line([(x - 3, y - 6), (x, y), (x + 3, y - 5)], 1.4, shade(colour, 0.78))
            elif look.ground == "water":
                flat.line([(x - 8, y), (x, y - 4), (x + 8, y)], 2, (150, 196, 230))
            elif look.ground == "sand":
                flat.disc(x, y, 1.2, shade(colour, 0.78))
            elif look.ground == "earth":
                flat.disc(x, y, random.uniform(1.5, 3.5), shade(colour, 0.72))
            x += random.uniform(34, 52)


def _house(pen: Pen, look: _Look, home: House, state: str, lean: float) -> None:
    leaning = state == "leaning"
    window = (60, 64, 76) if leaning else _LIT if look.time == "night" else _PANE
    scenery.house(pen, home, lean, window)
    here = pen.at(home.x, home.y, home.size)
    if look.ground == "snow" and not leaning:
        here.polygon([(-0.64, -0.58), (0, -1.14), (0.64, -0.58), (0, -0.92)], scenery.SNOW, 0.03)
    if leaning:
        here.line(
            [(lean * 0.6 - 0.1, -0.6), (lean * 0.45 + 0.06, -0.4), (lean * 0.2 - 0.04, -0.16)], 0.05, (50, 44, 44)
        )
        for x in (-0.5, -0.26, 0.2, 0.48):
            here.box((x - 0.08, -0.06, x + 0.08, 0.06), shade(home.wall, 0.8))
    elif state == "burning":
        for x, y, size in ((-0.32, -0.3, 0.42), (0.32, -0.3, 0.42), (0.04, -0.72, 0.44)):
            scenery.flame(pen, home.x + x * home.size, home.y + y * home.size, size * home.size)
    elif state == "flooded":
        here.box((-0.62, -0.36, 0.62, 0.1), scenery.WATER, 0.08)
        for x in (-0.44, -0.06, 0.3):
            here.line([(x, -0.16), (x + 0.08, -0.22), (x + 0.16, -0.16)], 0.04, (170, 210, 240))


def _weather(flat: Pen, look: _Look, random: Random) -> None:
    if look.weather == "rain":
        scenery.rain(flat, random, 70, slant=4)
    elif look.weather == "snow":
        for _ in range(80):
            x, y = random.uniform(0, SIDE), random.uniform(0, SIDE)
            flat.line([(x, y)], random.uniform(3.4, 5), scenery.SNOW)
    elif look.weather == "fog":
        for y in (58, 102, 146, 190):
            flat.box((-20, y - 13, SIDE + 20, y + 13), (222, 226, 230), 12, 0.62)
    elif look.weather == "thunderstorm":
        x = random.uniform(50, 110)
        flat.polygon([(x, 26), (x + 18, 26), (x + 8, 50), (x + 20, 50), (x - 10, 92), (x - 2, 60), (x - 12, 60)], _LIT)
