"""Reading a submission against the data that it answers, one pass, every fault told."""

import copy
from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Self

import msgspec
import numpy as np

from mibench.cards import INSTRUCTIONS, TaskCard
from mibench.data.store import DataFolder
from mibench.errors import InputError
from mibench.faults import Faults
from mibench.instances import Instance, Prediction
from mibench.submissions.description import FILE_NAME, Description
from mibench.submissions.faults import InvalidSubmissionError
from mibench.submissions.lines import Allowance, LineFault, read_lines

PREDICTIONS = "predictions"
SUFFIXES = (".jsonl", ".jsonl.zst")


class PredictionLine(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """One line of `predictions/<task>.jsonl`; where `failed` says why there is no answer, the prediction is empty."""

    instance: str
    instruction: int
    prediction: str
    option_scores: list[float] | None = None
    option_scores_per_token: list[float] | None = None
    failed: str | None = None


class PlacedAnswer(NamedTuple):
    """One answer, placed in the data.

    Attributes:
        row: of the instance in the data.
        instruction: counted from 0.
        text: as the model gave it.
        option_scores: of the options in the order shown, where an adapter gave them.
        option_scores_per_token: the same divided by the number of the option's tokens.
        failed: whether there is no answer.

    """

    row: int
    instruction: int
    text: str
    option_scores: list[float] | None = None
    option_scores_per_token: list[float] | None = None
    failed: bool = False


class Rows(NamedTuple):
    """The instances that a submission should answer.

    Attributes:
        numbers: row of each instance by its id.
        options: how many options each row has.

    """

    numbers: Mapping[str, int]
    options: Sequence[int]


class RowChecker:
    """Tells whether a task's answers are to known rows, each once and all of them."""

    def __init__(self, rows: Rows, faults: Faults, wordings: Collection[int] | None = None) -> None:
        """Begin with no row answered.

        Args:
            rows: those that should be answered.
            faults: takes what is wrong.
            wordings: the instructions that were asked; all five by default.

        """
        self._rows, self._options = rows
        self._wordings = wordings or range(1, INSTRUCTIONS + 1)
        self._faults = faults
        self._seen = bytearray(len(self._rows) * INSTRUCTIONS)

    def check(self, answer: PredictionLine | Prediction, file: Path, line: int) -> int | None:
        """Return the instance's row, or note the fault and return None."""
        instance, instruction = answer.instance, answer.instruction
        row = self._rows.get(instance)
        if row is None:
            message = f"unknown instance {instance!r:.200}"
        elif not 1 <= instruction <= INSTRUCTIONS:
            message = f"instruction {instruction!r:.40} is not 1 to {INSTRUCTIONS}"
        elif instruction not in self._wordings:
            message = f"instruction {instruction} is not one of the wordings in {FILE_NAME}"
        elif self._seen[row * INSTRUCTIONS + instruction - 1]:
            message = f"instance {instance!r:.200}, instruction {instruction} is answered twice"
        elif isinstance(answer, PredictionLine) and answer.failed is not None and answer.prediction:
            message = f"instance {instance!r:.200}, instruction {instruction} failed and has an answer"
        elif wrong := wrong_scores(answer, self._options[row]):
            message = f"{wrong} of instance {instance!r:.200}"
        else:
            self._seen[row * INSTRUCTIONS + instruction - 1] = 1
            return row
        self._faults.add(message, file=file, line=line)
        return None

    def note_missing(self, file: Path, *, whole_wordings: bool) -> None:
        """Note the rows that have no answer, as one fault.

        Args:
            file: where they should be.
            whole_wordings: whether a wording that was not asked at all counts as missing.

        """
        seen = np.frombuffer(self._seen, bool).reshape(-1, INSTRUCTIONS)
        asked = seen.any(axis=0)
        if whole_wordings or not seen.any():
            asked = np.isin(np.arange(1, INSTRUCTIONS + 1), list(self._wordings))
        unanswered = ~seen & asked
        missing = int(np.count_nonzero(unanswered))
        if missing:
            row, instruction = np.unravel_index(int(np.argmax(unanswered)), unanswered.shape)
            instance = next(name for name, number in self._rows.items() if number == row)
            first = f"instance {instance!r:.200}, instruction {instruction + 1}"
            message = f"{missing} of {seen[:, asked].size} rows missing, the first: {first}"
            self._faults.add(message, file=file, remedy="complete the run")


def wrong_scores(answer: PredictionLine | Prediction, options: int) -> str | None:
    """Say what is wrong with the option scores of a row that has so many options; None where nothing is."""
    for name in ("option_scores", "option_scores_per_token"):
        scores = getattr(answer, name)
        if scores is not None and not options:
            return f"{name}, but no options,"
        if scores is not None and len(scores) != options:
            return f"{len(scores)} {name} for the {options} options"
    if answer.option_scores is None and answer.option_scores_per_token is not None:
        return "option_scores_per_token without option_scores"
    return None


class Submission:
    """A submission folder beside the cards and the data that it answers.

    Reading it collects faults instead of stopping at the first; `faults` is complete once every task was read.
    """

    def __init__(self, folder: Path, description: Description, cards: Mapping[str, TaskCard], data: DataFolder) -> None:
        """Open a submission.

        Args:
            folder: holds `submission.yaml` and `predictions/`.
            description: what `submission.yaml` says.
            cards: all cards that this harness knows.
            data: the data to check against.

        Raises:
            InputError: the data is of another world, or lacks a task.

        """
        self.folder, self.description, self.data = folder, description, data
        self.faults = Faults()
        self.cards = [card for name, card in cards.items() if name in description.cards]
        self._files = self._find_files(cards)
        self._check_origin(cards)

    def with_new_faults(self) -> Self:
        """Return the same submission with an empty list of faults."""
        other = copy.copy(self)
        other.faults = Faults()
        return other

    def _find_files(self, cards: Mapping[str, TaskCard]) -> dict[str, list[Path]]:
        """Return the prediction files by task; a task's rows may be split over `<task>.<anything>.jsonl`."""
        folder, files = self.folder / PREDICTIONS, dict[str, list[Path]]()
        for path in sorted(self.folder.iterdir()):
            if path.is_symlink():
                self.faults.add("a symbolic link", file=path, remedy="put the file itself there")
        if folder.is_symlink() or not folder.is_dir():
            self.faults.add("no folder of predictions", file=folder, remedy="one <task>.jsonl a task")
            return files
        for path in sorted(folder.iterdir()):
            task = path.name.partition(".")[0]
            if path.is_symlink():
                self.faults.add("a symbolic link", file=path, remedy="put the file itself there")
            elif not path.name.endswith(SUFFIXES) or not path.is_file():
                self.faults.add(
                    "not a file of predictions", file=path, remedy="name it <task>.jsonl or <task>.jsonl.zst"
                )
            elif task not in cards:
                self.faults.add(f"unknown task {task!r}", file=path, remedy="'mibench tasks list' prints the names")
            elif task not in self.description.cards:
                self.faults.add(
                    f"the task {task!r} is not in {FILE_NAME}", file=path, remedy="list it, or remove the file"
                )
            elif path.stat().st_size == 0:
                self.faults.add("empty file", file=path, remedy="one JSON object a line")
                files.setdefault(task, [])
            else:
                files.setdefault(task, []).append(path)
        return files

    def _check_origin(self, cards: Mapping[str, TaskCard]) -> None:
        """Compare the digests in the description with the cards and the data at hand."""
        described, file = self.description, self.folder / FILE_NAME
        if described.world != self.data.world:
            raise InputError(
                f"answers the {described.world} world, and the data is {self.data.world}",
                file=file,
                remedy="give --data the folder it was run on" if described.world == "official" else "leave --data out",
            )
        for name in described.cards.keys() - cards.keys():
            self.faults.add(f"unknown task {name!r}", file=file, remedy="'mibench tasks list' prints the names")
        for name in described.data.keys() ^ described.cards.keys():
            self.faults.add(f"the task {name!r} stands under one of data and cards only", file=file)
        if not described.cards:
            self.faults.add("no tasks", file=file, remedy="list at least one under cards and data")
        for card in self.cards:
            if described.cards[card.name] != card.digest:
                self.faults.add(f"the card of {card.name} has changed since", file=file, remedy="run the task again")
            if described.data.get(card.name, "") != self.data.entry(card.name).digest:
                remedy = "give --data the folder it was run on"
                self.faults.add(f"the data of {card.name} is not what was answered", file=file, remedy=remedy)

    def instances(self, task: str) -> Iterator[Instance]:
        """Stream the instances that the submission should answer."""
        limit = self.description.limit
        for number, instance in enumerate(self.data.instances(task)):
            if limit is not None and number >= limit:
                return
            yield instance

    def rows(self, task: str) -> Rows:
        """Return the rows of these instances."""
        numbers, options = dict[str, int](), array("H")
        for number, instance in enumerate(self.instances(task)):
            numbers[instance.id] = number
            options.append(min(len(instance.options), 0xFFFF))
        return Rows(numbers, options)

    def answers(self, task: str, rows: Rows, *, whole_wordings: bool = False) -> Iterator[PlacedAnswer]:
        """Stream a task's answers in the files' order, each once; faulty lines are noted and passed over.

        Args:
            task: one of `cards`.
            rows: the rows of the task.
            whole_wordings: whether it is a fault that one of the five wordings was not asked at all.

        """
        decoder = msgspec.json.Decoder(PredictionLine)
        checker = RowChecker(rows, self.faults, self.description.wordings)
        allowance = Allowance(INSTRUCTIONS * len(rows.numbers))
        for path in self._files.get(task, []):
            if allowance.spent:
                break
            for number, line in read_lines(path, allowance):
                if isinstance(line, LineFault):
                    self.faults.add(line.message, file=path, line=number or None)
                    continue
                try:
                    answer = decoder.decode(line)
                except UnicodeDecodeError as error:
                    self.faults.add(f"not UTF-8: {error.reason}", file=path, line=number)
                    continue
                except (msgspec.DecodeError, RecursionError) as error:
                    self.faults.add(_plain(error, line), file=path, line=number)
                    continue
                row = checker.check(answer, path, number)
                if row is not None:
                    yield PlacedAnswer(
                        row,
                        answer.instruction - 1,
                        answer.prediction,
                        answer.option_scores,
                        answer.option_scores_per_token,
                        answer.failed is not None,
                    )
        if not allowance.spent:
            checker.note_missing(self.folder / PREDICTIONS / f"{task}.jsonl", whole_wordings=whole_wordings)


def _plain(error: Exception, line: bytes) -> str:
    """Say what a decoder means in words for the person who wrote the line."""
    if isinstance(error, RecursionError):
        return "not a prediction: nested too deep"
    if not line.strip():
        return "blank line"
    if isinstance(error, msgspec.ValidationError):
        return f"not a prediction: {error}"
    if b"\\ud" in line.lower() and "truncated" in str(error):
        return "not JSON: half of a surrogate pair"
    return f"not JSON: {error}"


def validate(submission: Submission, watch: Callable[[Iterable[TaskCard]], Iterable[TaskCard]] = iter) -> None:
    """Read everything.

    Args:
        submission: the opened folder.
        watch: wraps the tasks, to show progress.

    Raises:
        InvalidSubmissionError: with all faults.

    """
    for card in watch(submission.cards):
        for _ in submission.answers(card.name, submission.rows(card.name), whole_wordings=True):
            pass
    if submission.faults:
        raise InvalidSubmissionError(submission.faults)
