"""The numbers of a study: every run with its intervals, and the spread over seeds beside the paper's figures."""

import math
import statistics
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Literal

import msgspec

from mibench.analysis.study_plan import Arm, StudyPlan
from mibench.analysis.study_printed import printed
from mibench.analysis.study_recipe import Part, Study
from mibench.cards import INSTRUCTIONS
from mibench.scoring.report import Interval, Scores

SUMMARY = ("nlp", "aggregate", "sensitivity")
"""The measures that are none of a single multimodal task."""


class Measured(msgspec.Struct, frozen=True):
    """A number from 0 to 100 of one run.

    Attributes:
        value: the mean over wordings.
        ci: its 95 % interval over instances.
        at_chance: whether guessing gives as much.
        wordings: the scores of a task under each; empty for what sums tasks up.

    """

    value: float | None
    ci: tuple[float, float] | None = None
    at_chance: bool = False
    wordings: tuple[float, ...] = ()


class Spread(msgspec.Struct, frozen=True):
    """A number over seeds: its mean and, of two or more runs, sample standard deviation."""

    mean: float | None
    std: float | None
    runs: int


class Movement(msgspec.Struct, frozen=True):
    """How far a task's score moves: roots of sample variances, averaged over the multimodal tasks.

    Attributes:
        wording: over the wordings of a run, averaged over runs.
        seed: over the runs under a wording, averaged over wordings; None of a single run.

    """

    wording: float | None
    seed: float | None


class RunResult(msgspec.Struct, frozen=True, kw_only=True):
    """One run; `measures` are by task, and `nlp`, `aggregate`, `sensitivity`; empty while it is not done."""

    run: str
    seed: int | None
    families: int
    steps: int
    rows: int
    measures: dict[str, Measured]


class ArmResult(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is compared: its runs, one a seed, their spread, and what the paper prints of it."""

    part: Part
    name: str
    runs: list[RunResult]
    over_seeds: dict[str, Spread]
    movement: Movement
    paper: dict[str, float]


class StudyReport(msgspec.Struct, frozen=True, kw_only=True):
    """The content of `study.json`."""

    format: Literal[1]
    study: dict[str, object]
    done: int
    planned: int
    arms: list[ArmResult]

    def of(self, part: Part) -> list[ArmResult]:
        """Return the arms of a part, in the order of the recipe."""
        return [arm for arm in self.arms if arm.part == part]


def report_on(study: Study, plan: StudyPlan, found: Mapping[str, Scores]) -> StudyReport:
    """Return the numbers of a study.

    Args:
        study: its recipe.
        plan: its runs.
        found: the scores of those that are done, by name.

    """
    order = list(dict.fromkeys((arm.part, arm.name) for arm in plan.arms))
    arms = sorted(plan.arms, key=lambda arm: order.index((arm.part, arm.name)))
    return StudyReport(
        format=1,
        study=study.model_dump(mode="json"),
        done=len(found.keys() & plan.runs.keys()),
        planned=len(plan.runs),
        arms=[
            _arm(part, name, [_run(arm, plan, found) for arm in same])
            for (part, name), same in groupby(arms, key=lambda arm: (arm.part, arm.name))
        ],
    )


def _arm(part: Part, name: str, runs: list[RunResult]) -> ArmResult:
    measures = next((run.measures for run in runs if run.measures), {})
    spreads = {
        measure: spread_of([run.measures[measure].value for run in runs if run.measures]) for measure in measures
    }
    moved = movement_of([run.measures for run in runs if run.measures])
    return ArmResult(
        part=part, name=name, runs=runs, over_seeds=spreads, movement=moved, paper=dict(printed(part, name))
    )


def movement_of(runs: Sequence[Mapping[str, Measured]]) -> Movement:
    """Return how far scores move with the wording and with the seed.

    Args:
        runs: of one arm, one a seed, by task.

    """
    tasks = [[run[task].wordings for run in runs] for task in (runs[0] if runs else ())]
    tasks = [scores for scores in tasks if all(scores)]
    over_wordings = [statistics.variance(scores) for task in tasks for scores in task]
    over_seeds = [statistics.variance(scores) for task in tasks for scores in zip(*task, strict=True) if len(runs) > 1]
    wording, seed = (
        math.sqrt(statistics.fmean(variances)) if variances else None for variances in (over_wordings, over_seeds)
    )
    return Movement(wording, seed)


def spread_of(values: Sequence[float | None]) -> Spread:
    """Return mean and standard deviation over seeds; none where one run's number is undefined."""
    known = [value for value in values if value is not None]
    if not known or len(known) < len(values):
        return Spread(None, None, len(values))
    return Spread(statistics.fmean(known), statistics.stdev(known) if len(known) > 1 else None, len(known))


def _run(arm: Arm, plan: StudyPlan, found: Mapping[str, Scores]) -> RunResult:
    run = plan.runs[arm.run]
    return RunResult(
        run=run.name,
        seed=arm.seed,
        families=run.families,
        steps=run.steps,
        rows=run.rows,
        measures=dict(measures_of(found[run.name])) if run.name in found else {},
    )


def measures_of(scores: Scores) -> Iterator[tuple[str, Measured]]:
    """Yield the mean over wordings of each multimodal task, then of NLP, the aggregate and Sensitivity."""
    for name, task in scores.tasks.items():
        if task.suite == "multimodal":
            metric = task.metrics[task.primary]
            found = _measured(metric.mean, metric.ci.mean if metric.ci else None, at_chance=bool(task.at_chance))
            known = tuple(score for score in metric.per_instruction if score is not None)
            complete = known if len(known) == INSTRUCTIONS else ()
            yield name, msgspec.structs.replace(found, wordings=complete)
    summary = scores.summary
    yield "nlp", _measured(summary.nlp.mean, summary.ci.nlp.mean)
    yield "aggregate", _measured(summary.aggregate.mean, summary.ci.aggregate.mean)
    yield "sensitivity", _measured(summary.sensitivity, summary.ci.sensitivity)


def _measured(value: float | None, interval: Interval | None, *, at_chance: bool = False) -> Measured:
    return Measured(value, None if interval is None or value is None else interval.shown, at_chance)
