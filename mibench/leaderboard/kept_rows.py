"""The rows of a submission that comparisons read, kept between builds; reading them takes most of a comparison."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from mibench.cards import TaskCard
from mibench.data.store import DataFolder
from mibench.errors import InputError
from mibench.leaderboard.cache import make_part
from mibench.leaderboard.submission_part import Sources
from mibench.scoring.compare import PrimaryRows, primary_rows
from mibench.scoring.report import read_scores
from mibench.submissions.description import read_description
from mibench.submissions.reading import Submission

ROWS, UNFIT = "rows.npz", "unfit.txt"


def keep_rows(sources: Sources, folder: Path, place: Path) -> None:
    """Read the answers of a submission and keep the rows, or why they cannot be compared, at a place in the cache."""
    make_part(place, partial(_fill, sources, folder))


def why_unfit(part: Path) -> str | None:
    """Say why the rows of a submission cannot be compared; None where they can."""
    return (part / UNFIT).read_text(encoding="utf-8") if (part / UNFIT).exists() else None


class KeptRows:
    """Gives a comparison the rows that were kept."""

    def __init__(self, parts: dict[Path, Path]) -> None:
        """Open the rows of submissions; `parts` names the part of each folder."""
        self._files = {folder: np.load(part / ROWS, allow_pickle=False) for folder, part in parts.items()}

    def __call__(self, submission: Submission, card: TaskCard) -> PrimaryRows:
        """Return the rows of a task."""
        file = self._files[submission.folder]
        return PrimaryRows(file[f"{card.name}.values"], file[f"{card.name}.groups"], str(file[f"{card.name}.digest"]))

    def close(self) -> None:
        """Close the files."""
        for file in self._files.values():
            file.close()


def open_for_comparison(sources: Sources, folder: Path) -> Submission:
    """Open a submission beside the data of its world.

    Raises:
        InputError: its description has a fault, or the data lacks a task.

    """
    described = read_description(folder)
    data = DataFolder(sources.data[described.world])
    return Submission(folder, described, {**sources.cards, **data.cards()}, data)


def _fill(sources: Sources, folder: Path, part: Path) -> None:
    arrays = dict[str, Any]()
    try:
        submission, digests = open_for_comparison(sources, folder), read_scores(folder).digests.predictions
        for card in submission.cards:
            rows = primary_rows(submission, card)
            if rows.digest != digests.get(card.name):
                message = f"the predictions for {card.name} are not those that scores.json is of"
                raise InputError(message, file=folder, remedy=f"mibench score {folder}")
            arrays |= {f"{card.name}.{key}": value for key, value in rows._asdict().items()}
    except InputError as error:
        (part / UNFIT).write_text(str(error).splitlines()[0], encoding="utf-8")
    else:
        np.savez(part / ROWS, **arrays)
