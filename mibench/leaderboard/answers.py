"""The answers of a submission, row by row, as data that the page of answers loads piece by piece."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from mibench.leaderboard.entries import Entry
from mibench.leaderboard.sheet import AnswerSet

if TYPE_CHECKING:
    from mibench.leaderboard.submission_part import Sources


def write_answers(entry: Entry, folder: Path, sources: "Sources", site: Path) -> Mapping[str, AnswerSet]:
    """Write a submission's answers into the site, where the data that it answered is at hand.

    Args:
        entry: the submission.
        folder: where it lies.
        sources: with the data.
        site: the folder that goes into the site.

    Returns:
        By task, what was written.

    """
    return {}
