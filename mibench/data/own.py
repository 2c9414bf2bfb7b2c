"""A task of a user's own: its instances are checked against its card, and both are stored in a prepared folder."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import msgspec

from mibench.cards import TaskCard
from mibench.data.bounded_lines import read_bounded_lines
from mibench.data.rows import Row
from mibench.data.store import TaskEntry, leads_out, store_task, writing_to
from mibench.data.stored_pictures import FOLDER
from mibench.data.verify import instance_faults
from mibench.errors import InputError
from mibench.faults import Faults
from mibench.instances import Instance
from mibench.pictures import picture_size

READER = "own"
"""Stands in the manifest for a reader."""


class InstanceLine(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of the file: an instance, of which much may be left out.

    Attributes:
        image: path of the picture, relative to the folder of pictures.
        options: by default those of the card.
        group: by default the picture, or where there is none the id.

    """

    id: str
    image: str | None = None
    fields: dict[str, str] = {}
    options: tuple[str, ...] = ()
    targets: tuple[str, ...]
    answers: tuple[str, ...] = ()
    group: str | None = None

    def to_instance(self, card: TaskCard) -> Instance:
        """Return the instance as it is stored."""
        return Instance(
            id=self.id,
            image=None if self.image is None else str(PurePosixPath(FOLDER, self.image)),
            fields=self.fields,
            options=self.options or card.answer.options,
            targets=self.targets,
            answers=self.answers,
            group=self.group or self.image or self.id,
        )


def add_task(
    card: TaskCard, card_file: Path, instances: Path, images: Path, output: Path, faults: Faults
) -> TaskEntry | None:
    """Check an own task's instances, and store it; on any fault nothing is written, and None is returned.

    Args:
        card: the task.
        card_file: holds the card.
        instances: a JSON object a line.
        images: the folder from which the pictures' paths start.
        output: the prepared folder.
        faults: takes what is wrong.

    Raises:
        InputError: a file cannot be read, or the task cannot be stored there.

    """
    count = sum(1 for _ in read_own_rows(card, instances, images, faults))
    if not count and not faults:
        faults.add("no instances", file=instances, remedy="one JSON object a line")
    if faults:
        return None
    with writing_to(output):
        return store_task(
            output,
            card.name,
            read_own_rows(card, instances, images, faults),
            world="official",
            source=f"{card.source.dataset}, {card.source.split}",
            reader=READER,
            licence=card.source.license,
            card=card_file.read_bytes(),
        )


def read_own_rows(card: TaskCard, file: Path, images: Path, faults: Faults) -> Iterator[Row]:
    """Stream the rows of the lines that are sound, and note what is wrong with the others.

    Args:
        card: the task.
        file: a JSON object a line.
        images: the folder from which the pictures' paths start.
        faults: takes what is wrong.

    """
    decoder, ids, sound = msgspec.json.Decoder(InstanceLine), dict[str, int](), set[str]()
    for number, content in read_bounded_lines(file):
        if isinstance(content, InputError):
            faults.add(content.message, file=file, line=number, remedy="one JSON object a line")
            continue
        try:
            line = decoder.decode(content)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            message = f"not an instance: {error}" if content.strip() else "blank line"
            faults.add(message, file=file, line=number, remedy="one JSON object a line")
            continue
        row = line.to_instance(card)
        wrong = list(instance_faults(card, row))
        if first := ids.get(line.id):
            wrong.append(f"stands on line {first} already")
        ids.setdefault(line.id, number)
        if line.image not in sound:
            wrong += _picture_faults(card, line.image, images)
        for message in wrong:
            faults.add(f"instance {line.id!r:.200} {message}", file=file, line=number, remedy="mend the line")
        if wrong:
            continue
        if line.image is not None:
            sound.add(line.image)
        yield Row(row, None if line.image is None else images / line.image)


def _picture_faults(card: TaskCard, image: str | None, images: Path) -> Iterator[str]:
    """Say what is wrong with an instance's picture, or with having one."""
    if (image is not None) != (card.suite == "multimodal"):
        has = "no image" if image is None else "an image"
        yield f"has {has}, and its card says suite: {card.suite}"
    elif image is not None and leads_out(image):
        yield f"has the image {image!r:.200}, which is no relative path inside the folder of pictures"
    elif image is not None:
        try:
            picture_size(images / image)
        except InputError as error:
            yield f"shows {image!r:.200} of {images}: {error.message}"
