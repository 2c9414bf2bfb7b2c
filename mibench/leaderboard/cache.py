"""Parts of the site that an earlier build made, by the digest of all that they depend on."""

import functools
import hashlib
import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from mibench import __version__

_PACKAGE = Path(__file__).parents[1]

_READ_ONLY = 0o444

SITE = "site"
"""The folder of a part that goes into the site as it is."""


class Cache:
    """A folder of parts. What a build does not use again is removed after it."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._used = folder, set[str]()
        folder.mkdir(parents=True, exist_ok=True)

    def find(self, key: str) -> Path | None:
        """Return the folder of a part, or None where it must be made."""
        self._used.add(key)
        return self._folder / key if (self._folder / key).is_dir() else None

    def place(self, key: str) -> Path:
        """Return where `make_part` puts a part."""
        return self._folder / key

    def forget_unused(self) -> None:
        """Remove the parts that were not asked for."""
        for path in self._folder.iterdir():
            if path.name not in self._used:
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
    for path in (partial / SITE).rglob("*"):
        if path.is_file():
            path.chmod(_READ_ONLY)
    shutil.rmtree(place, ignore_errors=True)
    partial.rename(place)
    return place


def put_into_site(part: Path, site: Path) -> None:
    """Put the files of a part into the site, as hard links where the file system can.

    A thousand submissions have 400 MB. The files can only be read, since a change to one would change the part too.
    """
    for folder, _, names in os.walk(part / SITE):
        place = site / Path(folder).relative_to(part / SITE)
        place.mkdir(parents=True, exist_ok=True)
        for name in names:
            try:
                os.link(Path(folder, name), place / name)
            except FileExistsError:
                continue
            except OSError:
                shutil.copyfile(Path(folder, name), place / name)


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
