"""The runs of a study, one after another: trained, asked, scored; what is done is not done again."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from mibench.analysis.study_plan import StudyRun
from mibench.errors import InputError
from mibench.running.runner import JOURNAL
from mibench.scoring.report import FILE_NAME, Scores, read_scores
from mibench.whole_file import write_whole

RECORD = "run.json"
"""What a run's folder was made by."""
SUBMISSION = "submission"
TRAINING = "training"

Train = Callable[[StudyRun, Path], Path]
"""Trains a run in a folder, and returns the folder of its model."""
Ask = Callable[[StudyRun, Path, Path], Scores]
"""Asks a run's model, and writes a submission with its scores to a folder."""


def scores_of(run: StudyRun, output: Path) -> Scores | None:
    """Return what a run scored; None where it is not done."""
    folder = output / run.name / SUBMISSION
    done = (folder / FILE_NAME).exists() and not (folder / JOURNAL).is_dir()
    return read_scores(folder) if done else None


def carry_out(
    runs: Iterable[StudyRun], output: Path, settings: Mapping[str, Any], train: Train, ask: Ask
) -> Iterator[tuple[StudyRun, Scores]]:
    """Make the runs that are not done, and yield each with its scores.

    Args:
        runs: of the study.
        output: holds a folder a run: `training/`, `submission/` and `run.json`.
        settings: what the runs depend on besides their stages.
        train: the training.
        ask: the evaluation.

    Raises:
        InputError: the folder of a run was made by other settings; training or evaluation fails.

    """
    for run in runs:
        _keep_record(run, output / run.name / RECORD, settings)
        scores = scores_of(run, output)
        if scores is None:
            model = train(run, output / run.name / TRAINING)
            scores = ask(run, model, output / run.name / SUBMISSION)
        yield run, scores


def _keep_record(run: StudyRun, file: Path, settings: Mapping[str, Any]) -> None:
    record = {**settings, "stages": [stage.model_dump(mode="json") for stage in run.stages]}
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, json.dumps(record, indent=2).encode() + b"\n")
        return
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
    except ValueError:
        kept = None
    if kept != record:
        remedy = "another --output, the settings it was begun with, or delete the folder"
        raise InputError("holds a run of other settings", file=file.parent, remedy=remedy)
