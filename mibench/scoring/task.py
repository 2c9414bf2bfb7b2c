"""One task's scores from its rows: each metric with its intervals, and what the wording does to the primary one."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec
import numpy as np

from mibench.cards import INSTRUCTIONS
from mibench.metrics import METRICS
from mibench.scoring import robustness
from mibench.scoring.chance import chance
from mibench.scoring.intervals import DIGITS, Replicates, interval
from mibench.scoring.report import Interval, Intervals, MetricScores, Robustness, Share, TaskScores, Variance, Wording
from mibench.scoring.resampling import Floats, Sample, draw_sample, group_sums
from mibench.scoring.rows import TaskRows
from mibench.scoring.spread import SPREAD, noise, spread, spread_replicates

WORDINGS = tuple(f"instruction {number}" for number in range(1, INSTRUCTIONS + 1))


class ScoredTask(NamedTuple):
    """A task's scores, and the replicates of its primary metric's mean, max, std and Sensitivity, by name."""

    scores: TaskScores
    replicates: Mapping[str, Replicates]


def score_task(rows: TaskRows, seed: str) -> ScoredTask:
    """Score a task.

    Args:
        rows: what each metric gives each row.
        seed: names the task and its data, from which the resamples are drawn.

    """
    primary = rows.card.primary_metric
    samples = _draw_samples(rows, seed)
    metrics, replicates = dict[str, MetricScores](), dict[str, dict[str, Replicates]]()
    for name, values in rows.values.items():
        replicates[name] = dict(zip((*WORDINGS, *SPREAD), spread_replicates(samples[name]), strict=True))
        metrics[name] = _score_metric(per_instruction_scores(values), values, replicates[name])
    guess = chance(METRICS[primary], rows.references) if rows.card.answer.kind != "text" else None
    scores = TaskScores(
        n=len(rows.references),
        groups=rows.group_count,
        failed=rows.failed,
        suite=rows.card.suite,
        primary=primary,
        metrics=metrics,
        chance=guess,
        at_chance=None if guess is None else _at_chance(metrics[primary], guess),
        robustness=_robustness(rows, metrics[primary], samples),
    )
    return ScoredTask(scores, replicates[primary] if metrics[primary].mean is not None else {})


def _draw_samples(rows: TaskRows, seed: str) -> dict[str, Sample]:
    """Return by metric the sums of its five scores and of 1; so too what the primary one's robustness asks for.

    Equal columns, as of two metrics that agree on every row, are summed once.
    """
    ones = np.ones(len(rows.references))
    primary = np.nan_to_num(rows.values[rows.card.primary_metric])
    parts = {
        **{name: np.nan_to_num(values) for name, values in rows.values.items()},
        _VARIANCE: np.concatenate([primary, robustness.variance_columns(primary)]),
        _ALIKE: ones * robustness.all_alike(rows.answers)[None],
    }
    places = dict[bytes, int]()
    chosen = {
        name: [places.setdefault(column.tobytes(), len(places)) for column in (*columns, ones)]
        for name, columns in parts.items()
    }
    distinct = np.stack([np.frombuffer(column) for column in places])
    sample = draw_sample(group_sums(distinct, rows.groups, rows.group_count), seed)
    return {name: sample.take(columns) for name, columns in chosen.items()}


_VARIANCE, _ALIKE = "(variance)", "(alike)"


def per_instruction_scores(values: Floats) -> list[float | None]:
    """Return the mean over rows of each wording, 0 to 100, exactly rounded; None where not all rows have a score."""
    return [None if np.isnan(column).any() else 100 * math.fsum(column.tolist()) / len(column) for column in values]


def _score_metric(
    per_instruction: Sequence[float | None], values: Floats, replicates: Mapping[str, Replicates]
) -> MetricScores:
    scores = spread(per_instruction)
    found, reasons = dict[str, Interval | None](), dict[str, str]()
    known = {**dict(zip(WORDINGS, per_instruction, strict=True)), **{name: getattr(scores, name) for name in SPREAD}}
    for label, score in known.items():
        if score is not None:
            found[label], reason = interval(replicates[label])
            if reason:
                reasons[label] = reason
    spreads = {label: found.get(label) for label in SPREAD}
    ci = Intervals(per_instruction=[found.get(label) for label in WORDINGS], **spreads)
    return msgspec.structs.replace(
        scores,
        std_noise=None
        if scores.std is None or not len(replicates["std"].values)
        else round(noise(replicates["std"]), DIGITS),
        ci=ci,
        notes=[*_undefined(scores, values), *_told(found, reasons)],
    )


def _undefined(scores: MetricScores, values: Floats) -> Iterator[str]:
    missing = [number for number, score in enumerate(scores.per_instruction, 1) if score is None]
    if missing:
        partly = not np.isnan(values[[number - 1 for number in missing]]).all()
        what = "not scored in every row" if partly else "not asked"
        numbers = ", ".join(map(str, missing))
        yield f"Instruction {numbers} was {what}: mean, max, std and Sensitivity are undefined."
    elif scores.sensitivity is None:
        yield "Sensitivity is undefined: the mean is 0."


def _told(found: Mapping[str, Interval | None], reasons: Mapping[str, str]) -> list[str]:
    """Say once for each reason which numbers lack an interval for it."""
    notes = []
    for reason in dict.fromkeys(reasons.values()):
        labels = [label for label, why in reasons.items() if why == reason]
        kind = "BCa interval" if any(found[label] for label in labels) else "interval"
        notes.append(f"No {kind} of {', '.join(labels)}: {reason}.")
    return notes


def _at_chance(scores: MetricScores, guess: float) -> bool | None:
    """Tell whether the interval of the mean reaches down to chance; without an interval, the mean itself."""
    if scores.mean is None:
        return None
    found = scores.ci.mean if scores.ci else None
    return (found.shown[0] if found else scores.mean) <= guess


def _robustness(rows: TaskRows, scores: MetricScores, samples: Mapping[str, Sample]) -> Robustness:
    by_wordings = robustness.sensitivity_by_wordings(scores.per_instruction)
    if scores.mean is None:
        notes = ["Undefined: not all five wordings were asked."]
        return Robustness(sensitivity_by_wordings=by_wordings, notes=notes)
    shares, notes = _shares(("wording", "row", "interaction"), robustness.variance_shares, samples[_VARIANCE])
    (consistency,), more = _shares(("consistency",), _ratio, samples[_ALIKE])
    kappa = robustness.fleiss_kappa(rows.answers)
    if kappa is None:
        more.append("Fleiss' kappa is undefined: every answer is the same.")
    resampled = samples[rows.card.primary_metric].resampled[:INSTRUCTIONS]
    return Robustness(
        variance=None if shares[0].value is None else Variance(*shares),
        consistency=consistency,
        kappa=kappa,
        best=_extreme(scores, max, resampled),
        worst=_extreme(scores, min, -resampled),
        sensitivity_by_wordings=by_wordings,
        notes=[*notes, *more],
    )


def _ratio(sums: Floats) -> Floats:
    ratio: Floats = sums[:-1] / sums[-1]
    return ratio


def _shares(
    labels: Sequence[str], function: Callable[[Floats], Floats], sample: Sample
) -> tuple[list[Share], list[str]]:
    """Return a function of the sums with intervals, and why some are missing."""
    found, reasons, values = dict[str, Interval | None](), dict[str, str](), list[float | None]()
    for label, *parts in zip(labels, *map(function, sample), strict=True):
        replicates = Replicates.of(*parts)
        values.append(None if math.isnan(replicates.estimate) else round(replicates.estimate, DIGITS))
        found[label], reason = interval(replicates)
        if reason:
            reasons[label] = reason
    return [Share(value, found[label]) for label, value in zip(labels, values, strict=True)], _told(found, reasons)


def _extreme(scores: MetricScores, choose: Callable[[Iterable[float]], float], resampled: Floats) -> Wording:
    """Return the best or the worst wording; in `resampled` the greatest of the five is the one that is meant."""
    known = [score for score in scores.per_instruction if score is not None]
    place = known.index(choose(known))
    return Wording(
        instruction=place + 1,
        score=known[place],
        ci=scores.ci.per_instruction[place] if scores.ci else None,
        share=round(float(robustness.shares_of_first(resampled)[place]), DIGITS) if resampled.size else None,
    )
