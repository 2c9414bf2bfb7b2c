"""The scores of single rows, kept in the part of a submission for the comparisons with others."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from mibench.cards import TaskCard
from mibench.scoring.compare import PrimaryRows
from mibench.submissions.reading import Submission

ROWS = "rows.npz"


def keep_rows(part: Path, tasks: Mapping[str, PrimaryRows]) -> None:
    """Write the rows of each task into the folder of a part."""
    arrays = {f"{name}.{key}": value for name, rows in tasks.items() for key, value in rows._asdict().items()}
    np.savez(part / ROWS, **arrays)


class KeptRows:
    """Gives a comparison the rows that were kept."""

    def __init__(self, parts: Mapping[Path, Path]) -> None:
        """Open the rows of submissions; `parts` names the part of each folder."""
        self._files = {folder: np.load(part / ROWS, allow_pickle=False) for folder, part in parts.items()}

    def __call__(self, submission: Submission, card: TaskCard) -> PrimaryRows:
        """Return the rows of a task."""
        file = self._files[submission.folder]
        return PrimaryRows(file[f"{card.name}.values"], file[f"{card.name}.groups"])

    def close(self) -> None:
        """Close the files."""
        for file in self._files.values():
            file.close()
