"""The prepared folder: `DATA/<task>/instances.jsonl`, `DATA/<task>/images/` and `DATA/manifest.json`."""

import hashlib
import itertools
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

import msgspec

from mibench.cards import NAME, TaskCard, check_card, load_cards
from mibench.data.bounded_lines import MAX_LINE, read_bounded_lines
from mibench.data.rows import Row
from mibench.data.stored_pictures import PictureWriter, listed_digests
from mibench.errors import InputError
from mibench.instances import Instance
from mibench.whole_file import write_whole

MANIFEST = "manifest.json"
INSTANCES = "instances.jsonl"
CARD = "card.yaml"
"""Beside the instances of an own task."""
LOCK = ".lock"
MAX_MANIFEST = 16 << 20
"""Bytes; that of the whole benchmark has under 20,000."""
MAX_CARD = 1 << 20
"""Bytes; the longest in the box has some 3,000."""

World = Literal["mini", "official"]

_decoder = msgspec.json.Decoder(Instance)


class TaskEntry(msgspec.Struct, frozen=True, kw_only=True):
    """What the manifest says of one task; None where an older version did not say.

    Attributes:
        rows: number of instances.
        digest: SHA-256 over all instances in order, each picture by its content.
        source: where the rows come from: a generator, or an official file.
        reader: version of the reader or generator, and what it was asked to do otherwise than usual.
        licence: of the source, as its card tells it.
        pictures: how many there are.
        images: whether the instances have pictures; False where they were left out, None for a task of text.
        quirks: whether the rows are as the official preparation makes them, its oddities included.
        seed: of what the reader drew.

    """

    rows: int
    digest: str
    source: str
    reader: str
    licence: str | None = None
    pictures: int | None = None
    images: bool | None = None
    quirks: bool = False
    seed: int | None = None


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """The content of `manifest.json`."""

    format: Literal[1] = 1
    world: World
    tasks: dict[str, TaskEntry]


class DataDigest:
    """SHA-256 over instances in order, each picture by its content and not by its place."""

    def __init__(self) -> None:
        self._content = hashlib.sha256()

    def add(self, instance: Instance, picture: str | None) -> None:
        """Count one more instance, whose picture has this SHA-256."""
        fields = dict(sorted(instance.fields.items()))
        people = (instance.answers,) if instance.answers else ()
        row = (instance.id, fields, instance.options, instance.targets, instance.group, picture, *people)
        self._content.update(msgspec.json.encode(row) + b"\n")

    def __str__(self) -> str:
        return f"sha256:{self._content.hexdigest()}"


class DataFolder:
    """A prepared folder, opened for reading; nothing in it may lead out of it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._refuse_strays(path / MANIFEST)
        self.manifest = _read_manifest(path)

    @property
    def world(self) -> World:
        """The drawn mini world, or official data."""
        return self.manifest.world

    def entry(self, task: str) -> TaskEntry:
        """Return what the manifest says of a task.

        Raises:
            InputError: if the folder does not hold the task.

        """
        try:
            return self.manifest.tasks[task]
        except KeyError:
            raise InputError(
                f"no data for task {task!r} here", file=self.path, remedy=f"mibench data prepare {task}"
            ) from None

    def cards(self) -> dict[str, TaskCard]:
        """Return the cards of the own tasks in the folder, by name.

        Raises:
            InputError: a card has a fault, is too long, or is not the file itself.

        """
        names = [name for name in self.manifest.tasks if re.fullmatch(NAME, name) and name not in load_cards()]
        return {name: self._own_card(name) for name in names if (self.folder(name) / CARD).exists()}

    def _own_card(self, task: str) -> TaskCard:
        file = self.folder(task) / CARD
        if Path(os.path.realpath(file)) != Path(os.path.realpath(self.path), task, CARD) or not file.is_file():
            raise InputError("not the card itself", file=file, remedy="'mibench data add' the task anew")
        if file.stat().st_size > MAX_CARD:
            raise InputError(f"over {MAX_CARD >> 20} MiB", file=file, remedy="'mibench data add' the task anew")
        card, faults = check_card(file, own=True, name=task)
        if card is None:
            raise faults[0]
        return card

    def folder(self, task: str) -> Path:
        """Return the folder against which a task's image paths are resolved."""
        return self.path / task

    def instances(self, task: str) -> Iterator[Instance]:
        """Stream a task's instances in order.

        Raises:
            InputError: at the first line that is not an instance, if rows are missing or others than the manifest
                describes, or if a picture's path or a symbolic link leads out of the folder.

        """
        digest, pictures, listed = DataDigest(), listed_digests(self.folder(task)), True
        for _, found in self.lines(task):
            if isinstance(found, InputError):
                raise found
            listed = listed and (found.image is None or found.image in pictures)
            digest.add(found, pictures.get(found.image or ""))
            yield found
        if listed and str(digest) != self.entry(task).digest:
            message = "the rows are not those that the manifest describes"
            raise InputError(message, file=self.folder(task) / INSTANCES, remedy="prepare the task anew")

    def lines(self, task: str) -> Iterator[tuple[int, Instance | InputError]]:
        """Stream (line number, instance); where there is none, what is wrong stands in its place.

        Raises:
            InputError: the file cannot be read, a symbolic link leads out of the folder, or something in it is neither
                a file nor a folder.

        """
        rows, number = self.entry(task).rows, 0
        file = self.folder(task) / INSTANCES
        self._refuse_strays(self.folder(task))
        for number, line in read_bounded_lines(file):
            yield number, line if isinstance(line, InputError) else _decode(line, file, number)
        if number != rows:
            yield number, InputError(f"{number} rows, the manifest says {rows}", file=file, remedy="prepare anew")

    def _refuse_strays(self, place: Path) -> None:
        whole = os.path.realpath(self.path)
        for stray in _strays(place):
            if not stray.is_symlink():
                raise InputError("neither a file nor a folder", file=stray, remedy="remove it, or prepare anew")
            if os.path.commonpath((whole, os.path.realpath(stray))) != whole:
                message = "the symbolic link leads out of the prepared folder"
                raise InputError(message, file=stray, remedy="put the file itself there, or prepare anew")


