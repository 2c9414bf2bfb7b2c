"""From requests to a submission folder: plan, batches, engine, journal; continued after any crash."""

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from filelock import FileLock, Timeout

from mibench.cards import TaskCard
from mibench.errors import InputError
from mibench.instances import Failure
from mibench.running.batches import Batch, batches
from mibench.running.engine import Engine, Stopping
from mibench.running.journal import Journal
from mibench.running.plan import Plan
from mibench.running.record import End, RunRecord, TaskRecord
from mibench.running.sizing import Sizing
from mibench.scoring import report
from mibench.submissions.description import Description, read_description, write_description
from mibench.submissions.reading import PREDICTIONS
from mibench.submissions.writing import finished_file, write_predictions

JOURNAL = "journal"
"""The folder of answers that are not yet predictions; it is there while the run is not done."""
LOCK = ".lock"


class Interrupted(Exception):  # noqa: N818
    """The run stopped because it was asked to; what was answered is on disk."""


class Watcher(Protocol):
    """Is told how a run comes along."""

    def task(self, card: TaskCard, requests: int, done: int) -> None:
        """Take note that a task begins, of which so many requests were answered before."""

    def rows(self, card: TaskCard, answered: int, failed: int) -> None:
        """Take note of requests that were answered, and on disk, and of those that failed."""


class Silent:
    """Watches without a word."""

    def task(self, card: TaskCard, requests: int, done: int) -> None:
        """Say nothing."""

    def rows(self, card: TaskCard, answered: int, failed: int) -> None:
        """Say nothing."""


