"""Unpacking an owner's archive that is not trusted: plain files only, inside one folder, and not too much of it.

Entries are checked and written here and not by `extractall`: its filter mends names where this refuses them, knows no
bounds, is missing from Python 3.11.0 to 3.11.3, and does nothing for zip.
"""

import bz2
import gzip
import re
import shutil
import stat
import struct
import tarfile
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any, NamedTuple

from mibench.data.sources import Archive
from mibench.errors import InputError

BLOCK = 1 << 16
"""Bytes at a time; no honest header of a tar entry is longer."""
MAX_ENTRIES = 250_000
MAX_FILE = 2 << 30
"""Bytes of one entry."""
MAX_RATIO, SMALL = 50, 1 << 20
"""An archive may unpack to so many times its bytes, or to so many bytes if that is more."""
MAX_NAME, MAX_PART = 1_000, 255
"""Bytes of an entry's name, and of each part of it."""
RESERVE = 1 << 26
"""Bytes of the disk that stay free."""

_DAMAGES = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
)
"""What the libraries raise at bytes that are not what they should be."""

Watch = Callable[[str, int, int | None], None]


class _Entry(NamedTuple):
    """An entry that is no folder.

    Attributes:
        name: as the archive has it.
        size: its bytes, as the archive has them.
        fault: why it is not a plain file; empty where it is one.
        open: returns its content.

    """

    name: str
    size: int
    fault: str
    open: Callable[[], IO[bytes]]


def unpack(path: Path, folder: Path, archive: Archive, watch: Watch) -> None:
    """Unpack what an archive gives into a folder; what lies there already stays as it is.

    All is unpacked beside its place first, so that what stands in its place is whole.

    Args:
        path: the archive: `.zip`, `.tar`, `.tar.gz` or `.tar.bz2`.
        folder: where to.
        archive: what is wanted of it.
        watch: is told of progress.

    Raises:
        InputError: the archive is damaged, hostile or another one, with its file and entry.
        OSError: the folder cannot be written.

    """
    beside = folder / f".{path.name}.unpacking"
    if beside.exists():
        shutil.rmtree(beside)
    beside.mkdir()
    try:
        files, size = _write(path, beside, archive, watch)
        if archive.contents not in (None, (files, size)):
            expected = "{:,} files of {:,} bytes".format(*archive.contents or ())
            raise _fault(path, f"it unpacks to {files:,} files of {size:,} bytes, not {expected}")
        if absent := [name for name in archive.gives if not (beside / name).exists()]:
            raise _fault(path, f"it holds no {Path(archive.inside) / absent[0]}")
        for name in archive.gives:
            if not (folder / name).exists():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (beside / name).rename(folder / name)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _write(path: Path, folder: Path, archive: Archive, watch: Watch) -> tuple[int, int]:
    """Write the wanted entries, and return how many they are and their bytes."""
    limit, seen, total = max(MAX_RATIO * path.stat().st_size, SMALL), set[str](), 0
    entries = _zip_entries(path) if path.suffix == ".zip" else _tar_entries(path, limit)
    with closing(entries):
        for entry in entries:
            place = _place(path, entry.name, archive)
            if place is None:
                continue
            if entry.fault:
                raise _fault(path, entry.fault, entry.name)
            key = unicodedata.normalize("NFC", place).casefold()
            if key in seen:
                raise _fault(path, "there is an entry of this name already, but for upper and lower case", entry.name)
            seen.add(key)
            if entry.size > MAX_FILE:
                raise _fault(path, f"{entry.size:,} bytes, more than {MAX_FILE:,}", entry.name)
            if total + entry.size > limit:
                raise _bomb(path, limit, entry.name)
            for done in _copy(path, entry, folder / place):
                watch(f"unpacking {path.name}", total + done, None)
            total += entry.size
    return len(seen), total


