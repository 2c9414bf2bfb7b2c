"""A few rows of a task as a model meets them, for its page: drawn ones, which no licence forbids to show."""

import itertools
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from mibench.cards import TaskCard
from mibench.data.store import DataFolder
from mibench.instances import Instance
from mibench.leaderboard.pictures import copy_picture
from mibench.leaderboard.shapes import Shape, shapes_on
from mibench.pictures import picture_size
from mibench.prompts import render_request

COUNT = 3
LOOKED_THROUGH = 60
"""As many of the first rows are looked through for some that differ."""


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
        picture=_picture(data, card.name, instance, list(shapes_on(instance, card, request.options)), site),
        options=options,
        targets=instance.targets,
    )


def _picture(
    data: DataFolder, task: str, instance: Instance, shapes: Sequence[Shape], site: Path
) -> ExamplePicture | None:
    place = copy_picture(data, task, instance.image, site) if instance.image else None
    if place is None or instance.image is None:
        return None
    return ExamplePicture(place, *picture_size(data.folder(task) / instance.image), shapes)
