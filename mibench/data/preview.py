"""A contact sheet: pictures, first prompts and answers on one HTML page that needs nothing else."""

import base64
import io
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from PIL import Image, UnidentifiedImageError

from mibench.cards import TaskCard
from mibench.data.store import DataFolder
from mibench.errors import InputError
from mibench.instances import Instance
from mibench.prompts import render_request


class _Box(NamedTuple):
    x: float
    y: float
    width: float
    height: float
    target: bool


class _Cell(NamedTuple):
    instance: Instance
    prompt: str
    picture: str | None
    width: int
    height: int
    boxes: Sequence[_Box]


def write_preview(cards: Sequence[TaskCard], data: DataFolder, output: Path, *, rows: int) -> None:
    """Write the page: the first instances of each task, with the boxes that they offer drawn on the pictures.

    Raises:
        InputError: a picture is missing or broken, or an option that should be a box is none.

    """
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined
    )
    tasks = [{"card": card, "cells": list(_cells(card, data, rows))} for card in cards]
    page = environment.get_template("preview.html").render(data=data, tasks=tasks)
    output.write_text(page, encoding="utf-8")


def _cells(card: TaskCard, data: DataFolder, rows: int) -> Iterator[_Cell]:
    for instance in itertools.islice(data.instances(card.name), rows):
        prompt = render_request(card, instance, 1).prompt
        boxes = list(_boxes(instance)) if card.answer.kind == "region" else []
        if instance.image is None:
            yield _Cell(instance, prompt, None, 0, 0, boxes)
            continue
        file = data.folder(card.name) / instance.image
        try:
            content = file.read_bytes()
            with Image.open(io.BytesIO(content)) as image:
                kind, (width, height) = image.get_format_mimetype(), image.size
        except (OSError, UnidentifiedImageError) as error:
            raise InputError(f"not a readable picture: {error}", file=file, remedy="prepare the task anew") from None
        address = f"data:{kind};base64,{base64.b64encode(content).decode()}"
        yield _Cell(instance, prompt, address, width, height, boxes)


def _boxes(instance: Instance) -> Iterator[_Box]:
    for option in instance.options:
        try:
            left, top, right, bottom = map(float, option.split())
        except ValueError:
            message = f"the option {option!r:.80} of instance {instance.id!r} is not a box"
            raise InputError(message, remedy="left, top, right and bottom edge, as 10 20 60 80") from None
        yield _Box(left, top, right - left, bottom - top, option in instance.targets)
