"""Boxes in the data: left, top, right and bottom edge in pixels, as `10 20 60 80`."""

import re
from collections.abc import Iterator
from typing import NamedTuple

_NUMBER = r"-?\d{1,9}(?:\.\d{1,20})?(?:e-?\d{1,2})?"
_FOUR = rf"{_NUMBER} {_NUMBER} {_NUMBER} {_NUMBER}"
_BOX = re.compile(_FOUR, re.ASCII)
_NAMED = re.compile(rf"(\S[^.]{{0,80}}?) is in ({_FOUR})\.", re.ASCII)

LONGEST = 100_000
"""Characters in which boxes are looked for; the longest honest field has some thousands."""


class Box(NamedTuple):
    """Four edges in pixels."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def encloses(self) -> bool:
        """Whether it has an inside."""
        return self.left < self.right and self.top < self.bottom

    def meets(self, width: int, height: int) -> bool:
        """Tell whether a part of it lies on a picture of this size."""
        return self.left < width and self.top < height and self.right > 0 and self.bottom > 0


def read_box(text: str) -> Box | None:
    """Return the box that an option is; None where it is no box."""
    return Box(*map(float, text.split())) if _BOX.fullmatch(text) else None


def named_boxes(text: str) -> Iterator[tuple[str, Box]]:
    """Yield the boxes that a field tells by name, as `person 1 is in 10 20 60 80.`."""
    for name, edges in _NAMED.findall(text[:LONGEST]):
        yield name, Box(*map(float, edges.split()))
