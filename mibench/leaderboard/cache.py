"""Parts of the site that an earlier build made, by the digest of all that they depend on."""

import functools
import hashlib
import logging
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from mibench import __version__

_PACKAGE = Path(__file__).parents[1]

SITE = "site"
"""The folder of a part that goes into the site as it is."""

LISTING = "files"
"""Tells size and time of each file in that folder: where they are others, somebody changed it through the site."""
LOCK = ".lock"

_log = logging.getLogger(__name__)


class Cache:
    """A folder of parts. What a build does not use again is removed after it."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._used = folder, set[str]()
        folder.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let one build use the folder, and write the site that belongs to it; another one waits."""
        lock = FileLock(self._folder / LOCK)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            _log.info("another build of the same site is under way; this one begins after it")
            lock.acquire()
        try:
            yield
        finally:
            lock.release()

    def find(self, key: str) -> Path | None:
        """Return the folder of a part, or None where it must be made."""
        self._used.add(key)
        part = self._folder / key
        return part if part.is_dir() and (part / LISTING).read_text(encoding="utf-8") == _listing(part) else None

    def place(self, key: str) -> Path:
        """Return where `make_part` puts a part."""
        return self._folder / key

    def forget_unused(self) -> None:
        """Remove the parts that were not asked for."""
        for path in self._folder.iterdir():
            if path.name not in self._used and path.name != LOCK:
                shutil.rmtree(path, ignore_errors=True)


def make_part(place: Path, make: Callable[[Path], None]) -> Path:
    """Let `make` fill a folder beside its place, and put it there whole."""
    partial = place.with_name(f".{place.name}.{os.getpid()}")
    shutil.rmtree(partial, ignore_errors=True)
    (partial / SITE).mkdir(parents=True)
    try:
        make(partial)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    (partial / LISTING).write_text(_listing(partial), encoding="utf-8")
    shutil.rmtree(place, ignore_errors=True)
    partial.rename(place)
    return place


def _listing(part: Path) -> str:
    """Return a line for each file that goes into the site."""
    lines = []
    for folder, _, names in os.walk(part / SITE):
        for name in names:
            path = f"{folder}/{name}"
            status = Path(path).stat()
            lines.append(f"{path.removeprefix(str(part))} {status.st_size} {status.st_mtime_ns}")
    return "\n".join(sorted(lines))


def put_into_site(part: Path, site: Path) -> None:
    """Put the files of a part into the site, as hard links where the file system can.

    A thousand submissions have 400 MB. Whoever changes such a file of the site changes the part too, which then is made
    anew by the next build.
    """
    source = str(part / SITE)
    for folder, _, names in os.walk(source):
        place = f"{site}{folder.removeprefix(source)}"
        Path(place).mkdir(parents=True, exist_ok=True)
        for name in names:
            try:
                os.link(f"{folder}/{name}", f"{place}/{name}")
            except FileExistsError:
                continue
            except OSError:
                shutil.copyfile(f"{folder}/{name}", f"{place}/{name}")


def key_of(*parts: bytes | str) -> str:
    """Return the digest of what a part depends on; the code of this package always belongs to it."""
    content = hashlib.sha256(f"{_program_digest()} {_files_digest()}".encode())
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        content.update(len(data).to_bytes(8, "big") + data)
    return content.hexdigest()[:40]


def read_files_again() -> None:
    """Let parts belong to the templates and other files of the package as they are on the disk now.

    The program stays the one that runs.
    """
    _files_digest.cache_clear()


@functools.cache
def _program_digest() -> str:
    return _digest_of(path for path in _PACKAGE.rglob("*.py"))


@functools.cache
def _files_digest() -> str:
    return _digest_of(path for path in _PACKAGE.rglob("*") if path.suffix not in (".py", ".pyc") and path.is_file())


def _digest_of(files: Iterable[Path]) -> str:
    content = hashlib.sha256(__version__.encode())
    for path in sorted(files):
        content.update(str(path.relative_to(_PACKAGE)).encode() + b"\0" + path.read_bytes())
    return content.hexdigest()