def _decode(line: bytes, file: Path, number: int) -> Instance | InputError:
    try:
        instance = _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return InputError(str(error), file=file, line=number, remedy="prepare the task anew")
    if instance.image is not None and leads_out(instance.image):
        message = f"the image {instance.image!r:.200} is not inside the task's folder"
        return InputError(message, file=file, line=number, remedy="prepare the task anew")
    return instance


def leads_out(image: str) -> bool:
    """Tell whether a picture's path might lead out of the folder that it starts from."""
    absolute = image.startswith(("/", "\\")) or image[1:2] == ":"
    return absolute or not image or "\0" in image or ".." in image.replace("\\", "/").split("/")


def _strays(place: Path) -> Iterator[Path]:
    """Yield what is neither a file nor a folder, at and below a place."""
    if place.is_symlink() or (place.exists() and not place.is_file() and not place.is_dir()):
        yield place
    folders = [place] if place.is_dir() else []
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(Path(entry.path))
                elif not entry.is_file(follow_symlinks=False):
                    yield Path(entry.path)


def _read_manifest(path: Path) -> Manifest:
    file = path / MANIFEST
    try:
        with file.open("rb") as content:
            text = content.read(MAX_MANIFEST + 1)
        if len(text) > MAX_MANIFEST:
            raise InputError(f"over {MAX_MANIFEST >> 20} MiB", file=file, remedy="prepare the data anew")
        return msgspec.json.decode(text, type=Manifest)
    except (FileNotFoundError, NotADirectoryError):
        raise InputError("not a prepared data folder", file=path, remedy="'mibench data prepare' makes one") from None
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", file=file, remedy="let it be read") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(str(error), file=file, remedy="prepare the data anew") from None


@contextmanager
def writing_to(output: Path) -> Iterator[None]:
    """Keep a prepared folder for one process; a new one that stays empty is removed again.

    Raises:
        InputError: another process is writing there.

    """
    from filelock import FileLock, Timeout

    fresh, file = not output.exists(), output / LOCK
    output.mkdir(parents=True, exist_ok=True)
    if file.is_symlink():
        file.unlink()
    lock = FileLock(file)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        message = "another process is preparing data here"
        raise InputError(message, file=output, remedy="wait for it, or prepare into another folder") from None
    try:
        yield
    finally:
        if fresh and [path.name for path in output.iterdir()] in ([], [LOCK]):
            file.unlink(missing_ok=True)
            output.rmdir()
        lock.release()


