"""One submission as the leaderboard reads it: its description and its scores, none recomputed."""

import re
from pathlib import Path
from typing import NamedTuple

from mibench.errors import InputError
from mibench.scoring.report import FILE_NAME, Scores, read_scores
from mibench.submissions.description import Description, read_description

SLUG = r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}"
"""What a submission's folder may be called, for its name becomes an address."""


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
    if not submissions.is_dir():
        raise InputError("not a folder", file=submissions, remedy="give --submissions the folder of submissions")
    folders = [path for path in sorted(submissions.iterdir()) if path.is_dir() and not path.name.startswith(".")]
    taken = dict[str, Path]()
    for folder in folders:
        if folder.is_symlink():
            raise InputError("a symbolic link", file=folder, remedy="put the submission itself there")
        if not re.fullmatch(SLUG, folder.name):
            remedy = "use letters, digits, '.', '-' and '_', at most a hundred, and begin with a letter or digit"
            raise InputError("the folder's name cannot be an address", file=folder, remedy=remedy)
        if first := taken.get(folder.name.lower()):
            message = f"is called as {first.name} but for small and capital letters"
            raise InputError(message, file=folder, remedy="give it another name")
        taken[folder.name.lower()] = folder
    return folders


def read_entry(folder: Path) -> Entry:
    """Read a submission.

    Raises:
        InputError: it cannot be read, has no scores, or scores of something else.

    """
    description = read_description(folder)
    if not (folder / FILE_NAME).exists():
        raise InputError("the submission has no scores", file=folder / FILE_NAME, remedy=f"mibench score {folder}")
    scores = read_scores(folder)
    if (scores.digests.cards, scores.digests.data) != (description.cards, description.data):
        message = "the scores are of other cards or data than submission.yaml says"
        raise InputError(message, file=folder / FILE_NAME, remedy=f"mibench score {folder}")
    return Entry(folder.name, description, scores)
