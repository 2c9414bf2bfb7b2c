"""The prepared folder: `DATA/<task>/instances.jsonl`, `DATA/<task>/images/` and `DATA/manifest.json`."""

import hashlib
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

import msgspec

from mibench.data.rows import Row
from mibench.errors import InputError
from mibench.instances import Instance

MANIFEST = "manifest.json"
INSTANCES = "instances.jsonl"
World = Literal["mini", "official"]

_decoder = msgspec.json.Decoder(Instance)


class TaskEntry(msgspec.Struct, frozen=True, kw_only=True):
    """What the manifest says of one task.

    Attributes:
        rows: number of instances.
        digest: SHA-256 over all instances in order, each picture by its content.
        source: where the rows come from: a generator, or an official file.
        reader: version of the reader or generator.

    """

    rows: int
    digest: str
    source: str
    reader: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """The content of `manifest.json`."""

    format: Literal[1] = 1
    world: World
    tasks: dict[str, TaskEntry]


class DataFolder:
    """A prepared folder, opened for reading."""

    def __init__(self, path: Path) -> None:
        self.path = path
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

    def folder(self, task: str) -> Path:
        """Return the folder against which a task's relative image paths are resolved."""
        return self.path / task

    def instances(self, task: str) -> Iterator[Instance]:
        """Stream a task's instances in order.

        Raises:
            InputError: at the first line that is not an instance, or if rows are missing.

        """
        rows, count = self.entry(task).rows, 0
        file = self.folder(task) / INSTANCES
        try:
            with file.open("rb") as lines:
                for count, line in enumerate(lines, 1):  # noqa: B007
                    yield _decoder.decode(line)
        except OSError as error:
            raise InputError(f"cannot be read: {error.strerror}", file=file, remedy="prepare anew") from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise InputError(str(error), file=file, line=count, remedy="prepare the task anew") from None
        if count != rows:
            raise InputError(f"{count} rows, the manifest says {rows}", file=file, remedy="prepare anew")


def _read_manifest(path: Path) -> Manifest:
    file = path / MANIFEST
    try:
        return msgspec.json.decode(file.read_bytes(), type=Manifest)
    except OSError:
        raise InputError("not a prepared data folder", file=path, remedy="'mibench data prepare' makes one") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(str(error), file=file, remedy="prepare the data anew") from None


def store_task(output: Path, task: str, rows: Iterable[Row], *, world: World, source: str, reader: str) -> TaskEntry:
    """Write one task into a prepared folder, replacing what the folder held of it.

    Everything is written beside its place first, so that a failure leaves the folder as it was.

    Raises:
        InputError: a duplicate id, a missing picture, or a folder of another world.

    """
    manifest = _read_manifest(output) if (output / MANIFEST).exists() else Manifest(world=world, tasks={})
    if manifest.world != world:
        raise InputError(f"holds data of the {manifest.world} world", file=output, remedy="prepare into another folder")
    partial, fresh = output / f".{task}.partial", not output.exists()
    shutil.rmtree(partial, ignore_errors=True)
    try:
        count, digest = _write_rows(partial, rows)
    except BaseException:
        shutil.rmtree(output if fresh else partial, ignore_errors=True)
        raise
    shutil.rmtree(output / task, ignore_errors=True)
    partial.rename(output / task)
    entry = TaskEntry(rows=count, digest=digest, source=source, reader=reader)
    _write_manifest(output, Manifest(world=world, tasks=manifest.tasks | {task: entry}))
    return entry


def _write_manifest(output: Path, manifest: Manifest) -> None:
    text = msgspec.json.format(msgspec.json.encode(manifest), indent=2)
    partial = output / f".{MANIFEST}.partial"
    partial.write_bytes(text + b"\n")
    partial.rename(output / MANIFEST)


def _write_rows(folder: Path, rows: Iterable[Row]) -> tuple[int, str]:
    """Write the rows and return how many there are, and their digest."""
    folder.mkdir(parents=True)
    digest, ids, pictures = hashlib.sha256(), set[str](), dict[str, str]()
    with (folder / INSTANCES).open("wb") as lines:
        for instance, picture in rows:
            if instance.id in ids:
                raise InputError(f"the id {instance.id!r} occurs twice", remedy="each row needs an id of its own")
            ids.add(instance.id)
            if instance.image is not None and instance.image not in pictures:
                content = _picture_bytes(picture, instance)
                pictures[instance.image] = hashlib.sha256(content).hexdigest()
                file = folder / instance.image
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content)
            lines.write(msgspec.json.encode(instance) + b"\n")
            digest.update(_canonical(instance, pictures.get(instance.image or "")))
    if not ids:
        raise InputError("no rows to prepare", remedy="look at the raw files")
    return len(ids), f"sha256:{digest.hexdigest()}"


def _picture_bytes(picture: object, instance: Instance) -> bytes:
    if isinstance(picture, Path):
        try:
            return picture.read_bytes()
        except OSError as error:
            message = f"the picture of instance {instance.id!r} cannot be read: {error.strerror}"
            raise InputError(message, file=picture, remedy="complete the raw files") from None
    assert callable(picture), "an instance with an image comes with its picture"
    content: bytes = picture()
    return content


def _canonical(instance: Instance, picture_digest: str | None) -> bytes:
    """Return the bytes by which an instance counts in the digest: its picture by content, not by place."""
    fields = dict(sorted(instance.fields.items()))
    people = (instance.answers,) if instance.answers else ()
    row = (instance.id, fields, instance.options, instance.targets, instance.group, picture_digest, *people)
    return msgspec.json.encode(row) + b"\n"
