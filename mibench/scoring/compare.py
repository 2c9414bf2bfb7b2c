"""Submissions beside each other on the same rows: paired differences with intervals and p-values, and ranks.

The resamples of groups are those that single submissions are scored by, so that differences are paired.
"""

import hashlib
import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mibench.cards import INSTRUCTIONS, TaskCard
from mibench.errors import InputError
from mibench.scoring.comparison import Comparison, Difference, Pair, Rank, Standing, TaskComparison
from mibench.scoring.intervals import DIGITS, TAILS, Replicates, interval
from mibench.scoring.permutation import exchange, holm, p_value
from mibench.scoring.resampling import RESAMPLES, Floats, draw_sample, group_sums
from mibench.scoring.rows import read_rows
from mibench.scoring.score import resampling_seed
from mibench.scoring.spread import SPREAD, spread_replicates
from mibench.scoring.summary import SUITES, own_notes, task_weights
from mibench.scoring.task import per_instruction_scores
from mibench.scoring.verdict import verdict
from mibench.submissions.faults import InvalidSubmissionError
from mibench.submissions.reading import Submission

LABELS = ("mean", "sensitivity")
Weights = Mapping[str, Mapping[str, float]]


class PrimaryRows(NamedTuple):
    """What a comparison reads of a submission's answers to a task.

    Attributes:
        values: of the primary metric, in [0, 1], [instructions, rows]; NaN where there is nothing to score.
        groups: number of each row's group, [rows].

    """

    values: Floats
    groups: NDArray[np.int64]


class _Task(NamedTuple):
    """One task, answered by all submissions.

    Attributes:
        scores: of each submission under each wording, 0 to 100, [instructions].
        numbers: of each submission, by `SPREAD`.
        exchanged: differences of the means of each pair under random exchanges, [permutations].

    """

    card: TaskCard
    n: int
    groups: int
    scores: list[Floats]
    numbers: list[dict[str, Replicates]]
    exchanged: dict[tuple[int, int], Floats]


def compare_submissions(
    submissions: Mapping[str, Submission],
    benchmark: Mapping[str, TaskCard],
    watch: Callable[[Iterable[TaskCard]], Iterable[TaskCard]] = iter,
    resamples: int = RESAMPLES,
    *,
    pairs: Sequence[tuple[str, str]] | None = None,
    read: Callable[[Submission, TaskCard], PrimaryRows] | None = None,
) -> Comparison:
    """Compare two submissions or more on the tasks that all of them answered.

    A pair's numbers depend on the two alone, save for the choice of tasks.

    Args:
        submissions: by name; opened folders.
        benchmark: all tasks of the benchmark, to say how many are compared.
        watch: wraps the tasks, to show progress.
        resamples: of groups, and permutations, for each task.
        pairs: those to compare, by name; by default each two, in the order given.
        read: gives the rows of a task, where they were read before; by default `primary_rows`.

    Raises:
        InvalidSubmissionError: predictions have faults.
        InputError: they share no task, or answered other data, options or instructions.

    """
    names, read = list(submissions), read or primary_rows
    places = [*itertools.combinations(range(len(names)), 2)]
    if pairs is not None:
        places = [(names.index(one), names.index(two)) for one, two in pairs]
    cards, notes = _common_tasks(submissions)
    tasks = []
    for card in watch(cards):
        rows = [read(submission, card) for submission in submissions.values()]
        if any(np.isnan(task.values).any() for task in rows):
            notes.append(f"Left out: {card.name}, for which not all five wordings were asked.")
            continue
        seed = resampling_seed(card.name, next(iter(submissions.values())).description)
        tasks.append(_read_task(card, rows, places, seed, resamples))
    if not tasks:
        raise InputError("nothing to compare", remedy=" ".join(notes) or "give submissions that share a task")
    notes.extend(own_notes([task.card.name for task in tasks if task.card.own]))
    if (count := sum(not task.card.own for task in tasks)) < len(benchmark):
        notes.insert(0, f"Aggregate and Sensitivity are over the {count} of {len(benchmark)} tasks compared.")
    return _compare(names, places, tasks, notes)


def primary_rows(submission: Submission, card: TaskCard) -> PrimaryRows:
    """Read and score all answers to a task.

    Raises:
        InvalidSubmissionError: predictions have faults.

    """
    rows = read_rows(submission, card)
    if submission.faults:
        raise InvalidSubmissionError(submission.faults)
    return PrimaryRows(rows.values[card.primary_metric], rows.groups)