def _copy(path: Path, entry: _Entry, target: Path) -> Iterator[int]:
    """Write an entry, and yield the bytes that are written so far."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        output = target.open("xb")
    except (FileExistsError, NotADirectoryError):
        raise _fault(path, "there is an entry in its place already", entry.name) from None
    with output:
        free, done = shutil.disk_usage(target.parent).free, 0
        if free < entry.size + RESERVE:
            message = f"{path.name} unpacks to more than the {free:,} bytes that are free"
            raise InputError(message, file=target.parent, remedy="free some space, or choose another --output")
        for piece in _pieces(path, entry):
            done += len(piece)
            if done > entry.size:
                break
            output.write(piece)
            yield done
    if done != entry.size:
        raise _fault(path, f"it has not the {entry.size:,} bytes that the archive tells", entry.name)


def _pieces(path: Path, entry: _Entry) -> Iterator[bytes]:
    with _reading(path, entry.name), entry.open() as content:
        while piece := content.read(BLOCK):
            yield piece


def _place(path: Path, name: str, archive: Archive) -> str | None:
    """Return where an entry goes; None where it is not wanted.

    Raises:
        InputError: its name would lead out of the folder, or cannot be a file's.

    """
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if ".." in parts or re.search(r"^/|^[A-Za-z]:|\\|\0", name):
        raise _fault(path, "a name that leads out of the folder", name)
    inside = [part for part in archive.inside.split("/") if part]
    place = "/".join(parts[len(inside) :])
    if parts[: len(inside)] != inside or not any(f"{place}/".startswith(f"{wanted}/") for wanted in archive.gives):
        return None
    if not name.isprintable():
        raise _fault(path, "a name with signs that cannot be shown", name)
    if len(name.encode()) > MAX_NAME or any(len(part.encode()) > MAX_PART for part in parts):
        raise _fault(path, "a name that is too long", name)
    return place


def _zip_entries(path: Path) -> Generator[_Entry, None, None]:
    with _reading(path), zipfile.ZipFile(path) as archive:
        if len(archive.infolist()) > MAX_ENTRIES:
            raise _too_many(path)
        for info in archive.infolist():
            kind = stat.S_IFMT(info.external_attr >> 16)
            name = info.orig_filename
            if name.endswith("/") or kind == stat.S_IFDIR:
                continue
            fault = ""
            if kind not in (0, stat.S_IFREG):
                fault = "a link" if kind == stat.S_IFLNK else "a device, pipe or socket"
            elif info.flag_bits & 1:
                fault = "encrypted: unpack it by hand, with the password of its owners"
            elif info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                fault = f"compressed by method {info.compress_type}, which is not read here: unpack it by hand"
            yield _Entry(name, info.file_size, fault, partial(archive.open, info))


def _tar_entries(path: Path, limit: int) -> Generator[_Entry, None, None]:
    openers: Mapping[str, Callable[[Path], Any]] = {".gz": gzip.open, ".bz2": bz2.open}
    with _reading(path), openers.get(path.suffix, _open)(path) as content:
        stream: Any = _Forward(path, content, limit)
        archive: Any = tarfile.TarFile(fileobj=stream)
        count = 0
        while (member := archive.next()) is not None:
            archive.members.clear()
            count += 1
            if count > MAX_ENTRIES:
                raise _too_many(path)
            if member.isdir():
                continue
            fault = ""
            if not member.isreg() or member.issparse():
                link = member.issym() or member.islnk()
                fault = "a link" if link else "a sparse file" if member.issparse() else "a device, pipe or socket"
            yield _Entry(member.name, member.size, fault, partial(archive.extractfile, member))
        if stream.last != bytes(tarfile.BLOCKSIZE):
            raise _fault(path, "damaged: it ends too soon")
        while stream.read(BLOCK):
            pass


def _open(path: Path) -> IO[bytes]:
    return path.open("rb")


class _Forward:
    """A stream that is read onwards only, in short pieces, and not beyond a bound.

    Attributes:
        last: what was read last.

    """

    def __init__(self, path: Path, stream: IO[bytes], limit: int) -> None:
        self._path, self._stream, self._limit = path, stream, limit
        self._position, self.last = 0, b""

    def tell(self) -> int:
        """Return where it is."""
        return self._position

    def seek(self, position: int) -> None:
        """Read up to a place."""
        if position < self._position:
            raise tarfile.ReadError("an entry leads back to what came before")
        while self._position < position and self.read(min(BLOCK, position - self._position)):
            pass

    def read(self, size: int) -> bytes:
        """Read so many bytes, or what there is."""
        if not 0 <= size <= BLOCK:
            raise tarfile.ReadError(f"a header of {size:,} bytes")
        self.last = self._stream.read(size)
        self._position += len(self.last)
        if self._position > self._limit:
            raise _bomb(self._path, self._limit)
        return self.last


@contextmanager
def _reading(path: Path, name: str = "") -> Iterator[None]:
    """Turn what the libraries raise into one error."""
    try:
        yield
    except _DAMAGES as error:
        raise _fault(path, f"damaged: {error or type(error).__name__}", name) from None


def _too_many(path: Path) -> InputError:
    return _fault(path, f"it has more than {MAX_ENTRIES:,} entries")


def _bomb(path: Path, limit: int, name: str = "") -> InputError:
    return _fault(path, f"it unpacks to more than {limit:,} bytes, which no honest archive of its size does", name)


def _fault(path: Path, message: str, name: str = "") -> InputError:
    """Return an error that names the archive and an entry."""
    where = f"entry {name!r:.300}: " if name else ""
    return InputError(f"{where}{message}", file=path, remedy="remove the archive and get it anew")
