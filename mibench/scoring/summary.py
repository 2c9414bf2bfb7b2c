"""The benchmark's numbers over tasks: Sensitivity and aggregate, with their intervals."""

import math
import statistics
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType

from mibench.cards import TaskCard
from mibench.scoring.intervals import Replicates, interval
from mibench.scoring.report import (
    Aggregate,
    AggregateIntervals,
    Interval,
    MetricScores,
    Summary,
    SummaryIntervals,
    TaskScores,
)
from mibench.scoring.robustness import inter_task, mean_by_wordings

SUITES = ("multimodal", "nlp")
Weights = Mapping[str, float]


def mean_sensitivity(sensitivities: Sequence[float | None]) -> float | None:
    """Return the benchmark's Sensitivity: the mean over its multimodal tasks (MultiInstruct, Sensitivity).

    None where there is no task, or where one task's Sensitivity is undefined: leaving that one out would reward it.
    """
    defined = [value for value in sensitivities if value is not None]
    return statistics.mean(defined) if defined and len(defined) == len(sensitivities) else None


def aggregate(multimodal: Sequence[float | None], nlp: Sequence[float | None]) -> float | None:
    """Return the mean of the multimodal tasks' scores and, as one more entry, the mean of the NLP tasks'.

    The paper's figure on task clusters plots this number; it follows from the printed tables to two decimals. None
    where there is no task, or where one has no score.
    """
    multimodal_scores = [score for score in multimodal if score is not None]
    nlp_scores = [score for score in nlp if score is not None]
    entries = [*multimodal_scores, *([statistics.mean(nlp_scores)] if nlp_scores else [])]
    complete = len(multimodal_scores) + len(nlp_scores) == len(multimodal) + len(nlp)
    return statistics.mean(entries) if entries and complete else None


def summarise(
    tasks: Mapping[str, TaskScores],
    cards: Mapping[str, TaskCard],
    replicates: Mapping[str, Mapping[str, Replicates]] = MappingProxyType({}),
) -> Summary:
    """Return the benchmark's numbers over the tasks that were scored, and say what is missing.

    Args:
        tasks: scores by task; those that are not of the benchmark enter no number.
        cards: all tasks of the benchmark.
        replicates: by task, those of its primary metric, for the intervals.

    """
    own = [name for name in tasks if name not in cards]
    tasks = {name: task for name, task in tasks.items() if name in cards}
    primary = {suite: {n: t.metrics[t.primary] for n, t in tasks.items() if t.suite == suite} for suite in SUITES}
    multimodal, nlp = primary["multimodal"], primary["nlp"]
    missing = [name for name in cards if name not in tasks]
    sensitivities = {name: scores.sensitivity for name, scores in multimodal.items()}
    sensitivity = mean_sensitivity(list(sensitivities.values()))
    by_wordings = [tasks[name].robustness.sensitivity_by_wordings for name in multimodal]
    ci, without = _intervals(multimodal, nlp, replicates)
    return Summary(
        aggregate=Aggregate(
            mean=aggregate([s.mean for s in multimodal.values()], [s.mean for s in nlp.values()]),
            max=aggregate([s.max for s in multimodal.values()], [s.max for s in nlp.values()]),
        ),
        sensitivity=sensitivity,
        sensitivity_by_wordings=mean_by_wordings(by_wordings),
        inter_task=inter_task(
            {name: value for name, value in sensitivities.items() if value is not None},
            {name: cards[name].cluster for name in multimodal},
        )
        if sensitivity is not None
        else None,
        nlp=Aggregate(
            mean=aggregate([], [s.mean for s in nlp.values()]), max=aggregate([], [s.max for s in nlp.values()])
        ),
        at_chance=[name for name in multimodal if tasks[name].at_chance],
        ci=ci,
        missing=missing,
        notes=[*own_notes(own), *_notes(multimodal | nlp, multimodal, missing, cards), *without],
    )


def own_notes(own: Collection[str]) -> list[str]:
    """Say which tasks are not of the benchmark; nothing where all are."""
    return [f"Not of the benchmark, and in none of its numbers: {', '.join(own)}."] if own else []


def task_weights(multimodal: Collection[str], nlp: Collection[str]) -> dict[str, Weights]:
    """Return the weight of each task's number in the aggregate, in the Sensitivity and in the mean over NLP."""
    entries = len(multimodal) + bool(nlp)
    return {
        "aggregate": {
            **dict.fromkeys(multimodal, 1 / max(entries, 1)),
            **{name: 1 / entries / len(nlp) for name in nlp},
        },
        "Sensitivity": {name: 1 / len(multimodal) for name in multimodal},
        "NLP": {name: 1 / len(nlp) for name in nlp},
    }


def over_tasks(weights: Weights, label: str, replicates: Mapping[str, Mapping[str, Replicates]]) -> Replicates | None:
    """Return the replicates of a weighted mean over tasks, which are independent samples; None where one has none."""
    parts = [(weight, replicates.get(name, {}).get(label)) for name, weight in weights.items()]
    known = [(weight, part) for weight, part in parts if part is not None]
    return Replicates.weighted(known) if known and len(known) == len(parts) else None


def _intervals(
    multimodal: Collection[str], nlp: Collection[str], replicates: Mapping[str, Mapping[str, Replicates]]
) -> tuple[SummaryIntervals, list[str]]:
    """Return the intervals, and why some are missing of numbers that are defined."""
    weights, notes = task_weights(multimodal, nlp), list[str]()

    def found(number: str, label: str) -> Interval | None:
        combined = over_tasks(weights[number], label, replicates)
        if combined is None or math.isnan(combined.estimate):
            return None
        result, reason = interval(combined)
        if reason:
            notes.append(f"No {'BCa interval' if result else 'interval'} of the {number} ({label}): {reason}.")
        return result

    ci = SummaryIntervals(
        aggregate=AggregateIntervals(mean=found("aggregate", "mean"), max=found("aggregate", "max")),
        sensitivity=found("Sensitivity", "sensitivity"),
        nlp=AggregateIntervals(mean=found("NLP", "mean"), max=found("NLP", "max")),
    )
    return ci, notes


def _notes(
    scored: Mapping[str, MetricScores],
    multimodal: Mapping[str, MetricScores],
    missing: Sequence[str],
    cards: Mapping[str, TaskCard],
) -> list[str]:
    notes = []
    for suite in SUITES:
        names = [name for name, card in cards.items() if card.suite == suite]
        absent = [name for name in names if name in missing]
        if absent:
            what = "every" if len(absent) == len(names) else f"{len(absent)} of {len(names)}"
            notes.append(f"Not scored: {what} {suite} task{'' if what == 'every' else 's'} ({', '.join(absent)}).")
    if missing:
        notes.append("The summary covers the scored tasks only and does not compare with a complete one.")
    if gaps := [name for name, scores in scored.items() if scores.mean is None]:
        notes.append(f"Undefined: not all five wordings of {', '.join(gaps)} were asked.")
    if undefined := [name for name, scores in multimodal.items() if scores.mean == 0]:
        notes.append(f"Sensitivity is undefined: the mean of {', '.join(undefined)} is 0.")
    if not multimodal:
        notes.append("Sensitivity is undefined: it is taken over multimodal tasks, and none was scored.")
    return notes
