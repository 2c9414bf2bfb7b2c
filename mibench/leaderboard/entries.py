"""One submission as the leaderboard reads it: its description and its scores, none recomputed."""

import re
from pathlib import Path
from typing import NamedTuple

from mibench.cards import INSTRUCTIONS
from mibench.errors import InputError
from mibench.scoring.report import FILE_NAME, Scores, TaskScores, read_scores
from mibench.submissions.description import Description, read_description

SLUG = (
    r"(?!(?i:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:[./]|$))"
    r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9_-])?"
)
"""What a submission's folder may be called, for its name becomes an address, and a file on every system."""


class Entry(NamedTuple):
    """One submission; `slug` is its folder's name."""

    slug: str
    description: Description
    scores: Scores

    @property
    def complete(self) -> bool:
        """Whether all rows of all tasks were asked, with their pictures, so that the aggregate compares."""
        summary, described = self.scores.summary, self.description
        whole = described.limit is None and not described.blind
        return whole and not summary.missing and summary.aggregate.mean is not None

    @property
    def failed(self) -> int:
        """How many answers there are not; they count as wrong."""
        return sum(task.failed for task in self.scores.tasks.values())


def submission_folders(submissions: Path) -> list[Path]:
    """Return the submission folders in a folder, in the order of their names.

    Raises:
        InputError: the folder is missing, or one in it cannot be given an address.

    """
    folders = find_folders(submissions)
    for fault in folders.values():
        if fault is not None:
            raise fault
    return list(folders)


def find_folders(submissions: Path) -> dict[Path, InputError | None]:
    """Return the submission folders in a folder, in the order of their names, and why one can have no address.

    Raises:
        InputError: the folder is missing.

    """
    if not submissions.is_dir():
        raise InputError("not a folder", file=submissions, remedy="give --submissions the folder of submissions")
    folders = [path for path in sorted(submissions.iterdir()) if path.is_dir() and not path.name.startswith(".")]
    first = {folder.name.lower(): folder for folder in reversed(folders)}
    return {folder: _fault_of(folder, first[folder.name.lower()]) for folder in folders}


def _fault_of(folder: Path, first: Path) -> InputError | None:
    if folder.is_symlink():
        return InputError("a symbolic link", file=folder, remedy="put the submission itself there")
    if not re.fullmatch(SLUG, folder.name):
        remedy = (
            "use letters, digits, '.', '-' and '_', at most a hundred; begin with a letter or digit, end with no '.'"
        )
        message = f"the folder's name cannot be an address: {folder.name!r:.120}"
        return InputError(message, file=folder.parent, remedy=remedy)
    if folder != first:
        message = f"is called as {first.name} but for small and capital letters"
        return InputError(message, file=folder, remedy="give it another name")
    return None


def read_entry(folder: Path) -> Entry:
    """Read a submission.

    Raises:
        InputError: it cannot be read, has no scores, or scores of something else, or such as scoring never writes.

    """
    description = read_description(folder)
    if not (folder / FILE_NAME).exists():
        raise InputError("the submission has no scores", file=folder / FILE_NAME, remedy=f"mibench score {folder}")
    scores = read_scores(folder)
    if (scores.digests.cards, scores.digests.data) != (description.cards, description.data):
        message = "the scores are of other cards or data than submission.yaml says"
        raise InputError(message, file=folder / FILE_NAME, remedy=f"mibench score {folder}")
    if scores.tasks.keys() != description.cards.keys() or not all(map(_is_whole, scores.tasks.values())):
        message = "not what scoring writes: tasks, metrics or wordings are missing or too many"
        raise InputError(message, file=folder / FILE_NAME, remedy=f"mibench score {folder}")
    return Entry(folder.name, description, scores)


def _is_whole(task: TaskScores) -> bool:
    """Tell whether a task has its primary metric, none of it above 100, and every metric five wordings."""
    asked = [len(metric.per_instruction) for metric in task.metrics.values()]
    shown = [len(metric.ci.per_instruction) for metric in task.metrics.values() if metric.ci]
    if task.primary not in task.metrics or {*asked, *shown} != {INSTRUCTIONS}:
        return False
    primary = task.metrics[task.primary]
    return all(score is None or score <= 100 for score in (*primary.per_instruction, primary.mean, primary.max))
