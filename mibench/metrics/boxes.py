"""Boxes as answers: does the box that was written overlap the right one?

A box is four numbers, left, top, right and bottom edge in pixels, as the options of a region task are written.
Overlap is intersection over union, IoU (Everingham et al., 2010, The PASCAL Visual Object Classes Challenge).
"""

import re
from collections.abc import Sequence

from mibench.metrics.references import References
from mibench.metrics.remember import remembered

Box = tuple[float, float, float, float]

_NUMBER = re.compile(r"(?:(?<!\d)-)?\d+(?:\.\d+)?", re.ASCII)
_LONGEST_NUMBER = 20
ENOUGH = 0.5
"""The IoU from which two boxes count as the same."""


def accuracy_iou(prediction: str, references: References) -> float:
    """Answer the question: of the boxes on offer, does the one that was written overlap the right one most?

    Forgives a box that is a few pixels off, as `accuracy`, the paper's exact match, does not. An answer that is not
    one box, or overlaps no option, is wrong; options that overlap it equally share the point.
    """
    answer = read_box(prediction)
    nearest = _nearest(answer, references.options) if answer else []
    return sum(option in references.targets for option in nearest) / len(nearest) if nearest else 0.0


def accuracy_iou50(prediction: str, references: References) -> float:
    """Answer the question: does the box that was written lie on the right one, with an IoU of 0.5 or more?

    Asks nothing of the other options, so that it also judges a model that was shown none.
    """
    answer = read_box(prediction)
    return float(answer is not None and any(_overlap_with(answer, target) >= ENOUGH for target in references.targets))


@remembered
def read_box(text: str) -> Box | None:
    """Return the box that a text writes: exactly four numbers, whatever stands between; None where it is no box."""
    numbers = _NUMBER.findall(text)
    if len(numbers) != 4 or any(len(number) > _LONGEST_NUMBER for number in numbers):
        return None
    left, top, right, bottom = map(float, numbers)
    return (left, top, right, bottom) if left < right and top < bottom else None


def iou(one: Box, other: Box) -> float:
    """Return the area that two boxes share, over the area that either covers, in [0, 1]."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / (_area(one) + _area(other) - shared)


def _nearest(answer: Box, options: Sequence[str]) -> list[str]:
    """Return the options that a box overlaps most; those that it equals need no comparison."""
    boxes = {option: box for option in options if (box := read_box(option))}
    if equal := [option for option, box in boxes.items() if box == answer]:
        return equal
    overlaps = {option: iou(answer, box) for option, box in boxes.items()}
    best = max(overlaps.values(), default=0.0)
    return [option for option, overlap in overlaps.items() if overlap == best > 0]


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _overlap_with(answer: Box, text: str) -> float:
    box = read_box(text)
    return iou(answer, box) if box else 0.0
