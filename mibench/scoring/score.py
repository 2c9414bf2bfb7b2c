"""From a submission's predictions to its scores, one pass, a few bytes a row."""

import hashlib
import math
from collections.abc import Callable, Iterable, Mapping

import numpy as np

from mibench import __version__
from mibench.cards import INSTRUCTIONS, TaskCard
from mibench.metrics import METRICS, SETTINGS
from mibench.scoring.report import Digests, Scores, TaskScores
from mibench.scoring.summary import spread, summarise
from mibench.submissions.description import Description
from mibench.submissions.faults import InvalidSubmissionError
from mibench.submissions.reading import Submission

_Texts = tuple[str, ...]


def score_submission(
    submission: Submission,
    benchmark: Mapping[str, TaskCard],
    watch: Callable[[Iterable[TaskCard]], Iterable[TaskCard]] = iter,
) -> Scores:
    """Score every task of a submission, and summarise.

    Args:
        submission: the opened folder.
        benchmark: all tasks of the benchmark, to say what is missing.
        watch: wraps the tasks, to show progress.

    Raises:
        InvalidSubmissionError: if the predictions have faults; nothing is scored then.

    """
    tasks, predictions = dict[str, TaskScores](), dict[str, str]()
    for card in watch(submission.cards):
        tasks[card.name], predictions[card.name] = _score_task(submission, card)
    if submission.faults:
        raise InvalidSubmissionError(submission.faults)
    described = submission.description
    return Scores(
        format=1,
        tasks=tasks,
        summary=summarise(tasks, benchmark),
        digests=Digests(predictions=predictions, cards=described.cards, data=described.data),
        signature=signature(described, submission.cards),
    )


def _score_task(submission: Submission, card: TaskCard) -> tuple[TaskScores, str]:
    """Return a task's scores, and the digest of its predictions, which no order or split of files changes."""
    rows, targets, options = _references(submission, card)
    ids = list(rows)
    metrics = {name: METRICS[name] for name in card.metrics}
    values = {name: np.zeros((INSTRUCTIONS, len(rows))) for name in metrics}
    digest = 0
    for row, instruction, text in submission.answers(card.name, rows):
        for name, metric in metrics.items():
            values[name][instruction, row] = metric(text, targets[row], options[row])
        line = f"{ids[row]}\x1f{instruction + 1}\x1f{text}".encode()
        digest += int.from_bytes(hashlib.sha256(line).digest())
    scores = TaskScores(
        n=len(rows),
        suite=card.suite,
        primary=card.primary_metric,
        metrics={
            name: spread([100 * math.fsum(column) / len(rows) for column in matrix]) for name, matrix in values.items()
        },
    )
    return scores, f"sha256sum:{digest % (1 << 256):064x}"


def _references(submission: Submission, card: TaskCard) -> tuple[dict[str, int], list[_Texts], list[_Texts]]:
    """Return the row of each instance by its id, and the rows' targets and options; equal ones are held once."""
    rows, targets, options = dict[str, int](), list[_Texts](), list[_Texts]()
    shared: dict[_Texts, _Texts] = {}
    for number, instance in enumerate(submission.instances(card.name)):
        rows[instance.id] = number
        targets.append(shared.setdefault(instance.targets, instance.targets))
        options.append(shared.setdefault(instance.options, instance.options))
    return rows, targets, options


def signature(description: Description, cards: Iterable[TaskCard]) -> str:
    """Return the one line by which a number can be reproduced, in the manner of sacreBLEU.

    Digests are the first eight hexadecimal digits over all tasks.
    """
    cards = list(cards)
    suites = [card.suite for card in cards]
    metrics = sorted({name for card in cards for name in card.metrics})
    parts = {
        "mibench": __version__,
        "world": description.world,
        "tasks": f"{suites.count('multimodal')}mm+{suites.count('nlp')}nlp",
        "instructions": description.instructions,
        "seed": str(description.seed),
        "limit": str(description.limit or "no"),
        **{name: SETTINGS[name] for name in metrics},
        "std": "ddof1",
        "cards": _short(description.cards),
        "data": _short(description.data),
    }
    return "|".join(f"{key}:{value}" for key, value in parts.items())


def _short(digests: Mapping[str, str]) -> str:
    return hashlib.sha256(repr(sorted(digests.items())).encode()).hexdigest()[:8]