def check_output(output: Path) -> None:
    """See that a folder holds nothing, or an unfinished run; cheap, so that it comes before a model is loaded.

    Raises:
        InputError: it holds a finished run, or something else.

    """
    if (output / report.FILE_NAME).exists() and not (output / JOURNAL).is_dir():
        raise InputError("exists already", file=output, remedy="choose another --output, or remove it")


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run of a model over the benchmark.

    Each batch is on disk before the next is waited for. A task's predictions are written when all its requests were
    asked, in the order of the plan, so that nothing of how the run went shows in them. Requests that failed are written
    as such, and asked again when the run is continued.

    Attributes:
        engine: answers batches.
        plan: what is asked.
        output: the submission folder; made anew, or continued where an interrupted run left it.
        sizing: the size of batches.
        compressed: whether to write compressed files.
        resume: whether to continue an unfinished run.
        watcher: is told how it goes.
        stopping: asked before each batch whether to stop.

    """

    engine: Engine
    plan: Plan
    output: Path
    sizing: Sizing
    compressed: bool = False
    resume: bool = True
    watcher: Watcher = field(default_factory=Silent)
    stopping: Stopping = lambda: False

    def ask(self, cards: Iterable[TaskCard], description: Description, command: str) -> int:
        """Ask everything, and write the answers to the folder.

        Args:
            cards: the tasks.
            description: goes into `submission.yaml`; a continued run must have the same.
            command: for the record.

        Returns:
            How many requests failed.

        Raises:
            InputError: the folder holds something else, or the adapter broke.
            Interrupted: `stopping` said so.

        """
        _check_folder(self.output, resume=self.resume)
        with _locked(self.output):
            _open_output(self.output, description)
            record = RunRecord(
                self.output, command=command, engine=self.engine.name, batch_size=self.sizing.asked, seed=self.plan.seed
            )
            record.write()
            end: End = "failed"
            try:
                failed = sum(self._ask_task(card, record) for card in cards)
                end = "finished"
            except (Interrupted, KeyboardInterrupt):
                end = "interrupted"
                raise
            finally:
                record.session.batch_size = self.sizing.told
                record.session.usage = self.engine.usage()
                record.close(end)
            if not failed:
                _remove_journal(self.output / JOURNAL)
        return failed

    def _ask_task(self, card: TaskCard, record: RunRecord) -> int:
        """Ask one task, and return how many of its requests failed."""
        requests, path = self.plan.count(card), self.output / JOURNAL / f"{card.name}.blocks"
        if finished_file(self.output, card.name) and not path.exists():
            self.watcher.task(card, requests, requests)
            return 0
        with Journal(path, requests) as journal:
            self.watcher.task(card, requests, journal.answered)
            self._fill(journal, card, record.session.tasks.setdefault(card.name, TaskRecord()))
            write_predictions(self.output, card.name, journal.lines(), compressed=self.compressed)
            failed = journal.failed
        record.write()
        if not failed:
            path.unlink()
        return failed

    def _fill(self, journal: Journal, card: TaskCard, told: TaskRecord) -> None:
        """Ask what the journal lacks."""
        begun = time.perf_counter()
        lacking = _lacking(batches(self.plan.requests(card), lambda: self.sizing.size), journal)
        with closing(self.engine.answers(lacking, self.stopping)) as results:
            for batch, answered in results:
                journal.append(zip((number for number, _ in batch), answered.answers, strict=True))
                self.sizing.learn(len(batch), answered.seconds, answered.fitted)
                failed = sum(isinstance(answer, Failure) for answer in answered.answers)
                told.answered += len(batch) - failed
                told.failed += failed
                told.model_seconds = round(told.model_seconds + answered.seconds, 6)
                told.seconds = round(time.perf_counter() - begun, 6)
                self.watcher.rows(card, len(batch) - failed, failed)
        if self.stopping():
            raise Interrupted


def _lacking(planned: Iterator[Batch], journal: Journal) -> Iterator[Batch]:
    """Stream of each batch what has no answer yet; batches stay what they are in a run that is not interrupted."""
    for batch in planned:
        rest = [numbered for numbered in batch if journal.lacks(numbered[0])]
        if rest:
            yield rest


def _check_folder(output: Path, *, resume: bool) -> None:
    """See that the folder holds nothing, or the beginning of a run; nothing is written yet."""
    check_output(output)
    if output.exists() and not _is_new(output):
        if not resume:
            raise InputError("exists already", file=output, remedy="choose another --output, or remove it")
        read_description(output)


def _is_new(output: Path) -> bool:
    """Tell whether nothing was begun here: nothing at all, or what a crash left before the description was written."""
    journal = output / JOURNAL
    begun = all(path == journal or path.name.endswith(".partial") for path in output.iterdir())
    return begun and (not journal.is_dir() or all(path.name == LOCK for path in journal.iterdir()))


def _open_output(output: Path, description: Description) -> None:
    """Begin the folder, or check that it holds the beginning of this very run."""
    if _is_new(output):
        write_description(output, description)
        return
    earlier, now = read_description(output).model_dump(), description.model_dump()
    for key, one, two in _differences(earlier, now):
        message = f"an unfinished run with another {key}: {_short(one)}, not {_short(two)}"
        raise InputError(message, file=output, remedy="repeat its arguments, or choose another --output")
    for torn in (output / PREDICTIONS).glob(".*.partial"):
        torn.unlink()


def _remove_journal(journal: Path) -> None:
    """Remove what a run has put there, and the folder; other files stay."""
    for path in [*journal.glob("*.blocks"), journal / LOCK]:
        path.unlink(missing_ok=True)
    with suppress(OSError):
        journal.rmdir()


def _differences(earlier: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[tuple[str, object, object]]:
    """Yield what two descriptions differ in, down to the setting."""
    for key in dict.fromkeys([*now, *earlier]):
        one, two = earlier.get(key), now.get(key)
        if key == "created" or one == two:
            continue
        if isinstance(one, Mapping) and isinstance(two, Mapping):
            yield from ((f"{key}.{inner}", before, after) for inner, before, after in _differences(one, two))
        else:
            yield key, one, two


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:80]}..."


@contextmanager
def _locked(output: Path) -> Iterator[None]:
    """Keep other runs out of the folder; the lock goes with the process, however that ends."""
    (output / JOURNAL).mkdir(parents=True, exist_ok=True)
    lock = FileLock(output / JOURNAL / LOCK)
    try:
        with lock.acquire(timeout=0):
            yield
    except Timeout:
        raise InputError("another run is writing here", file=output, remedy="wait for it, or choose another") from None
