"""The boxes that a row speaks of, to be drawn on its picture."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from mibench.cards import TaskCard
from mibench.data.boxes import Box, named_boxes, read_box
from mibench.instances import Instance


class Shape(NamedTuple):
    """A box in pixels, the name by which a text speaks of it, and whether it is the right answer."""

    box: Box
    label: str
    right: bool


def shapes_on(instance: Instance, card: TaskCard, options: Sequence[str]) -> Iterator[Shape]:
    """Yield the boxes that fields name, and of a task whose answers are boxes the options, numbered as given.

    Args:
        instance: the row.
        card: its task.
        options: those of the row, in the order in which they are numbered.

    """
    for text in instance.fields.values():
        for name, box in named_boxes(text):
            yield Shape(box, name, right=False)
    for number, option in enumerate(options, 1):
        if card.answer.kind == "region" and (found := read_box(option)):
            yield Shape(found, str(number), option in instance.targets)
