"""From a submission's predictions to its scores."""

from collections.abc import Callable, Iterable, Mapping

import msgspec

from mibench.cards import EVALUATE_PREFIX, TaskCard
from mibench.metrics import METRICS
from mibench.metrics.caption import caption_settings
from mibench.metrics.evaluate_bridge import load_corpus_metric
from mibench.scoring.corpus import score_captions, score_corpus
from mibench.scoring.report import Digests, MetricScores, Scores, TaskScores
from mibench.scoring.rows import TaskRows, read_rows
from mibench.scoring.signature import benchmark_signature, task_signature
from mibench.scoring.summary import summarise
from mibench.scoring.task import score_task
from mibench.submissions.description import Description
from mibench.submissions.faults import InvalidSubmissionError
from mibench.submissions.reading import Submission


def score_submission(
    submission: Submission,
    benchmark: Mapping[str, TaskCard],
    watch: Callable[[Iterable[TaskCard]], Iterable[TaskCard]] = iter,
    *,
    captions: bool = False,
) -> Scores:
    """Score every task of a submission, and summarise.

    Args:
        submission: the opened folder.
        benchmark: all tasks of the benchmark, to say what is missing.
        watch: wraps the tasks, to show progress.
        captions: score tasks of free text by the captioning metrics as well, which need Java.

    Raises:
        InvalidSubmissionError: if the predictions have faults; nothing is scored then.
        InputError: a metric is unknown, or what it needs is missing.

    """
    described = submission.description
    foreign = {
        name: load_corpus_metric(name)
        for card in submission.cards
        for name in card.metrics
        if name.startswith(EVALUATE_PREFIX)
    }
    settings = {name: metric.settings for name, metric in foreign.items()} | (caption_settings() if captions else {})
    tasks, predictions, replicates, captioned = dict[str, TaskScores](), dict[str, str](), {}, dict[str, TaskRows]()
    for card in watch(submission.cards):
        whole = {name: foreign[name] for name in card.metrics if name in foreign}
        captioning = captions and card.answer.kind == "text"
        rows = read_rows(submission, card, keep_texts=captioning or bool(whole))
        if submission.faults:
            continue
        tasks[card.name], replicates[card.name] = score_task(rows, resampling_seed(card.name, described))
        tasks[card.name] = _with(tasks[card.name], score_corpus(rows, whole))
        predictions[card.name] = rows.digest
        settings |= {name: METRICS[name].signature for name in rows.values}
        if captioning:
            captioned[card.name] = rows
    if submission.faults:
        raise InvalidSubmissionError(submission.faults)
    for name, found in zip(captioned, score_captions(list(captioned.values())), strict=True):
        tasks[name] = _with(tasks[name], found)
    settings = dict(sorted(settings.items()))
    return Scores(
        format=1,
        tasks={card.name: _signed(tasks[card.name], card, described, settings) for card in submission.cards},
        summary=summarise(tasks, benchmark, replicates),
        digests=Digests(predictions=predictions, cards=described.cards, data=described.data, metrics=settings),
        signature=benchmark_signature(described, submission.cards, settings),
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
