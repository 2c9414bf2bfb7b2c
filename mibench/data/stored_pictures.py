"""The pictures of a prepared task, and the list of them: `DATA/<task>/pictures.jsonl`, a line for each.

The list is written as the pictures are, so that whoever goes on after a kill knows which are whole; later it tells
which picture was damaged.
"""

import hashlib
import os
import shutil
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple, Self

import msgspec

from mibench.data.bounded_lines import read_bounded_lines
from mibench.errors import InputError
from mibench.instances import Instance
from mibench.pictures import picture_size

PICTURES = "pictures.jsonl"
FOLDER = "images"
_PIECE = 1 << 20

_COMPLETE = "complete the raw files, or --no-images for the text alone"


class StoredPicture(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the list.

    Attributes:
        image: the name by which instances call it.
        sha256: of its bytes.
        size: in bytes.
        width: in pixels, by its header.
        height: in pixels, by its header.
        stamp: tells the file that it was taken from and that file's last change; empty if it was drawn.

    """

    image: str
    sha256: str
    size: int
    width: int
    height: int
    stamp: str = ""


_decoder = msgspec.json.Decoder(StoredPicture)


def read_stored_pictures(folder: Path) -> Iterator[StoredPicture]:
    """Stream the list of a task's folder; empty where there is none.

    Raises:
        InputError: at the first line that is something else.

    """
    file = folder / PICTURES
    if not file.is_file():
        return
    for number, line in read_bounded_lines(file):
        if isinstance(line, InputError):
            raise line
        try:
            yield _decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise InputError(str(error), file=file, line=number, remedy="prepare the task anew") from None


def listed_digests(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each listed picture of a task's folder; none where the list is missing or damaged."""
    try:
        return {stored.image: stored.sha256 for stored in read_stored_pictures(folder)}
    except InputError:
        return {}


class _Earlier(NamedTuple):
    """A picture that an earlier preparation has stored."""

    file: Path
    stored: StoredPicture


class PictureWriter:
    """Stores each picture of a task once.

    What an earlier preparation has stored, finished or not, is not copied or hashed again while the owner's file is
    the same: same place, size and time of last change.
    """

    def __init__(self, folder: Path, earlier: Iterable[Path] = (), *, link: bool = False) -> None:
        """Begin the list.

        Args:
            folder: of the task; new, so that nothing in it leads elsewhere.
            earlier: folders of earlier preparations.
            link: make hard links to the owner's files in place of copies.

        """
        self._folder, self._link = folder, link
        listed = (found for place in earlier for found in _read_earlier(place))
        self._earlier = {(found.stored.image, found.stored.stamp): found for found in listed}
        self._digests = dict[str, str]()
        self._list = (folder / PICTURES).open("xb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._list.close()
        if not self._digests:
            (self._folder / PICTURES).unlink()

    def __len__(self) -> int:
        return len(self._digests)

    def add(self, instance: Instance, picture: Path | Callable[[], bytes] | None) -> str | None:
        """Store an instance's picture unless it is stored already, and return its SHA-256; None if it has none.

        Raises:
            InputError: it cannot be read, is no picture, has too many pixels, or its name leads elsewhere.

        """
        if instance.image is None:
            return None
        if instance.image not in self._digests:
            try:
                stored = self._store(instance.image, picture)
            except InputError as error:
                message = f"the picture of instance {instance.id!r:.200}: {error.message}"
                place = picture if isinstance(picture, Path) else None
                raise InputError(message, file=place, remedy=error.remedy) from None
            self._list.write(msgspec.json.encode(stored) + b"\n")
            self._list.flush()
            self._digests[instance.image] = stored.sha256
        return self._digests[instance.image]

    def _store(self, image: str, picture: Path | Callable[[], bytes] | None) -> StoredPicture:
        parts = PurePosixPath(image).parts
        if parts[:1] != (FOLDER,) or len(parts) < 2 or ".." in parts or "\0" in image:
            raise InputError(f"its name {image!r:.200} is not inside {FOLDER}/", remedy="mend the raw files")
        file = self._folder / image
        file.parent.mkdir(parents=True, exist_ok=True)
        if not isinstance(picture, Path):
            assert picture is not None, "an instance with an image comes with its picture"
            return self._listed(image, file, _write([picture()], file))
        try:
            stamp = _stamp(picture, link=self._link)
        except OSError as error:
            raise InputError(f"cannot be read: {error.strerror}", remedy=_COMPLETE) from None
        earlier = self._earlier.get((image, stamp))
        if earlier is not None and _take_over(earlier, file):
            return earlier.stored
        digest = _link(picture, file) if self._link else _write(_pieces(picture), file)
        return self._listed(image, file, digest, stamp)

    @staticmethod
    def _listed(image: str, file: Path, digest: str, stamp: str = "") -> StoredPicture:
        width, height = picture_size(file)
        size = file.stat().st_size
        return StoredPicture(image=image, sha256=digest, size=size, width=width, height=height, stamp=stamp)


def _read_earlier(folder: Path) -> Iterator[_Earlier]:
    """Yield what a folder lists, up to where its list breaks off."""
    try:
        for stored in read_stored_pictures(folder):
            yield _Earlier(folder / stored.image, stored)
    except InputError:
        return


def _take_over(earlier: _Earlier, file: Path) -> bool:
    """Use an earlier picture again without copying it; False if it is not as it was listed."""
    try:
        if not stat.S_ISREG(earlier.file.lstat().st_mode):
            return False
        with earlier.file.open("rb") as content:
            if hashlib.file_digest(content, "sha256").hexdigest() != earlier.stored.sha256:
                return False
    except OSError:
        return False
    try:
        os.link(earlier.file, file)
    except OSError:
        shutil.copyfile(earlier.file, file)
    return True


def _stamp(file: Path, *, link: bool) -> str:
    """Return what changes when a file does, or when it should be stored in the other way; it gives no path away."""
    found = file.stat()
    parts = (str(file.absolute()), str(found.st_size), str(found.st_mtime_ns), "link" if link else "copy")
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _link(source: Path, file: Path) -> str:
    try:
        os.link(os.path.realpath(source), file)
    except OSError as error:
        raise InputError(f"no hard link can be made to it: {error.strerror}", remedy="--images copy") from None
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _pieces(source: Path) -> Iterator[bytes]:
    try:
        with source.open("rb") as content:
            while piece := content.read(_PIECE):
                yield piece
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", remedy=_COMPLETE) from None


def _write(pieces: Iterable[bytes], file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("xb") as content:
        for piece in pieces:
            content.write(piece)
            digest.update(piece)
    return digest.hexdigest()


def picture_sizes(folder: Path, images: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield width and height of pictures: from the list where it names them, else by their headers.

    Raises:
        InputError: a picture is missing or is none, or the list is damaged.

    """
    listed = {stored.image: (stored.width, stored.height) for stored in read_stored_pictures(folder)}
    for image in images:
        yield listed.get(image) or picture_size(folder / image)
