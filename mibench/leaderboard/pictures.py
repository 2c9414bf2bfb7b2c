"""Pictures that go into the site: drawn ones always, official ones where asked for and where their licence allows."""

import hashlib
import re
import shutil
from collections.abc import Mapping
from itertools import islice
from pathlib import Path, PurePosixPath

from mibench.cards import TaskCard
from mibench.data.store import DataFolder
from mibench.errors import InputError

FOLDER = "pictures"
SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".webp")
"""Kinds that are pictures and nothing else wherever they are opened; an SVG, for one, may hold a script."""

OPEN_LICENCES: Mapping[str, str] = {
    "CC0-1.0": "may be shared without conditions",
    "CC-BY-4.0": "may be shared by whoever names its makers, as the task's page does",
    "CC-BY-SA-4.0": "may be shared by whoever names its makers, under the same licence",
}
"""Licences, exactly as a card tells them, under which a stranger may show the pictures, and why."""

_PLAIN = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")


def picture_place(world: str, task: str, image: str) -> str | None:
    """Return where the site shows a picture, as `pictures/nlvr/000-a.png`; None for a file that is not shown.

    Args:
        world: the pictures of the two worlds never share a folder.
        task: that asks about it.
        image: the picture's path in the task's data folder.

    """
    suffix = PurePosixPath(image).suffix.lower()
    if suffix not in SUFFIXES:
        return None
    name = image.removeprefix("images/")
    if not _PLAIN.fullmatch(name):
        name = hashlib.sha256(image.encode()).hexdigest()[:16] + suffix
    return "/".join((FOLDER, *(() if world == "mini" else (world,)), task, name))


def why_not_shown(data: DataFolder, card: TaskCard, *, asked: bool) -> str | None:
    """Say why a task's pictures are not shown; None where they are, or where it has none.

    Args:
        data: holds the task.
        card: the task.
        asked: whether the pictures of official data were asked for.

    """
    if data.entry(card.name).images is False:
        return "The data were prepared without their pictures."
    if data.world == "mini" or (asked and card.source.license in OPEN_LICENCES):
        return None
    if card.source.license in OPEN_LICENCES:
        return "This site was built without the pictures of official data."
    return f"The pictures are not shown, for their licence does not let everybody share them: {card.source.license}."


def copy_pictures(data: DataFolder, task: str, rows: int | None, site: Path) -> None:
    """Put the pictures of a task's first rows into the site; of all of them where there is no number.

    Raises:
        InputError: one is missing, or leads out of the data folder.

    """
    for image in sorted(
        {instance.image for instance in islice(data.instances(task), rows) if instance.image is not None}
    ):
        copy_picture(data, task, image, site)


def copy_picture(data: DataFolder, task: str, image: str, site: Path) -> str | None:
    """Put a picture into the site, if it is not there yet, and return its place; None for a file that is not shown.

    Raises:
        InputError: it is missing.

    """
    place, source = picture_place(data.world, task, image), data.folder(task) / image
    if place is None:
        return None
    if not source.is_file():
        raise InputError("a picture is missing", file=source, remedy="prepare the task anew")
    if not (site / place).exists():
        (site / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, site / place)
    return place
