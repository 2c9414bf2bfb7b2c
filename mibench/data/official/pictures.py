"""Where an owner keeps a row's picture, and what lies beside it."""

from collections.abc import Sequence
from pathlib import Path

from mibench.errors import InputError

_REMEDY = "complete the pictures, or --no-images for the text alone"
_MAX_SHOWN = 600


def find_folders(file: Path, names: Sequence[str], *, above: int = 0, remedy: str = _REMEDY) -> list[Path]:
    """Return those of some folders that are there: beside a file, then beside the folders that it lies in.

    Args:
        file: the file of the rows.
        names: the folders' names, the usual one first, perhaps with folders of their own.
        above: how many folders up to look as well.
        remedy: what to do where there is none.

    Raises:
        InputError: there is none.

    """
    beside = file.parent.resolve()
    places = [beside, *beside.parents][: above + 1]
    found = [place / name for place in places for name in names if (place / name).is_dir()]
    if not found:
        message = f"no folder {' or '.join(names)} beside it" + (f" or up to {above} folders above" if above else "")
        raise InputError(message, file=file, remedy=remedy)
    return found


def find_picture(
    folder: Path | Sequence[Path],
    name: str,
    *,
    file: Path,
    line: int | None = None,
    place: str = "",
    what: str = "picture",
    remedy: str = _REMEDY,
) -> Path:
    """Return the picture that a row names, which must lie in its folder.

    Args:
        folder: holds the pictures; of several, the first that holds this one counts.
        name: as the row gives it, perhaps with folders.
        file: the file of the row.
        line: its line, where it has one.
        place: its path in the document, where that says more than a line.
        what: what it is, where it is no picture.
        remedy: what to do where it is missing.

    Raises:
        InputError: the name leads out of the folder, or no file is there.

    """
    folders = [folder] if isinstance(folder, Path) else folder
    where = f"{place}: " if place else ""
    if Path(name).is_absolute() or ".." in Path(name).parts:
        message = f"{where}the {what} {name!r:.200} is not inside {folders[0]}"
        raise InputError(message, file=file, line=line, remedy="get the file anew")
    for candidate in folders:
        if _is_file(candidate / name):
            return candidate / name
    shown = str(folders[0] / name)
    shown = shown if shown.isprintable() else repr(shown)
    missing = f"{where}the {what} {shown:.{_MAX_SHOWN}} is missing"
    raise InputError(missing, file=file, line=line, remedy=remedy)


def _is_file(path: Path) -> bool:
    """Tell whether a file is there; a name that no file can have names none."""
    try:
        return path.is_file()
    except OSError:
        return False