def _common_tasks(submissions: Mapping[str, Submission]) -> tuple[list[TaskCard], list[str]]:
    """Return the tasks that all answered, and what was left out; refuse what cannot be compared."""
    (name, first), *others = submissions.items()
    for other_name, other in others:
        for what in ("world", "instructions", "seed", "limit"):
            one, two = getattr(first.description, what), getattr(other.description, what)
            if one != two:
                message = f"{name} and {other_name} differ in {what}: {one} and {two}"
                raise InputError(message, remedy="compare submissions that were asked the same")
        for task in first.description.data.keys() & other.description.data.keys():
            if first.description.data[task] != other.description.data[task]:
                message = f"{name} and {other_name} answered different data of {task}"
                raise InputError(message, remedy="compare submissions on the same data")
    cards = [card for card in first.cards if all(card in other.cards for _, other in others)]
    partly = {card.name for submission in submissions.values() for card in submission.cards} - {c.name for c in cards}
    notes = [f"Left out, for not all answered them: {', '.join(sorted(partly))}."] if partly else []
    notes.extend(f"{name} did not see the pictures." for name, one in submissions.items() if one.description.blind)
    return cards, notes


def _read_task(
    card: TaskCard, rows: Sequence[PrimaryRows], pairs: Sequence[tuple[int, int]], seed: str, resamples: int
) -> _Task:
    """Resample one task for all submissions at once."""
    values, groups = [task.values for task in rows], rows[0].groups
    columns = np.concatenate([*values, np.ones((1, len(groups)))])
    sums = group_sums(columns, groups, int(groups.max(initial=-1)) + 1)
    sample = draw_sample(sums, seed, resamples)
    firsts = range(0, INSTRUCTIONS * len(rows), INSTRUCTIONS)
    replicates = [spread_replicates(sample.take([*range(first, first + INSTRUCTIONS), -1])) for first in firsts]
    by_submission = sums[:-1].reshape(len(rows), INSTRUCTIONS, -1)
    return _Task(
        card=card,
        n=len(groups),
        groups=sums.shape[1],
        scores=[np.array(per_instruction_scores(task), np.float64) for task in values],
        numbers=[dict(zip(SPREAD, found[INSTRUCTIONS:], strict=True)) for found in replicates],
        exchanged=exchange(by_submission, sums[-1], pairs, seed, resamples),
    )


def _compare(
    names: Sequence[str], pairs: Sequence[tuple[int, int]], tasks: Sequence[_Task], notes: Sequence[str]
) -> Comparison:
    whole = [task.card for task in tasks if not task.card.own]
    multimodal, nlp = ([card.name for card in whole if card.suite == suite] for suite in SUITES)
    weights = task_weights(multimodal, nlp)
    overall = {"mean": weights["aggregate"], "sensitivity": weights["Sensitivity"]}
    return Comparison(
        tasks=[task.card.name for task in tasks],
        submissions=_standings(names, tasks, overall),
        pairs=[_compare_pair(names, one, two, tasks, overall) for one, two in pairs],
        notes=list(notes),
    )


def _compare_pair(names: Sequence[str], one: int, two: int, tasks: Sequence[_Task], overall: Weights) -> Pair:
    parts = {
        label: {task.card.name: task.numbers[one][label].minus(task.numbers[two][label]) for task in tasks}
        for label in LABELS
    }
    exchanged = {task.card.name: task.exchanged[one, two] for task in tasks}
    means = holm({name: _difference(part, exchanged[name]) for name, part in parts["mean"].items()})
    aggregate = Difference(value=None, reason="no task of the benchmark was compared")
    if overall["mean"]:
        aggregate = _difference(_over_tasks(overall["mean"], parts["mean"]), _weighted(overall["mean"], exchanged))
    sensitivity = Difference(value=None, reason="no multimodal task of the benchmark was compared")
    if overall["sensitivity"]:
        sensitivity = _difference(_over_tasks(overall["sensitivity"], parts["sensitivity"]))
    gaps = {task.card.name: task.scores[one] - task.scores[two] for task in tasks}
    compared = {
        task.card.name: TaskComparison(
            n=task.n,
            groups=task.groups,
            metric=task.card.primary_metric,
            mean=means[task.card.name],
            sensitivity=_difference(parts["sensitivity"][task.card.name]),
            flips=_flips(gaps[task.card.name], float(gaps[task.card.name].mean())),
        )
        for task in tasks
    }
    return Pair(
        first=names[one],
        second=names[two],
        aggregate=aggregate,
        sensitivity=sensitivity,
        flips=_flips(_one_wording(gaps, overall["mean"]), aggregate.value or 0.0),
        tasks=compared,
        verdict=verdict(names[one], names[two], aggregate, sensitivity, list(means.values())),
    )


