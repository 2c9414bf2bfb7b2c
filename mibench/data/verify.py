"""Is a prepared task whole, and as its card wants it? Everything that is wrong with it, and not only the first."""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from mibench.cards import TaskCard
from mibench.data.boxes import read_box
from mibench.data.store import INSTANCES, DataDigest, DataFolder, TaskEntry
from mibench.data.stored_pictures import PICTURES, read_stored_pictures
from mibench.errors import InputError
from mibench.faults import Faults
from mibench.instances import Instance
from mibench.pictures import read_rgb

_REMEDY = "prepare the task anew"


class _Picture(NamedTuple):
    """What is known of a picture that was decoded."""

    sha256: str
    width: int
    height: int


Tried = _Picture | InputError
Watch = Callable[[Iterable[Tried], str, int | None], Iterable[Tried]]
"""Wraps the pictures of a task, given its name and how many there are, to show progress."""


def verify_task(
    data: DataFolder,
    card: TaskCard,
    faults: Faults,
    *,
    published: int | None = None,
    watch: Watch = lambda pictures, task, count: pictures,
) -> None:
    """Check a task: every line, every picture, and both against what the manifest and the card say.

    Args:
        data: the prepared folder.
        card: the task.
        faults: takes what is wrong.
        published: how many rows there are by the owners' count, where they publish it.
        watch: shows progress.

    """
    try:
        entry = data.entry(card.name)
        _TaskCheck(data, card, entry, faults).run(published, watch)
    except InputError as error:
        faults.note(error)


class _TaskCheck:
    """One pass over the lines, one over the pictures, and another over the lines for what needs both."""

    def __init__(self, data: DataFolder, card: TaskCard, entry: TaskEntry, faults: Faults) -> None:
        self._data, self._card, self._entry, self._faults = data, card, entry, faults
        self._file = data.folder(card.name) / INSTANCES

    def run(self, published: int | None, watch: Watch) -> None:
        images, whole = dict[str, str](), True
        ids, rows = set[str](), 0
        for number, found in self._data.lines(self._card.name):
            if isinstance(found, InputError):
                self._faults.note(found)
                whole = False
                continue
            rows += 1
            for message in self._row_faults(found, ids):
                self._tell(f"instance {found.id!r:.200} {message}", number)
            ids.add(found.id)
            if found.image is not None:
                images.setdefault(found.image, found.id)
        if published is not None and rows != published:
            self._tell(f"{rows} rows, and its owners publish {published}", remedy="complete the raw files")
        if self._entry.pictures is not None and len(images) != self._entry.pictures:
            self._tell(f"{len(images)} pictures, the manifest says {self._entry.pictures}")
        pictures = dict(zip(images, self._pictures(images, watch), strict=True))
        self._check_again({image: found for image, found in pictures.items() if found}, whole=whole)

    def _tell(self, message: str, line: int | None = None, *, remedy: str = _REMEDY) -> None:
        self._faults.add(message, file=self._file, line=line, remedy=remedy)

    def _row_faults(self, row: Instance, ids: set[str]) -> Iterator[str]:
        """Say what is wrong with one instance."""
        if row.id in ids:
            yield "occurs twice"
        if self._entry.images is not None and self._entry.images != (row.image is not None):
            yield "has no picture" if self._entry.images else "has a picture, and the manifest says none has"
        yield from instance_faults(self._card, row, quirks=self._entry.quirks)

    def _pictures(self, images: Mapping[str, str], watch: Watch) -> Iterator[_Picture | None]:
        """Decode the pictures in threads, and yield what is known of each; None for one with a fault."""
        folder = self._data.folder(self._card.name)
        try:
            listed = {stored.image: stored.sha256 for stored in read_stored_pictures(folder)}
        except InputError as error:
            self._faults.note(error)
            listed = {}
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            try:
                tried = pool.map(_decode, (folder / image for image in images))
                for image, found in zip(images, watch(tried, self._card.name, len(images)), strict=True):
                    yield self._checked(image, images[image], found, listed)
            finally:
                pool.shutdown(cancel_futures=True)

    def _checked(self, image: str, instance: str, found: Tried, listed: Mapping[str, str]) -> _Picture | None:
        file = self._data.folder(self._card.name) / image
        if isinstance(found, InputError):
            message = f"{found.message}; instance {instance!r:.200} shows it"
            self._faults.add(message, file=file, remedy=_REMEDY)
            return None
        if listed and listed.get(image) != found.sha256:
            self._faults.add(f"not the picture that {PICTURES} lists", file=file, remedy=_REMEDY)
        return found

    def _check_again(self, pictures: Mapping[str, _Picture], *, whole: bool) -> None:
        """Check what needs the pictures: the digest, and whether boxes lie on them."""
        digest = DataDigest()
        for number, found in self._data.lines(self._card.name):
            if isinstance(found, InputError):
                continue
            picture = pictures.get(found.image or "")
            whole = whole and (picture is not None or found.image is None)
            digest.add(found, picture and picture.sha256)
            if picture is not None and self._card.answer.kind == "region":
                for option in found.options:
                    box = read_box(option)
                    if box and box.encloses and not box.meets(picture.width, picture.height):
                        size = f"{picture.width} x {picture.height}"
                        self._tell(
                            f"instance {found.id!r:.200} offers the box {option!r:.200} outside its picture of {size}",
                            number,
                        )
        if whole and str(digest) != self._entry.digest:
            self._tell(f"the content has the digest {digest}, the manifest says {self._entry.digest:.200}")


def instance_faults(card: TaskCard, row: Instance, *, quirks: bool = False) -> Iterator[str]:
    """Say what is wrong with the texts of one instance by itself.

    Args:
        card: the task.
        row: one of its instances.
        quirks: whether options may be as the official preparation makes them.

    """
    kind, options = card.answer.kind, row.options
    for name in sorted(card.fields.keys() - row.fields.keys()):
        yield f"lacks the field {name!r}"
    for name in sorted(row.fields.keys() - card.fields.keys()):
        yield f"has a field {name!r:.200}, which its card does not declare"
    if not row.targets:
        yield "has no target"
    if len(set(options)) != len(options) and not quirks:
        yield "offers the same option twice"
    if kind == "text":
        if options:
            yield "offers options, and its answer is free text"
        return
    if not options:
        yield "has no options"
    elif card.answer.options and set(options) != set(card.answer.options) and not quirks:
        yield f"does not offer the options of its card, {', '.join(card.answer.options)}"
    for target in row.targets:
        if target not in options:
            yield f"has the target {target!r:.200}, which is none of its options"
    if kind == "region":
        for option in options:
            box = read_box(option)
            if box is None or not box.encloses:
                yield f"offers {option!r:.200}, which is no box: left < right and top < bottom, as 10 20 60 80"


def _decode(file: Path) -> Tried:
    try:
        if not file.is_file():
            return InputError("the picture is missing")
        with file.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
        return _Picture(digest, *read_rgb(file).size)
    except InputError as error:
        return error
    except OSError as error:
        return InputError(f"cannot be read: {error.strerror}")