def store_task(
    output: Path,
    task: str,
    rows: Iterable[Row],
    *,
    world: World,
    source: str,
    reader: str,
    licence: str | None = None,
    without_pictures: bool = False,
    quirks: bool = False,
    seed: int | None = None,
    link: bool = False,
    card: bytes | None = None,
) -> TaskEntry:
    """Write one task into a prepared folder, replacing what the folder held of it.

    Everything is written beside its place first, so that a failure leaves the folder as it was. What a killed or an
    earlier preparation stored is used again. Two processes must not do this in one folder: see `writing_to`.

    Args:
        output: the prepared folder; made where it is missing.
        task: name of the task, and of its folder.
        rows: its rows in order.
        world: of the whole folder.
        source: for the manifest, as all that follow save the last two.
        reader: what read or drew the rows.
        licence: of the source.
        without_pictures: the pictures were left out.
        quirks: whether the official preparation's oddities were kept.
        seed: of what was drawn.
        link: make hard links to the owner's pictures in place of copies.
        card: of an own task, as its file holds it.

    Raises:
        InputError: a duplicate id, a missing or broken picture, a folder of another world, or one in whose place
            something else stands.

    """
    manifest = _read_manifest(output) if (output / MANIFEST).exists() else Manifest(world=world, tasks={})
    place, fresh = output / task, not output.exists()
    if manifest.world != world:
        raise InputError(f"holds data of the {manifest.world} world", file=output, remedy="prepare into another folder")
    if task not in manifest.tasks and _is_foreign(place):
        raise InputError("is there, and is no prepared task", file=place, remedy="prepare into another folder")
    earlier = [path for path in (place, *_attempts(output, task)) if path.is_dir() and not path.is_symlink()]
    folder = _next_attempt(output, task)
    folder.mkdir(parents=True)
    try:
        count, pictures, digest = _write_rows(folder, rows, earlier, link=link)
        if card is not None:
            (folder / CARD).write_bytes(card)
    except Exception:
        shutil.rmtree(folder)
        if fresh:
            with suppress(OSError):
                output.rmdir()
        raise
    if os.path.lexists(place):
        place.rename(_next_attempt(output, task))
    folder.rename(place)
    entry = TaskEntry(
        rows=count,
        digest=digest,
        source=source,
        reader=reader,
        licence=licence,
        pictures=pictures,
        images=True if pictures else False if without_pictures else None,
        quirks=quirks,
        seed=seed,
    )
    _write_manifest(output, world, manifest.tasks | {task: entry})
    for path in _attempts(output, task):
        path.unlink() if path.is_symlink() or path.is_file() else shutil.rmtree(path)
    return entry


def _write_manifest(output: Path, world: World, tasks: dict[str, TaskEntry]) -> None:
    content = msgspec.json.encode(Manifest(world=world, tasks=tasks))
    write_whole(output / MANIFEST, msgspec.json.format(content, indent=2) + b"\n")


def _is_foreign(place: Path) -> bool:
    """Tell whether something stands there that no preparation left: neither a prepared task nor an empty folder."""
    if not place.is_dir():
        return os.path.lexists(place)
    return any(place.iterdir()) and not (place / INSTANCES).exists()


def _attempts(output: Path, task: str) -> list[Path]:
    """Return what is left of earlier preparations, the oldest first."""
    return sorted(output.glob(f".{task}.partial*"), key=lambda path: (len(path.name), path.name))


def _next_attempt(output: Path, task: str) -> Path:
    places = (output / f".{task}.partial{number}" for number in itertools.count(1))
    return next(place for place in places if not os.path.lexists(place))


def _write_rows(folder: Path, rows: Iterable[Row], earlier: Sequence[Path], *, link: bool) -> tuple[int, int, str]:
    """Write the rows, and return how many there are, how many pictures, and their digest."""
    digest, ids = DataDigest(), set[str]()
    with (folder / INSTANCES).open("xb") as lines, PictureWriter(folder, earlier, link=link) as pictures:
        for instance, picture in rows:
            if instance.id in ids:
                raise InputError(f"the id {instance.id!r} occurs twice", remedy="each row needs an id of its own")
            ids.add(instance.id)
            digest.add(instance, pictures.add(instance, picture))
            line = msgspec.json.encode(instance) + b"\n"
            if len(line) > MAX_LINE:
                message = f"the instance {instance.id!r:.200} takes over {MAX_LINE >> 20} MiB"
                raise InputError(message, remedy="get the raw file anew")
            lines.write(line)
        count = len(pictures)
    if not ids:
        raise InputError("no rows to prepare", remedy="look at the raw files")
    return len(ids), count, str(digest)