def _over_tasks(weights: Mapping[str, float], parts: Mapping[str, Replicates]) -> Replicates:
    return Replicates.weighted((weight, parts[name]) for name, weight in weights.items())


def _difference(part: Replicates, exchanged: Floats | None = None) -> Difference:
    found, reason = interval(part)
    return Difference(
        value=None if math.isnan(part.estimate) else round(part.estimate, DIGITS),
        ci=found,
        p=None if exchanged is None else p_value(part.estimate, exchanged),
        reason=reason,
    )


def _weighted(weights: Mapping[str, float], parts: Mapping[str, Floats]) -> Floats:
    total: Floats = np.sum([weight * parts[name] for name, weight in weights.items()], axis=0)
    return total


def _settled(values: Floats) -> Floats:
    """Return values without what rounding left of them, so that equal ones are equal."""
    return np.round(values, 9) + 0.0


def _flips(gaps: Floats, gap: float) -> float | None:
    """Return the share of gaps on the other side of 0 than `gap`; one of 0 is half a flip."""
    side, sides = np.sign(np.round(gap, DIGITS)), np.sign(_settled(gaps))
    if side == 0:
        return None
    return round(float((sides != side).mean() - (sides == 0).mean() / 2), DIGITS)


def _one_wording(gaps: Mapping[str, Floats], weights: Mapping[str, float]) -> Floats:
    """Return the difference of the aggregates for each draw of one wording for each task, [draws]."""
    seed = int.from_bytes(hashlib.sha256("\x1f".join(sorted(gaps)).encode()).digest())
    raw = np.random.SFC64(np.random.SeedSequence(seed)).random_raw(len(weights) * RESAMPLES)
    wordings = (raw.reshape(len(weights), RESAMPLES) % INSTRUCTIONS).astype(np.int64)
    return _weighted(weights, {name: gaps[name][drawn] for name, drawn in zip(weights, wordings, strict=True)})


def _standings(names: Sequence[str], tasks: Sequence[_Task], overall: Weights) -> list[Standing]:
    ranks = {label: _ranks(label, sign, tasks, overall[label]) for label, sign in (("mean", 1), ("sensitivity", -1))}
    standings = [
        Standing(name=name, aggregate=mean, sensitivity=sensitivity)
        for name, mean, sensitivity in zip(names, ranks["mean"], ranks["sensitivity"], strict=True)
    ]
    return sorted(standings, key=lambda standing: standing.aggregate.rank or len(names) + 1)


def _ranks(label: str, sign: int, tasks: Sequence[_Task], weights: Mapping[str, float]) -> list[Rank]:
    """Return each submission's number and rank; `sign` is -1 where less is better."""
    submissions = len(tasks[0].numbers)
    if not weights:
        return [Rank(value=None, ci=None, rank=None, interval=None)] * submissions
    parts = [
        _over_tasks(weights, {task.card.name: task.numbers[submission][label] for task in tasks})
        for submission in range(submissions)
    ]
    resampled = _settled(sign * np.stack([part.debiased.values if part.debiased else part.values for part in parts]))
    estimates = _settled(sign * np.array([part.estimate for part in parts]))
    return [
        Rank(
            value=None if math.isnan(part.estimate) else round(part.estimate, DIGITS),
            ci=interval(part)[0],
            rank=None if math.isnan(part.estimate) else 1 + int((estimates > estimate).sum()),
            interval=_rank_interval(own, resampled),
        )
        for part, own, estimate in zip(parts, resampled, estimates, strict=True)
    ]


def _rank_interval(own: Floats, resampled: Floats) -> tuple[int, int] | None:
    """Return between which ranks one submission stays; resamples of all are [submissions, resamples]."""
    if not own.size or np.isnan(resampled).any():
        return None
    best, worst = 1 + (resampled > own).sum(axis=0), (resampled >= own).sum(axis=0)
    low, high = TAILS
    return int(np.quantile(best, low, method="lower")), int(np.quantile(worst, high, method="higher"))
