"""Seven classes of disaster, among them none at all."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from random import Random

from mibench.cards import TaskCard
from mibench.data.mini.visual.canvas import Canvas, Colour, Pen
from mibench.data.mini.visual.rows import ROWS, picture_row
from mibench.data.mini.visual.scenery import (
    DAY,
    DUSK,
    EARTH,
    GRASS,
    NIGHT,
    ROOFS,
    SAND,
    SIDE,
    SNOW,
    STORM,
    WALLS,
    House,
    cloud,
    flame,
    house,
    land,
    moon,
    new_scene,
    rain,
    smoke,
    snowfall,
    sun,
    tree,
    water,
)
from mibench.data.rows import Row


def disaster_type_classification(card: TaskCard, seed: int) -> Iterator[Row]:
    """Yield pictures of places, as many of each class as of any other, give or take one."""
    for number in range(ROWS):
        label = card.answer.options[number % len(card.answer.options)]
        draw = partial(draw_disaster, label, f"{card.name}:{seed}:{number}")
        yield picture_row(card, number, "a", fields={}, target=label, draw=draw)


def draw_disaster(label: str, seed: str) -> bytes:
    """Return the picture of a place that a disaster of this class has struck."""
    return _SCENES[label](Random(seed)).png()


def _houses(random: Random, ground: float, size: float = 62) -> list[House]:
    places = random.choice([(58, 160), (50, 172), (44, 112, 180), (70, 150)])
    return [
        House(
            x + random.uniform(-6, 6),
            ground + random.uniform(0, 10),
            size * random.uniform(0.8, 1.0),
            random.choice(WALLS),
            random.choice(ROOFS),
        )
        for x in places
    ]


def _trees(pen: Pen, random: Random, ground: float, lean: float = 0) -> None:
    for x in (random.uniform(4, 24), random.uniform(200, 218)):
        tree(pen, x, ground + random.uniform(0, 8), random.uniform(50, 66), lean)


def _place(random: Random, sky: Colour, ground: Colour) -> tuple[Canvas, Pen, float]:
    horizon = random.uniform(126, 142)
    canvas, pen = new_scene(sky)
    land(pen, horizon, ground)
    return canvas, pen, horizon + 26


def _peace(random: Random) -> Canvas:
    night = random.random() < 0.3
    canvas, pen, ground = _place(random, NIGHT if night else random.choice([DAY, DUSK]), GRASS)
    (moon if night else sun)(pen, random.uniform(150, 200), random.uniform(26, 44))
    if not night:
        cloud(pen, random.uniform(40, 100), random.uniform(30, 56))
    _trees(pen, random, ground)
    for home in _houses(random, ground):
        house(pen, home, window=(250, 220, 120) if night else (120, 170, 206))
    if random.random() < 0.5:
        pen.ellipse(random.uniform(70, 150), ground + 40, 44, 12, (96, 158, 208))
    return canvas


def _fire(random: Random) -> Canvas:
    canvas, pen, ground = _place(random, random.choice([DUSK, NIGHT, DAY]), random.choice([GRASS, SAND]))
    _trees(pen, random, ground)
    homes = _houses(random, ground)
    burning = random.randrange(len(homes))
    for place, home in enumerate(homes):
        house(pen, home)
        if place == burning or random.random() < 0.4:
            smoke(pen, random, home.x, home.y - home.size, 6)
            for across, up, size in (
                (-0.34, 0.62, 0.5),
                (0.3, 0.66, 0.55),
                (0, 0.88, 0.62),
                (-0.3, 0.1, 0.36),
                (0.36, 0, 0.4),
            ):
                flame(pen, home.x + across * home.size, home.y - up * home.size, size * home.size)
    return canvas


def _flood(random: Random) -> Canvas:
    canvas, pen, ground = _place(random, random.choice([STORM, DAY]), GRASS)
    cloud(pen, random.uniform(40, 180), random.uniform(26, 50), (206, 212, 220))
    _trees(pen, random, ground)
    for home in _houses(random, ground, 72):
        house(pen, home)
    water(pen, ground - random.uniform(18, 34))
    return canvas


def _hurricane(random: Random) -> Canvas:
    canvas, pen, ground = _place(random, STORM, random.choice([GRASS, SAND]))
    x, y = random.uniform(70, 150), random.uniform(40, 56)
    across, down, arm = 1.0, 0.0, []
    for step in range(58):
        arm.append((x + across * (5 + step * 0.95), y + down * (5 + step * 0.95) * 0.62))
        across, down = across * 0.96 - down * 0.28, across * 0.28 + down * 0.96
    pen.line(arm, 9, (104, 114, 130))
    pen.line(arm, 4, (222, 228, 236))
    _trees(pen, random, ground, lean=0.45)
    for home in _houses(random, ground):
        house(pen, home, lean=0.06)
    for _ in range(9):
        at = random.uniform(0, SIDE), random.uniform(70, 190)
        pen.line([at, (at[0] + random.uniform(6, 12), at[1] + random.uniform(-4, 4))], 3, (120, 90, 66))
    rain(pen, random, 46, slant=-14)
    return canvas


def _landslide(random: Random) -> Canvas:
    canvas, pen, ground = _place(random, random.choice([DAY, STORM]), GRASS)
    top = random.uniform(34, 56)
    pen.polygon([(96, 240), (150, 120), (178, top), (240, top - 14), (240, 240)], (120, 150, 92))
    tree(pen, 206, top - 6, 40)
    homes = _houses(random, ground)
    for home in homes:
        house(pen, home)
    slide = [
        (186, top + 4),
        (222, top),
        (236, 240),
        (20, 240),
        (34, ground + 4),
        (84, ground - 12),
        (128, ground - 34),
        (158, 118),
    ]
    pen.polygon(slide, EARTH, 3)
    for _ in range(26):
        along = random.random()
        x, y = 190 - 130 * along + random.uniform(-12, 26), top + 30 + (ground - top) * along + random.uniform(0, 20)
        pen.disc(
            x, min(y, SIDE - 6), random.uniform(3, 8), random.choice([(122, 90, 64), (140, 136, 130), (104, 78, 58)])
        )
    return canvas


def _earthquake(random: Random) -> Canvas:
    canvas, pen, ground = _place(random, random.choice([DAY, DUSK]), random.choice([GRASS, SAND]))
    for side, home in enumerate(_houses(random, ground - 4)):
        lean = random.uniform(0.16, 0.3) * (1 if side % 2 else -1)
        house(pen, home, lean, window=(70, 80, 96))
        crack = [(-0.1 - lean, -0.7), (0.06, -0.5), (-0.06, -0.34), (0.1, -0.12)]
        pen.at(home.x + lean * 26, home.y, home.size).line(crack, 0.04, (60, 52, 52))
        for _ in range(7):
            x, y, half = home.x + random.uniform(-40, 40), home.y + random.uniform(-2, 8), random.uniform(3, 6)
            pen.box((x - half, y - half, x + half, y + half), random.choice([home.wall, home.roof, (150, 146, 142)]))
    x, fissure = random.uniform(-10, 20), []
    upper = ground + 30
    while x < SIDE + 20:
        fissure.append((x, upper + random.uniform(-9, 9)))
        x += random.uniform(14, 26)
    below = [(x, y + random.uniform(6, 14)) for x, y in reversed(fissure)]
    pen.polygon([*fissure, *below], (58, 46, 44))
    for x, y in fissure[1::2]:
        pen.line(
            [(x, y), (x + random.uniform(-14, 14), y + 22), (x + random.uniform(-20, 20), y + 34)], 2.4, (58, 46, 44)
        )
    return canvas


def _volcano(random: Random) -> Canvas:
    canvas, pen, ground = _place(random, random.choice([DUSK, NIGHT]), EARTH)
    x = random.uniform(96, 130)
    smoke(pen, random, x - 8, 62, 4)
    pen.polygon([(x - 86, ground), (x - 20, 66), (x + 20, 66), (x + 86, ground)], (92, 78, 78))
    lava = (240, 92, 40)
    pen.polygon([(x - 20, 66), (x + 20, 66), (x + 10, 92), (x + 16, 120), (x, 104), (x - 12, 134), (x - 10, 90)], lava)
    for _ in range(9):
        pen.line([(x + random.uniform(-30, 30), random.uniform(20, 62))], random.uniform(4, 7), lava)
    for home in _houses(random, ground + 24, 44):
        house(pen, home)
    return canvas


def _snowed_in(random: Random) -> Canvas:
    canvas, pen, ground = _place(random, (188, 200, 214), SNOW)
    _trees(pen, random, ground)
    for home in _houses(random, ground):
        house(pen, home)
        here = pen.at(home.x, home.y, home.size)
        here.polygon([(-0.66, -0.58), (0, -1.16), (0.66, -0.58), (0, -0.98)], SNOW, 0.04)
        here.ellipse(0, 0.05, 0.74, 0.36, SNOW)
    pen.box((-20, ground + 6, SIDE + 20, SIDE + 20), SNOW)
    snowfall(pen, random, 90)
    return canvas


def _drought(random: Random) -> Canvas:
    canvas, pen, ground = _place(random, (250, 226, 170), SAND)
    sun(pen, random.uniform(40, 180), random.uniform(28, 44))
    x = random.uniform(60, 160)
    bare = pen.at(x, ground + 4, 84)
    for branch in (
        [(0, 0), (0, -0.9)],
        [(0, -0.4), (-0.3, -0.8)],
        [(0, -0.5), (0.32, -0.84)],
        [(-0.16, -0.62), (-0.34, -0.6)],
    ):
        bare.line(branch, 0.07, (110, 84, 62))
    for y in range(int(ground) + 6, SIDE, 18):
        for left in range(-10, SIDE, 30):
            shift = random.uniform(-6, 6)
            points = [
                (left + shift, y),
                (left + 14 + shift, y + random.uniform(-5, 5)),
                (left + 26, y + random.uniform(-3, 9)),
            ]
            pen.line([*points, (points[2][0] + random.uniform(-6, 6), y + 18)], 2, (150, 112, 70))
    return canvas


def _other(random: Random) -> Canvas:
    return random.choice([_volcano, _snowed_in, _drought])(random)


_SCENES: Mapping[str, Callable[[Random], Canvas]] = {
    "earthquake": _earthquake,
    "fire": _fire,
    "flood": _flood,
    "hurricane": _hurricane,
    "landslide": _landslide,
    "not disaster": _peace,
    "other disaster": _other,
}
