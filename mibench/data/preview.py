"""A contact sheet: pictures, prompts and answers on one HTML page that needs nothing else."""

import base64
import hashlib
import heapq
import io
import itertools
from collections.abc import Iterator, Sequence
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from mibench.cards import INSTRUCTIONS, TaskCard
from mibench.data.boxes import Box, named_boxes, read_box
from mibench.data.store import DataFolder
from mibench.errors import InputError
from mibench.instances import Instance
from mibench.pictures import read_rgb
from mibench.prompts import render_request
from mibench.whole_file import write_whole

MAX_CELLS = 1_000
"""Instances on one page, which then has some 50 MB at most."""
MAX_TEXT = 2_000
"""Characters of a text that are shown."""
MAX_BOXES = 100
"""Boxes that are drawn on a picture."""
THUMBNAIL = 384
"""Pixels of the longer side of a picture as shown."""
REGIONS = "regions"
"""The field that tells boxes by name."""


class _Shape(NamedTuple):
    """A box as it is drawn."""

    box: Box
    label: str
    target: bool


class _Picture(NamedTuple):
    """A picture as it is shown: its address, and its size before it was made smaller."""

    address: str
    width: int
    height: int


class _Cell(NamedTuple):
    """An instance as it is shown, its texts cut where they are long."""

    name: str
    group: str
    prompts: Sequence[str]
    targets: str
    picture: _Picture | None
    shapes: Sequence[_Shape]


def write_preview(
    cards: Sequence[TaskCard], data: DataFolder, output: Path, *, rows: int, seed: int | None = None
) -> None:
    """Write the page: some instances of each task under all five wordings, with their boxes drawn on the pictures.

    Args:
        cards: the tasks.
        data: holds them.
        output: the page.
        rows: instances a task.
        seed: draws them; None for the first.

    Raises:
        InputError: that would be too many for a page, a picture is missing or broken, or an option that should be a
            box is none.

    """
    if len(cards) * rows > MAX_CELLS:
        asked = f"{len(cards)} tasks with {rows} rows each"
        raise InputError(f"{asked} are too many for one page", remedy=f"ask for up to {MAX_CELLS:,} in all")
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined
    )
    tasks = [{"card": card, "cells": list(_cells(card, data, rows, seed))} for card in cards]
    page = environment.get_template("preview.html").render(data=data, tasks=tasks, seed=seed)
    write_whole(output, page.encode())


def _cells(card: TaskCard, data: DataFolder, rows: int, seed: int | None) -> Iterator[_Cell]:
    for instance in _chosen(data.instances(card.name), rows, seed):
        boxes = itertools.chain(_named(instance), _offered(instance) if card.answer.kind == "region" else ())
        yield _Cell(
            name=_shortened(instance.id),
            group=_shortened(instance.group),
            prompts=[_shortened(render_request(card, instance, 1 + number).prompt) for number in range(INSTRUCTIONS)],
            targets=_shortened(" | ".join(instance.targets)),
            picture=None if instance.image is None else _picture(data.folder(card.name) / instance.image),
            shapes=list(itertools.islice(boxes, MAX_BOXES)),
        )


def _chosen(instances: Iterator[Instance], rows: int, seed: int | None) -> list[Instance]:
    """Return the first instances, or those that a seed draws, in the data's order."""
    if seed is None:
        return list(itertools.islice(instances, rows))

    def lot(numbered: tuple[int, Instance]) -> bytes:
        return hashlib.sha256(f"{seed}\x1f{numbered[1].id}".encode()).digest()

    return [instance for _, instance in sorted(heapq.nsmallest(rows, enumerate(instances), lot), key=itemgetter(0))]


def _offered(instance: Instance) -> Iterator[_Shape]:
    for option in dict.fromkeys(instance.options):
        box = read_box(option)
        if box is None:
            message = f"the option {option!r:.80} of instance {instance.id!r:.200} is not a box"
            raise InputError(message, remedy="left, top, right and bottom edge, as 10 20 60 80")
        yield _Shape(box, "", option in instance.targets)


def _named(instance: Instance) -> Iterator[_Shape]:
    for name, box in named_boxes(instance.fields.get(REGIONS, "")):
        yield _Shape(box, name, target=False)


def _picture(file: Path) -> _Picture:
    """Return a picture in small, written anew, so that a browser turns it no other way than a model sees it."""
    image = read_rgb(file)
    width, height = image.size
    image.thumbnail((THUMBNAIL, THUMBNAIL))
    content = io.BytesIO()
    image.save(content, "JPEG", quality=85)
    address = f"data:image/jpeg;base64,{base64.b64encode(content.getvalue()).decode()}"
    return _Picture(address, width, height)


def _shortened(text: str) -> str:
    rest = len(text) - MAX_TEXT
    return text if rest <= 0 else f"{text[:MAX_TEXT]} … and {rest:,} characters more"
