"""The formulas: spread over instructions, Sensitivity, aggregate.

Values are exact where they can be: means and deviations are computed as fractions and rounded once, so they do not
depend on the order of their terms.
"""

import statistics
from collections.abc import Mapping, Sequence

from mibench.cards import TaskCard
from mibench.scoring.report import Aggregate, MetricScores, Summary, TaskScores


def spread(per_instruction: Sequence[float]) -> MetricScores:
    """Return mean, max, sample standard deviation and Sensitivity of a metric over the instructions."""
    mean, std = statistics.mean(per_instruction), statistics.stdev(per_instruction)
    return MetricScores(
        per_instruction=list(per_instruction),
        mean=mean,
        max=max(per_instruction),
        std=std,
        sensitivity=task_sensitivity(mean, std),
    )


def task_sensitivity(mean: float, std: float) -> float | None:
    """Return 100 * std / mean, or None where the mean is 0."""
    return 100 * std / mean if mean else None


def mean_sensitivity(sensitivities: Sequence[float | None]) -> float | None:
    """Return the benchmark's Sensitivity: the mean over its multimodal tasks (MultiInstruct, Sensitivity).

    None where there is no task, or where one task's Sensitivity is undefined: leaving that one out would reward it.
    """
    defined = [value for value in sensitivities if value is not None]
    return statistics.mean(defined) if defined and len(defined) == len(sensitivities) else None


def aggregate(multimodal: Sequence[float], nlp: Sequence[float]) -> float | None:
    """Return the mean of the multimodal tasks' scores and, as one more entry, the mean of the NLP tasks'.

    The paper's figure on task clusters plots this number; it follows from the printed tables to two decimals.
    """
    entries = [*multimodal, *([statistics.mean(nlp)] if nlp else [])]
    return statistics.mean(entries) if entries else None


def summarise(tasks: Mapping[str, TaskScores], cards: Mapping[str, TaskCard]) -> Summary:
    """Return the benchmark's numbers over the tasks that were scored, and say what is missing.

    Args:
        tasks: scores by task.
        cards: all tasks of the benchmark.

    """
    primary = {suite: {n: t.metrics[t.primary] for n, t in tasks.items() if t.suite == suite} for suite in _SUITES}
    multimodal, nlp = primary["multimodal"], primary["nlp"]
    missing = [name for name in cards if name not in tasks]
    return Summary(
        aggregate=Aggregate(
            mean=aggregate([s.mean for s in multimodal.values()], [s.mean for s in nlp.values()]),
            max=aggregate([s.max for s in multimodal.values()], [s.max for s in nlp.values()]),
        ),
        sensitivity=mean_sensitivity([s.sensitivity for s in multimodal.values()]),
        nlp=Aggregate(
            mean=aggregate([], [s.mean for s in nlp.values()]), max=aggregate([], [s.max for s in nlp.values()])
        ),
        missing=missing,
        notes=list(_notes(multimodal, missing, cards)),
    )


_SUITES = ("multimodal", "nlp")


def _notes(multimodal: Mapping[str, MetricScores], missing: Sequence[str], cards: Mapping[str, TaskCard]) -> list[str]:
    notes = []
    for suite in _SUITES:
        names = [name for name, card in cards.items() if card.suite == suite]
        absent = [name for name in names if name in missing]
        if absent:
            what = "every" if len(absent) == len(names) else f"{len(absent)} of {len(names)}"
            notes.append(f"Not scored: {what} {suite} task{'' if what == 'every' else 's'} ({', '.join(absent)}).")
    if missing:
        notes.append("The summary covers the scored tasks only and does not compare with a complete one.")
    if undefined := [name for name, scores in multimodal.items() if scores.sensitivity is None]:
        notes.append(f"Sensitivity is undefined: the mean of {', '.join(undefined)} is 0.")
    if not multimodal:
        notes.append("Sensitivity is undefined: it is taken over multimodal tasks, and none was scored.")
    return notes
