"""One or two people in a room, on a stage or at the beach, who hold things."""

from functools import partial
from random import Random

from mibench.data.mini.seen.scene import SIDE, Mark, Scene
from mibench.data.mini.visual.canvas import Box, Canvas, Colour, Pen, shade
from mibench.data.mini.visual.scenery import HAIR, OUTLINE, SAND, WATER, Person, person
from mibench.data.mini.visual.shapes import COLOURS
from mibench.data.mini.visual.things import THINGS

_WALLS: tuple[Colour, ...] = ((232, 220, 204), (212, 224, 230), (226, 214, 230), (220, 230, 212))
_CLOTHS: tuple[Colour, ...] = ((120, 52, 66), (62, 78, 112), (84, 74, 106))


def people_with_things(random: Random) -> Scene:
    """Draw one or two people in different colours; at least one holds a thing, whose place is the shirt."""
    count = random.randint(1, 2)
    middles = [random.uniform(44, 140)] if count == 1 else [random.uniform(26, 34), random.uniform(126, 150)]
    tallest, largest = (120, 24) if count == 1 else (100, 21)
    shirts = random.sample(list(COLOURS), count)
    people = [
        Person(x, random.uniform(196, 216), random.uniform(84, tallest), shirt, random.choice(HAIR))
        for x, shirt in zip(middles, shirts, strict=True)
    ]
    holders = people if random.random() < 0.6 else random.sample(people, 1)
    things = [
        Mark(_held(someone, random.uniform(18, largest)), name, place=someone.shirt)
        for someone, name in zip(holders, random.sample(list(THINGS), len(holders)), strict=True)
    ]
    marks = [Mark(someone.box, "person", someone.shirt) for someone in people]
    place, look = random.choice(list(_BACKGROUNDS)), (random.choice(_WALLS), random.choice(_CLOTHS))
    return Scene((*marks, *things), partial(_draw, place, look, people, things), {"people": str(count)})


def holders_of(scene: Scene) -> list[tuple[Mark, Mark]]:
    """Return the people who hold something, each with the thing."""
    people = {mark.colour: mark for mark in scene.marks if mark.name == "person"}
    return [(people[mark.place], mark) for mark in scene.marks if mark.name in THINGS]


def people_of(scene: Scene) -> list[Mark]:
    """Return the marks of the people; the colour is that of the shirt."""
    return [mark for mark in scene.marks if mark.name == "person"]


def _held(someone: Person, radius: float) -> Box:
    x, y = someone.hand[0] + 0.6 * radius, someone.hand[1] - 0.5 * radius
    return x - radius, y - radius, x + radius, y + radius


def _draw(place: str, look: tuple[Colour, Colour], people: list[Person], things: list[Mark]) -> Canvas:
    wall, cloth = look
    canvas = Canvas(SIDE, SIDE, wall)
    flat = Pen(canvas)
    _BACKGROUNDS[place](flat, wall, cloth)
    for someone in people:
        flat.ellipse(someone.x, someone.y, 0.22 * someone.height, 4, (90, 84, 84), 0.5)
        person(Pen(canvas, outline=OUTLINE), someone)
    for thing in things:
        left, _, right, _ = thing.box
        THINGS[thing.name].draw(Pen(canvas, thing.centre, (right - left) / 2, outline=OUTLINE))
    return canvas


def _room(flat: Pen, wall: Colour, cloth: Colour) -> None:
    flat.box((-4, 170, SIDE + 4, SIDE + 4), shade(wall, 0.78))
    flat.box((-4, 166, SIDE + 4, 171), shade(wall, 0.62))
    flat.box((96, 20, 150, 74), (250, 250, 248), 2)
    flat.box((101, 25, 145, 69), shade(cloth, 1.5))
    flat.disc(123, 47, 12, (244, 236, 210))


def _stage(flat: Pen, wall: Colour, cloth: Colour) -> None:
    for left in range(-6, SIDE, 26):
        flat.box((left, -4, left + 23, 180), shade(wall, 0.9))
    for side in (-10, 196):
        flat.box((side, -4, side + 38, 182), cloth, 6)
    flat.box((-4, -4, SIDE + 4, 22), cloth)
    flat.box((-4, 180, SIDE + 4, SIDE + 4), (170, 122, 82))


def _beach(flat: Pen, wall: Colour, cloth: Colour) -> None:
    flat.box((-4, 96, SIDE + 4, 150), WATER)
    flat.box((-4, 148, SIDE + 4, SIDE + 4), SAND)
    for x in range(10, SIDE, 40):
        flat.line([(x, 116), (x + 8, 112), (x + 16, 116)], 2, (160, 204, 232))


_BACKGROUNDS = {"room": _room, "stage": _stage, "beach": _beach}
