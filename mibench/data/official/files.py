"""Finding an owner's file in a folder."""

from pathlib import Path

from mibench.errors import InputError

MAX_CANDIDATES = 10


def find_file(raw: Path, pattern: str) -> Path:
    """Return the one file at or below `raw` whose path ends in `pattern`; `raw` may itself be a part of that end.

    Raises:
        InputError: if there is none, or several.

    """
    if not raw.is_dir():
        raise InputError("not a folder", file=raw, remedy="give --raw the folder of the official files")
    whole = raw.resolve()
    named = (path for path in raw.rglob(Path(pattern).name) if (whole / path.relative_to(raw)).match(pattern))
    found = sorted(path for path in named if path.is_file() and not _is_hidden(path.relative_to(raw)))
    if not found:
        raise InputError(f"no {pattern} at or below this folder", file=raw, remedy="give --raw the right folder")
    if len(found) > 1:
        names = ", ".join(str(path.relative_to(raw)) for path in found[:MAX_CANDIDATES])
        raise InputError(f"{len(found)} files match {pattern}: {names}", file=raw, remedy="name one by --raw")
    return found[0]


def _is_hidden(path: Path) -> bool:
    """Tell whether a path leads through a folder that is still being unpacked, or otherwise out of sight."""
    return any(part.startswith(".") for part in path.parts)
