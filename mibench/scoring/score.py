"""From a submission's predictions to its scores."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from typing import NamedTuple

import msgspec

from mibench.cards import EVALUATE_PREFIX, INSTRUCTIONS, TaskCard
from mibench.faults import Faults
from mibench.metrics import METRICS
from mibench.metrics.caption import caption_settings
from mibench.metrics.evaluate_bridge import load_corpus_metric
from mibench.scoring.corpus import score_captions, score_corpus
from mibench.scoring.intervals import Replicates
from mibench.scoring.report import Digests, MetricScores, Scores, TaskScores
from mibench.scoring.rows import TaskRows, read_rows
from mibench.scoring.signature import benchmark_signature, task_signature
from mibench.scoring.summary import summarise
from mibench.scoring.task import score_task
from mibench.submissions.description import Description
from mibench.submissions.faults import InvalidSubmissionError
from mibench.submissions.reading import Submission

WORTH_PROCESSES = 50_000
"""Predictions from which it is quicker to start a process for each core than to score all in one."""


class _Scored(NamedTuple):
    """What is found in one task.

    Attributes:
        faults: of its predictions; nothing is scored if there are any.
        task: the scores, unless there are faults.
        replicates: of its primary metric.
        settings: of its metrics.
        digest: of its predictions.
        captioned: the rows, where captioning metrics are still to come.

    """

    faults: Faults
    task: TaskScores | None = None
    replicates: Mapping[str, Replicates] = {}
    settings: Mapping[str, str] = {}
    digest: str = ""
    captioned: TaskRows | None = None


def score_submission(
    submission: Submission,
    benchmark: Mapping[str, TaskCard],
    watch: Callable[[Iterable[TaskCard]], Iterable[TaskCard]] = iter,
    *,
    captions: bool = False,
    processes: int = 1,
) -> Scores:
    """Score every task of a submission, and summarise.

    Args:
        submission: the opened folder.
        benchmark: all tasks of the benchmark, to say what is missing.
        watch: wraps the tasks, to show progress.
        captions: score tasks of free text by the captioning metrics as well, which need Java.
        processes: how many tasks are scored side by side; the scores are the same.

    Raises:
        InvalidSubmissionError: if the predictions have faults; nothing is scored then.
        InputError: a metric is unknown, or what it needs is missing.

    """
    described = submission.description
    settings = caption_settings() if captions else {}
    found = dict[str, _Scored]()
    for card, scored in zip(watch(submission.cards), _score_cards(submission, captions, processes), strict=True):
        found[card.name] = scored
        submission.faults.extend(scored.faults)
    if submission.faults:
        raise InvalidSubmissionError(submission.faults)
    tasks = {name: scored.task for name, scored in found.items() if scored.task is not None}
    captioned = {name: scored.captioned for name, scored in found.items() if scored.captioned is not None}
    for name, more in zip(captioned, score_captions(list(captioned.values())), strict=True):
        tasks[name] = _with(tasks[name], more)
    for scored in found.values():
        settings |= scored.settings
    settings = dict(sorted(settings.items()))
    summary = summarise(tasks, benchmark, {name: scored.replicates for name, scored in found.items()})
    summary = msgspec.structs.replace(summary, notes=[*_departures(described, tasks), *summary.notes])
    return Scores(
        format=1,
        tasks={card.name: _signed(tasks[card.name], card, described, settings) for card in submission.cards},
        summary=summary,
        digests=Digests(
            predictions={name: scored.digest for name, scored in found.items()},
            cards=described.cards,
            data=described.data,
            metrics=settings,
        ),
        signature=benchmark_signature(described, submission.cards, settings),
    )


def _departures(described: Description, tasks: Mapping[str, TaskScores]) -> Iterator[str]:
    """Yield what makes the scores other than those of a whole run."""
    if described.limit is not None:
        yield f"Only the first {described.limit} rows of each task were asked."
    if described.wordings is not None:
        yield f"Only instructions {', '.join(map(str, described.wordings))} were asked."
    if described.blind:
        yield "The pictures were withheld."
    if failed := {name: task.failed for name, task in tasks.items() if task.failed}:
        each = ", ".join(f"{count} of {name}" for name, count in failed.items())
        yield f"{sum(failed.values())} answers failed and count as wrong: {each}."


def worthwhile_processes(submission: Submission) -> int:
    """Return how many processes make scoring quicker."""
    rows = sum(submission.data.entry(card.name).rows for card in submission.cards)
    return (os.cpu_count() or 1) if INSTRUCTIONS * rows >= WORTH_PROCESSES else 1


def _score_cards(submission: Submission, captions: bool, processes: int) -> Iterator[_Scored]:
    """Yield what is found in each task, in the order of the cards; the largest tasks begin first."""
    cards, score = submission.cards, partial(_score_card, submission, captions)
    if processes == 1:
        yield from map(score, cards)
        return
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        by_size = sorted(cards, key=lambda card: -submission.data.entry(card.name).rows)
        running = {card.name: pool.submit(score, card) for card in by_size}
        for card in cards:
            yield running[card.name].result()


def _score_card(submission: Submission, captions: bool, card: TaskCard) -> _Scored:
    submission = submission.with_new_faults()
    foreign = {name: load_corpus_metric(name) for name in card.metrics if name.startswith(EVALUATE_PREFIX)}
    captioning = captions and card.answer.kind == "text"
    rows = read_rows(submission, card, keep_texts=captioning or bool(foreign))
    if submission.faults:
        return _Scored(submission.faults)
    task, replicates = score_task(rows, resampling_seed(card.name, submission.description))
    row_by_row = {name: METRICS[name].signature for name in rows.values}
    return _Scored(
        faults=submission.faults,
        task=_with(task, score_corpus(rows, foreign)),
        replicates=replicates,
        settings=row_by_row | {name: metric.settings for name, metric in foreign.items()},
        digest=rows.digest,
        captioned=rows if captioning else None,
    )


def _with(task: TaskScores, more: Mapping[str, MetricScores]) -> TaskScores:
    return msgspec.structs.replace(task, metrics={**task.metrics, **more})


def resampling_seed(task: str, description: Description) -> str:
    """Return what a task's resamples are drawn from: the same for all submissions on the same data."""
    return f"{task}|{description.data[task]}"


def _signed(task: TaskScores, card: TaskCard, description: Description, settings: Mapping[str, str]) -> TaskScores:
    signed = {
        name: msgspec.structs.replace(scores, signature=task_signature(name, settings[name], card, description))
        for name, scores in task.metrics.items()
    }
    return msgspec.structs.replace(task, metrics=signed)
