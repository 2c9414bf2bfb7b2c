"""What the leaderboard knows of each submission: its description and its scores, both read and none recomputed."""

from pathlib import Path
from typing import NamedTuple

from mibench.errors import InputError
from mibench.scoring.report import FILE_NAME, Scores, read_scores
from mibench.submissions.description import Description, read_description


class Entry(NamedTuple):
    """One submission.

    Attributes:
        slug: the folder's name.
        rank: 1 is best in its table; None before tables are made, and for one that is not complete.

    """

    slug: str
    description: Description
    scores: Scores
    rank: int | None = None

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


def read_entries(submissions: Path) -> list[Entry]:
    """Read all submissions of a folder, in the order of their names and not ranked yet.

    Raises:
        InputError: the folder is missing, or a submission in it cannot be read, has no scores, or scores of
            something else.

    """
    if not submissions.is_dir():
        raise InputError("not a folder", file=submissions, remedy="give --submissions the folder of submissions")
    entries = []
    for folder in sorted(submissions.iterdir()):
        if folder.name.startswith(".") or folder.is_file():
            continue
        if folder.is_symlink():
            raise InputError("a symbolic link", file=folder, remedy="put the submission itself there")
        entries.append(_read_entry(folder))
    return entries


def _read_entry(folder: Path) -> Entry:
    description = read_description(folder)
    if not (folder / FILE_NAME).exists():
        raise InputError("the submission has no scores", file=folder / FILE_NAME, remedy=f"mibench score {folder}")
    scores = read_scores(folder)
    if (scores.digests.cards, scores.digests.data) != (description.cards, description.data):
        message = "the scores are of other cards or data than submission.yaml says"
        raise InputError(message, file=folder / FILE_NAME, remedy=f"mibench score {folder}")
    return Entry(folder.name, description, scores)
