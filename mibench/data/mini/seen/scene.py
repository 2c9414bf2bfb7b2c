"""What a drawn picture of the seen world is made of, and what is known of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple

from mibench.data.mini.visual.canvas import Box, Canvas

SIDE = 224
"""Width and height of a square picture, in pixels."""

STRIP = (344, 120)
"""Width and height of a picture of three panels side by side, in pixels."""


class Mark(NamedTuple):
    """Something in a picture, as far as the one who drew it knows.

    Attributes:
        box: around it, in pixels of the picture.
        name: what it is, as "star" or "cup"; of lettering "word".
        colour: as the questions call it, where it has one.
        size: "small" or "large", where it has one.
        word: what is written there, in lower case; words of one line each have a mark of their own.
        place: where it is, as the questions of its world call that.

    """

    box: Box
    name: str
    colour: str = ""
    size: str = ""
    word: str = ""
    place: str = ""

    @property
    def centre(self) -> tuple[float, float]:
        """The middle of its box."""
        left, top, right, bottom = self.box
        return (left + right) / 2, (top + bottom) / 2


@dataclass(frozen=True)
class Scene:
    """A picture before it is painted.

    Attributes:
        marks: what questions may be about, in no order that tells an answer.
        draw: paints it.
        facts: what is true of the picture as a whole, by name.
        width: in pixels.
        height: in pixels.

    """

    marks: tuple[Mark, ...]
    draw: Callable[[], Canvas]
    facts: Mapping[str, str] = field(default_factory=dict)
    width: int = SIDE
    height: int = SIDE


World = Callable[[Random], Scene]
"""Draws the content of a picture by chance."""
