"""The wordings of the training tasks, as a file of the kind of the official `instruction_templates.py` holds them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from mibench.errors import InputError
from mibench.instructions.following import UnconvertibleError
from mibench.instructions.importing import OPTIONS, OPTIONS_BEGIN
from mibench.instructions.parts import Slot, Text
from mibench.instructions.source import convertible_tasks, read_templates

SEPARATOR = "||||"
"""Stands between options."""


class Wording(NamedTuple):
    """One way to put a task.

    Attributes:
        text: what is filled from a row; where `options` is not empty, they follow it.
        options: those that the file itself names, for a task whose rows have none.

    """

    text: Text
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class TrainingTemplates:
    """Wordings by task.

    Attributes:
        tasks: by the official name, at least five wordings in the file's order.
        refused: why the templates of other tasks cannot be used.

    """

    tasks: Mapping[str, tuple[Wording, ...]]
    refused: Mapping[str, str]

    def why_none(self, task: str) -> str | None:
        """Return why there is no wording for a task; None where there is."""
        return None if task in self.tasks else self.refused.get(task, "the file of templates has none for it")

    def wordings(self, task: str) -> tuple[Wording, ...]:
        """Return all wordings of a task.

        Raises:
            InputError: there is none.

        """
        if reason := self.why_none(task):
            raise InputError(f"no templates for the task {task}: {reason}", remedy="give a file that has them")
        return self.tasks[task]

    def task_name(self, task: str) -> Wording:
        """Return the name of a task in place of an instruction: all that its wordings show of a row follows it.

        Raises:
            InputError: the task has no wording that tells what it shows.

        """
        wordings = self.wordings(task)
        places = _places(slot for wording in wordings for slot in wording.text.slots)
        options = wordings[0].options
        parts: list[str | Slot] = [task]
        for slot in places:
            if slot.path != OPTIONS.path:
                parts += ["\n", slot]
        if options:
            parts.append(f"\n\n{OPTIONS_BEGIN}")
        elif any(slot.path == OPTIONS.path for slot in places):
            parts += [f"\n\n{OPTIONS_BEGIN}", OPTIONS]
        return Wording(Text(tuple(parts)), options)


def read_training_templates(path: Path) -> TrainingTemplates:
    """Read `instruction_templates.py` of the official repository or a file of its kind; nothing in it is run.

    Raises:
        InputError: it is no such file.

    """
    tasks, refused = convertible_tasks(read_templates(path))
    return TrainingTemplates(
        {name: tuple(_wording(template.text) for template in task.templates) for name, task in tasks.items()},
        {name: f"{path.name}:{_reason(name, error)}" for name, error in refused.items()},
    )


def _reason(task: str, error: UnconvertibleError) -> str:
    first, *others = error.faults
    rest = f" (and {len(others)} more)" if others else ""
    return f"{first.line}: {first.message.removeprefix(f'{task}: ')}{rest}"


def _wording(text: Text) -> Wording:
    """Take apart a text that ends with options of its own, which the official code shuffles."""
    if text.parts and isinstance(last := text.parts[-1], str):
        head, begin, tail = last.rpartition(OPTIONS_BEGIN)
        if begin and SEPARATOR in tail:
            return Wording(Text((*text.parts[:-1], head + begin)), tuple(tail.split(SEPARATOR)))
    return Wording(text)


def _places(slots: Iterable[Slot]) -> list[Slot]:
    """Return each place once, in order, without the items of a list that is shown whole."""
    first = dict[tuple[str | int, ...], Slot]()
    for slot in slots:
        first.setdefault(slot.path, slot)
    return [slot for path, slot in first.items() if path[:-1] not in first]
