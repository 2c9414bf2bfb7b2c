"""The training tasks of MultiInstruct, from files as the official preparation writes them."""

import logging
from collections import defaultdict
from collections.abc import Collection
from pathlib import Path

from mibench.data.boxes import read_box
from mibench.data.official.training import (
    REGION_ANSWERS,
    SEEN_TASKS,
    Tally,
    TrainingInstance,
    prompt,
    read_training,
    task_name_prompt,
    training_files,
)
from mibench.data.official.training_templates import TrainingTemplates, read_training_templates
from mibench.errors import InputError
from mibench.tuning.examples import Example
from mibench.tuning.mixture import capped

WORDINGS = 5
"""Instructions a task, as in the paper."""
NAMED = 5
"""Tasks without rows that a message names."""

_log = logging.getLogger(__name__)


class OfficialTask:
    """Rows of one task, each under one of its instructions or after the bare name of the task."""

    def __init__(
        self, rows: list[TrainingInstance], templates: TrainingTemplates, *, wordings: int, bare: bool, seed: int
    ) -> None:
        self.name = rows[0].task
        self.wordings = 1 if bare else min(wordings, len(templates.wordings(self.name)))
        self._rows, self._templates, self._bare, self._seed = rows, templates, bare, seed

    def __len__(self) -> int:
        return len(self._rows)

    def row_id(self, row: int) -> str:
        """Return the id of a row."""
        return self._rows[row].id

    def example(self, row: int, wording: int) -> Example:
        """Return a row in a wording.

        Raises:
            InputError: the row lacks what the wording shows, with file and line.

        """
        instance = self._rows[row]
        if self._bare:
            source, target = task_name_prompt(instance, self._templates, self._seed)
        else:
            source, target = prompt(instance, self._templates, wording + 1, self._seed)
        return Example(self.name, source, target, instance.image, _has_boxes(instance))


def official_tasks(
    folder: Path,
    templates: Path,
    names: Collection[str] = SEEN_TASKS,
    *,
    instances: int | None = None,
    wordings: int = WORDINGS,
    bare: bool = False,
    seed: int = 0,
) -> list[OfficialTask]:
    """Read the tasks of these names, in the order of their names; what was passed over is logged.

    Args:
        folder: of the training data.
        templates: the file with the wordings.
        names: of the tasks that are wanted.
        instances: most rows a task.
        wordings: instructions a task, the first so many.
        bare: whether the name of the task stands in place of an instruction.
        seed: of the choice of rows and of the order of options.

    Raises:
        InputError: a file cannot be read, holds a held-out task or a row without its picture, or there are no rows.

    """
    worded, tally = read_training_templates(templates), Tally()
    rows = defaultdict[str, list[TrainingInstance]](list)
    for file in training_files(folder):
        for instance in read_training(file, worded, tally, pictures=True):
            if instance.task not in names:
                continue
            kept = rows[instance.task]
            kept.append(instance)
            if instances is not None and len(kept) >= 4 * instances:
                rows[instance.task] = capped(kept, instances, seed, instance.task)
    for message in tally.messages():
        _log.warning("%s", message)
    if absent := sorted(name for name in names if name not in rows):
        few = ", ".join(absent[:NAMED]) + (", ..." if len(absent) > NAMED else "")
        _log.warning("no rows of %d of the %d tasks that are wanted: %s", len(absent), len(names), few)
    if not rows:
        raise InputError("no rows of the tasks that are wanted", file=folder, remedy="other clusters or tasks")
    chosen = {name: capped(found, instances, seed, name) for name, found in sorted(rows.items())}
    return [OfficialTask(found, worded, wordings=wordings, bare=bare, seed=seed) for found in chosen.values()]


def _has_boxes(instance: TrainingInstance) -> bool:
    """Tell whether a row speaks of boxes, or is answered by one."""
    about = "region" in instance.fields or "object_regions" in instance.fields.get("meta_data", {})
    return about or instance.task in REGION_ANSWERS or any(map(read_box, instance.options))
