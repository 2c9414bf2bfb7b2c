"""Strips of three panels with figures in free places: tinted strips, cards on a table, plates on a cloth."""

from collections.abc import Mapping
from functools import partial
from random import Random

from mibench.data.mini.seen.scene import STRIP, Mark, Scene
from mibench.data.mini.visual.canvas import Box, Canvas, Colour, Pen, shade
from mibench.data.mini.visual.scenery import OUTLINE
from mibench.data.mini.visual.shapes import COLOURS, SHAPES, draw_shape

PANELS = ("left", "middle", "right")

STYLES: Mapping[str, tuple[Colour, ...]] = {
    "strips": ((250, 244, 226), (232, 244, 238), (238, 238, 250)),
    "cards": ((132, 104, 84), (92, 112, 108), (110, 98, 128)),
    "plates": ((206, 220, 228), (228, 212, 206), (214, 222, 200)),
}
"""How the panels look, and colours of the ground."""

_WHITE: Colour = (254, 253, 249)
_RADII = (8, 13)
_GAP = 3
_MOST = 5


def panels(random: Random) -> Scene:
    """Draw three panels of one to five figures; the facts tell their number, and how often one kind occurs in all."""
    style = random.choice(list(STYLES))
    shapes, colours = random.sample(list(SHAPES), 3), random.sample(list(COLOURS), 3)
    kinds = [(shape, colour) for shape in shapes for colour in colours]
    counted, wanted = random.choice(kinds), random.randint(0, 4)
    others = [kind for kind in kinds if kind != counted]
    numbers = [random.randint(1, _MOST) for _ in PANELS]
    while sum(numbers) < wanted:
        numbers = [random.randint(1, _MOST) for _ in PANELS]
    shown = [counted] * wanted + [random.choice(others) for _ in range(sum(numbers) - wanted)]
    random.shuffle(shown)
    marks = _filled(random, style, numbers, shown)
    facts = {"colour": counted[1], "shape": counted[0], "number": str(wanted)}
    return _scene(random, style, marks, facts)


def panels_of_one_colour(random: Random) -> Scene:
    """Draw three panels of which one has two to five figures of one colour, and the others figures of several."""
    style = random.choice(list(STYLES))
    plain = random.choice(PANELS)
    colours = random.sample(list(COLOURS), 3)
    numbers, shown = [], []
    for panel in PANELS:
        number = random.randint(2, _MOST)
        used = [random.choice(colours)] * number
        while panel != plain and len(set(used)) == 1:
            used = [random.choice(colours) for _ in range(number)]
        numbers.append(number)
        shown += [(random.choice(list(SHAPES)), colour) for colour in used]
    return _scene(random, style, _filled(random, style, numbers, shown), {"plain": plain})


def panel_box(style: str, panel: str) -> Box:
    """Return a panel's box, in pixels."""
    number, (width, height) = PANELS.index(panel), STRIP
    if style == "strips":
        return number * width / 3, 0, (number + 1) * width / 3, height
    middle, half = (2 * number + 1) * width / 6, 52
    return middle - half, height / 2 - half, middle + half, height / 2 + half


def _filled(random: Random, style: str, numbers: list[int], kinds: list[tuple[str, str]]) -> list[Mark]:
    """Put so many figures of these kinds into each panel."""
    marks, left = [], list(kinds)
    for panel, number in zip(PANELS, numbers, strict=True):
        inside, left = left[:number], left[number:]
        boxes = _boxes(random, style, panel, number)
        marks += [Mark(box, *kind, place=panel) for box, kind in zip(boxes, inside, strict=True)]
    return marks


def _boxes(random: Random, style: str, panel: str, number: int) -> list[Box]:
    """Return boxes in free places of a panel that do not touch."""
    left, top, right, bottom = panel_box(style, panel)
    x, y, half = (left + right) / 2, (top + bottom) / 2, (bottom - top) / 2 - 5
    placed: list[tuple[float, float, float]] = []
    while len(placed) < number:
        radius = random.uniform(*_RADII)
        across, down = random.uniform(radius - half, half - radius), random.uniform(radius - half, half - radius)
        if style == "plates" and across**2 + down**2 > (half - radius - 1) ** 2:
            continue
        if all(max(abs(across - a), abs(down - d)) > radius + r + _GAP for a, d, r in placed):
            placed.append((across, down, radius))
    return [(x + a - r, y + d - r, x + a + r, y + d + r) for a, d, r in placed]


def _scene(random: Random, style: str, marks: list[Mark], facts: dict[str, str]) -> Scene:
    random.shuffle(marks)
    draw = partial(_draw, style, tuple(marks), random.choice(STYLES[style]))
    return Scene(tuple(marks), draw, {**facts, "style": style}, *STRIP)


def _draw(style: str, marks: tuple[Mark, ...], ground: Colour) -> Canvas:
    canvas = Canvas(*STRIP, ground)
    pen = Pen(canvas)
    for panel in PANELS:
        _draw_panel(pen, style, panel_box(style, panel), ground)
    for mark in marks:
        left, _, right, _ = mark.box
        draw_shape(Pen(canvas, mark.centre, (right - left) / 2, outline=OUTLINE), mark.name, mark.colour)
    return canvas


def _draw_panel(pen: Pen, style: str, box: Box, ground: Colour) -> None:
    left, top, right, bottom = box
    if style == "strips":
        pen.box((left - 1.5, top - 4, left + 1.5, bottom + 4), shade(ground, 0.5))
    elif style == "cards":
        pen.box((left + 2, top + 3, right + 2, bottom + 3), shade(ground, 0.7), 8)
        pen.box(box, _WHITE, 8)
    else:
        x, y, radius = (left + right) / 2, (top + bottom) / 2, (right - left) / 2
        pen.disc(x, y, radius, shade(ground, 0.84))
        pen.disc(x, y, radius - 2.5, _WHITE)
