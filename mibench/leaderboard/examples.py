"""A few rows of a task as a model meets them, for its page: drawn ones, which no licence forbids to show."""

import itertools
import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from mibench.cards import TaskCard
from mibench.data.boxes import Box, named_boxes, read_box
from mibench.data.store import DataFolder
from mibench.errors import InputError
from mibench.instances import Instance
from mibench.leaderboard.pictures import picture_place
from mibench.pictures import picture_size
from mibench.prompts import render_request

COUNT = 3
LOOKED_THROUGH = 60
"""As many of the first rows are looked through for some that differ."""


class Shape(NamedTuple):
    """A box on a picture, with the name by which a text speaks of it."""

    box: Box
    label: str
    right: bool


class ExamplePicture(NamedTuple):
    """A picture at its place in the site, in pixels, with the boxes on it."""

    place: str
    width: int
    height: int
    shapes: Sequence[Shape]


class Option(NamedTuple):
    """One answer on offer; boxes have the label that they have on the picture."""

    text: str
    label: str
    right: bool


class Example(NamedTuple):
    """A row under one of the five wordings.

    Attributes:
        wording: 1 to 5.
        prompt: as a model reads it.
        targets: all accepted answers.

    """

    wording: int
    prompt: str
    picture: ExamplePicture | None
    options: Sequence[Option]
    targets: Sequence[str]


def write_examples(card: TaskCard, data: DataFolder, site: Path) -> list[Example]:
    """Return some rows that differ, each under another wording, and put their pictures into the site.

    Raises:
        InputError: the data cannot be read.

    """
    chosen = _differing(itertools.islice(data.instances(card.name), LOOKED_THROUGH))
    return [_example(card, data, instance, wording, site) for wording, instance in enumerate(chosen, 1)]


def _differing(instances: Iterable[Instance]) -> list[Instance]:
    """Choose the first row, then, as far as there are any, the first of another group and with another answer."""
    rows = list(instances)
    chosen = list[Instance]()
    while rows and len(chosen) < COUNT:
        groups, targets = {row.group for row in chosen}, {row.targets[0] for row in chosen}
        other = [(row.group not in groups, row.targets[0] not in targets) for row in rows]
        chosen.append(rows.pop(other.index(max(other))))
    return chosen


def _example(card: TaskCard, data: DataFolder, instance: Instance, wording: int, site: Path) -> Example:
    request, region = render_request(card, instance, wording), card.answer.kind == "region"
    options = [
        Option(option, f"{number}" if region else "", option in instance.targets)
        for number, option in enumerate(request.options, 1)
    ]
    return Example(
        wording=wording,
        prompt=request.prompt,
        picture=_picture(data, card.name, instance, list(_shapes(instance, options)), site),
        options=options,
        targets=instance.targets,
    )


def _shapes(instance: Instance, options: Iterable[Option]) -> Iterator[Shape]:
    for text in instance.fields.values():
        for name, box in named_boxes(text):
            yield Shape(box, name, right=False)
    for option in options:
        if option.label and (found := read_box(option.text)):
            yield Shape(found, option.label, option.right)


def _picture(
    data: DataFolder, task: str, instance: Instance, shapes: Sequence[Shape], site: Path
) -> ExamplePicture | None:
    place = picture_place(data.world, task, instance.image) if instance.image else None
    if place is None or instance.image is None:
        return None
    source = data.folder(task) / instance.image
    if not source.is_file():
        raise InputError("a picture is missing", file=source, remedy="prepare the task anew")
    if not (site / place).exists():
        (site / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, site / place)
    return ExamplePicture(place, *picture_size(source), shapes)
