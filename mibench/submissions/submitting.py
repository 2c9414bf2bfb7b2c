"""From raw prediction files to a validated submission folder."""

import shutil
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from mibench.cards import TaskCard
from mibench.data.store import DataFolder
from mibench.errors import InputError
from mibench.faults import Faults
from mibench.submissions.description import Description, write_description
from mibench.submissions.faults import InvalidSubmissionError
from mibench.submissions.raw import read_raw
from mibench.submissions.reading import PREDICTIONS, RowChecker, Submission, validate
from mibench.submissions.writing import PredictionWriter


def raw_tasks(files: Iterable[Path], cards: Mapping[str, TaskCard]) -> Sequence[TaskCard]:
    """Return the tasks that the files answer, in the cards' order.

    Raises:
        InputError: a line that is not a prediction, or names an unknown task.

    """
    names = set[str]()
    for file in files:
        for line, prediction in read_raw(file):
            if prediction.task not in cards:
                message, remedy = f"unknown task {prediction.task!r:.200}", "'mibench tasks list' prints the names"
                raise InputError(message, file=file, line=line, remedy=remedy)
            names.add(prediction.task)
    if not names:
        raise InputError("no predictions in the files", remedy="one row an instance and instruction")
    return [card for name, card in cards.items() if name in names]


def submit(
    files: Sequence[Path], output: Path, description: Description, cards: Mapping[str, TaskCard], data: DataFolder
) -> None:
    """Write a submission folder from raw files and validate it; on any fault, nothing is left behind.

    Raises:
        InputError: `output` exists.
        InvalidSubmissionError: with all faults, by file and line of the raw files.

    """
    if output.exists():
        raise InputError("exists already", file=output, remedy="choose another --output")
    partial = output.with_name(f".{output.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    (partial / PREDICTIONS).mkdir(parents=True)
    try:
        write_description(partial, description)
        submission = Submission(partial, description, cards, data)
        _copy_checked(files, submission)
        validate(Submission(partial, description, cards, data))
        partial.rename(output)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _copy_checked(files: Sequence[Path], submission: Submission) -> None:
    """Copy the raw predictions into the folder, or tell all their faults by their own file and line."""
    faults = Faults()
    checkers = {card.name: RowChecker(submission.rows(card.name), faults) for card in submission.cards}
    with ExitStack() as stack:
        writers = {name: stack.enter_context(PredictionWriter(submission.folder, name)) for name in checkers}
        for file in files:
            for line, prediction in read_raw(file):
                checker = checkers[prediction.task]
                if checker.check(prediction, file, line) is not None:
                    writers[prediction.task].write([prediction])
    for task, checker in checkers.items():
        checker.note_missing(Path(task), whole_wordings=True)
    if faults:
        raise InvalidSubmissionError(faults)
