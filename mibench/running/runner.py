"""The loop from requests to a submission folder, streamed to disk and continued after a crash."""

import itertools
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import msgspec

from mibench.adapters.base import Adapter
from mibench.cards import TaskCard
from mibench.data.store import DataFolder
from mibench.errors import InputError
from mibench.instances import Prediction, Request
from mibench.running.plan import requests
from mibench.scoring import report
from mibench.submissions.description import Description, read_description, write_description
from mibench.submissions.reading import PREDICTIONS, PredictionLine
from mibench.submissions.writing import PredictionWriter, compress, packed_path


def run(
    adapter: Adapter,
    cards: Iterable[TaskCard],
    data: DataFolder,
    output: Path,
    description: Description,
    *,
    batch_size: int,
    compressed: bool = False,
    resume: bool = True,
    advance: Callable[[TaskCard, int], None] = lambda card, rows: None,
) -> None:
    """Ask an adapter everything and write its answers to a submission folder.

    Args:
        adapter: answers batches of requests.
        cards: the tasks to ask.
        data: the instances.
        output: the submission folder; made anew, or continued where an interrupted run left it.
        description: goes into `submission.yaml`; a continued run must have the same.
        batch_size: requests a batch.
        compressed: pack each task's file when it is complete.
        resume: continue an interrupted run.
        advance: told of every batch that is on disk, and of the rows that an earlier run left.

    Raises:
        InputError: the folder holds something else, or the adapter broke its protocol.

    """
    _open_output(output, description, resume=resume)
    for card in cards:
        planned = requests(card, data, seed=description.seed, limit=description.limit)
        path = output / PREDICTIONS / f"{card.name}.jsonl"
        if packed_path(path).exists():
            path.unlink(missing_ok=True)
            advance(card, sum(1 for _ in planned))
            continue
        done = _keep_intact_rows(path, planned)
        advance(card, done)
        planned = itertools.islice(requests(card, data, seed=description.seed, limit=description.limit), done, None)
        with PredictionWriter(output, card.name) as writer:
            for batch in _batches(planned, batch_size):
                writer.write(_answers(adapter, batch))
                writer.flush()
                advance(card, len(batch))
        if compressed:
            compress(path)


def _open_output(output: Path, description: Description, *, resume: bool) -> None:
    """Make the folder, or check that it holds the beginning of this very run."""
    if not output.exists() or all(path.name.endswith(".partial") for path in output.iterdir()):
        output.mkdir(parents=True, exist_ok=True)
        write_description(output, description)
        return
    if (output / report.FILE_NAME).exists() or not resume:
        raise InputError("exists already", file=output, remedy="choose another --output, or remove it")
    earlier, now = read_description(output).model_dump(), description.model_dump()
    for key in now:
        if key != "created" and earlier[key] != now[key]:
            message = f"an unfinished run with another {key}: {_short(earlier[key])}, not {_short(now[key])}"
            raise InputError(message, file=output, remedy="repeat its arguments, or choose another --output")
    for torn in (output / PREDICTIONS).glob(".*.partial"):
        torn.unlink()


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:80]}..."


def _keep_intact_rows(path: Path, planned: Iterator[Request]) -> int:
    """Return how many rows a file holds of the plan; a torn last line is cut off.

    Raises:
        InputError: the file holds rows that the plan does not.

    """
    if not path.exists():
        return 0
    done, end = 0, 0
    with path.open("rb") as lines:
        for line in lines:
            if not line.endswith(b"\n"):
                break
            try:
                row = msgspec.json.decode(line, type=PredictionLine)
            except (msgspec.DecodeError, UnicodeDecodeError):
                break
            request = next(planned, None)
            if request is None or (row.instance, row.instruction) != (request.instance, request.instruction):
                remedy = "remove the file, or choose another --output"
                raise InputError("not a row of this run", file=path, line=done + 1, remedy=remedy)
            done, end = done + 1, end + len(line)
    with path.open("r+b") as file:
        file.truncate(end)
    return done


def _batches(planned: Iterator[Request], size: int) -> Iterator[list[Request]]:
    while batch := list(itertools.islice(planned, size)):
        yield batch


def _answers(adapter: Adapter, batch: list[Request]) -> list[Prediction]:
    predictions = adapter.predict(batch)
    asked = [(request.task, request.instance, request.instruction) for request in batch]
    if [(answer.task, answer.instance, answer.instruction) for answer in predictions] != asked:
        message = f"the adapter {type(adapter).__name__} did not answer its requests one by one and in order"
        raise InputError(message, remedy="return request.answered(text) for each request")
    return predictions
