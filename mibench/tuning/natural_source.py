"""The training tasks of Natural Instructions v2 (Wang et al., 2022): the definition of a task, then the input."""

from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

import msgspec

from mibench.errors import InputError
from mibench.tuning.examples import Example
from mibench.tuning.mixture import capped

MAX_BYTES = 128 << 20
"""No honest file of a task is longer."""
SPLIT, TRAINING = "splits/default", "train_tasks.txt"


class _Instance(msgspec.Struct):
    id: str
    input: str
    output: list[str]


class _File(msgspec.Struct, rename="pascal"):
    definition: list[str]
    instances: list[_Instance]
    input_language: list[str] = msgspec.field(name="Input_language")
    output_language: list[str] = msgspec.field(name="Output_language")


class _Row(NamedTuple):
    id: str
    text: str
    output: str


class NaturalTask:
    """Rows of one task, each after its definition; the first output is the answer."""

    wordings = 1

    def __init__(self, name: str, definition: str, rows: list[_Row]) -> None:
        self.name = name
        self._definition, self._rows = definition, rows

    def __len__(self) -> int:
        return len(self._rows)

    def row_id(self, row: int) -> str:
        """Return the id of a row."""
        return self._rows[row].id

    def example(self, row: int, wording: int) -> Example:
        """Return a row; there is one wording."""
        found = self._rows[row]
        return Example(self.name, f"{self._definition}\n\n{found.text}", found.output)


def natural_tasks(
    folder: Path, names: Collection[str] | None = None, *, instances: int | None = None, seed: int = 0
) -> list[NaturalTask]:
    """Read the English tasks of the default training split, in its order.

    Args:
        folder: at or above both `tasks/` and `splits/`.
        names: only these of them.
        instances: most rows a task.
        seed: of the choice of rows.

    Raises:
        InputError: a list or a task is missing or faulty, or a training task is in the test split too.

    """
    root = _root(folder)
    listed = _listed(root / SPLIT / TRAINING)
    if held_out := sorted(set(listed) & set(_listed(root / SPLIT / "test_tasks.txt"))):
        message = f"{held_out[0]} is in the test split too: a model trained on it cannot be evaluated on it"
        raise InputError(message, file=folder, remedy="take the splits of one version")
    wanted = [name for name in listed if names is None or name in names]
    tasks = (_read_task(root / "tasks" / f"{name}.json", instances, seed) for name in wanted)
    found = [task for task in tasks if task is not None]
    if not found:
        raise InputError("no English training tasks that are wanted", file=folder, remedy="give the whole collection")
    return found


def _root(folder: Path) -> Path:
    """Return the folder at or below this one that holds the splits."""
    found = sorted(folder.rglob(f"{SPLIT}/{TRAINING}"))
    if len(found) != 1:
        message = f"{len(found) or 'no'} {SPLIT}/{TRAINING} at or below this folder"
        raise InputError(message, file=folder, remedy="give the folder of one copy of Natural Instructions")
    return found[0].parent.parent.parent


def _listed(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").split()


def _read_task(path: Path, instances: int | None, seed: int) -> NaturalTask | None:
    """Return a task, or None where it is not English or has no rows."""
    name = path.stem
    if path.stat().st_size > MAX_BYTES:
        raise InputError(f"over {MAX_BYTES >> 20} MiB", file=path, remedy="get it anew")
    try:
        file = msgspec.json.decode(path.read_bytes(), type=_File)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"not a task of Natural Instructions: {error}", file=path, remedy="get it anew") from None
    if not file.definition or {*file.input_language, *file.output_language} != {"English"}:
        return None
    rows = [_Row(row.id, row.input, row.output[0]) for row in file.instances if row.output]
    return NaturalTask(name, file.definition[0], capped(rows, instances, seed, name)) if rows else None
