"""Shares of attention over the rows of a task, with 95 % intervals by resampling groups, and how two models differ.

Every row counts alike, whatever the length of its answer: its steps are averaged first.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec
import numpy as np

from mibench.analysis.attention import Look
from mibench.analysis.regions import INSTRUCTION, REGIONS
from mibench.scoring.intervals import DIGITS, Replicates, interval
from mibench.scoring.resampling import Floats, draw_sample, group_sums

STATEMENT = "tuned models look more at the instruction"
LEAST_GROUPS = 10
"""With fewer, resamples hardly differ and intervals are far too narrow to tell anything."""
Verdict = Literal["supported", "not supported", "opposite", "cannot be told"]


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """A share of attention, or a difference of two.

    Attributes:
        value: mean over rows.
        ci: 95 % interval; of no width where all resamples agree, None where all rows are of one group.

    """

    value: float
    ci: tuple[float, float] | None


class RegionShares(msgspec.Struct, frozen=True, kw_only=True):
    """What falls on one region.

    Attributes:
        even: the share that attention spread evenly over all positions would have.
        mean: over layers.
        layers: of each layer, the first first.
        steps: of each layer at each step of the answer, [layers][steps], over the rows that got so far.

    """

    even: float
    mean: Share
    layers: list[Share]
    steps: list[list[float]]


class ModelShares(msgspec.Struct, frozen=True, kw_only=True):
    """One model on one task.

    Attributes:
        step_rows: how many rows have an answer of so many steps or more.
        regions: by name.

    """

    step_rows: list[int]
    regions: dict[str, RegionShares]


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """The second model's share less the first's, over layers and in each."""

    mean: Share
    layers: list[Share]


class TaskShares(msgspec.Struct, frozen=True, kw_only=True):
    """One task.

    Attributes:
        rows: prompts, all wordings counted.
        groups: what is resampled.
        models: in the order given.
        change: by region; empty where there is one model.
        verdict: on `STATEMENT`, for this task alone; None where there is one model.

    """

    rows: int
    groups: int
    models: list[ModelShares]
    change: dict[str, Change]
    verdict: Verdict | None


class Hypothesis(msgspec.Struct, frozen=True, kw_only=True):
    """A statement about two models, and what the numbers say of it.

    Attributes:
        difference: the mean over tasks, each weighing alike, of the change in what falls on the instruction.

    """

    statement: str
    verdict: Verdict
    difference: Share


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was found; shares are from 0 to 1."""

    models: list[str]
    tasks: dict[str, TaskShares]
    hypothesis: Hypothesis | None


class Tally:
    """What one model's looks at one task add up to."""

    def __init__(self) -> None:
        self._rows = list[Floats]()
        self._even = list[Floats]()
        self._groups = list[str]()
        self._by_step = list[Floats]()
        self._step_rows = list[int]()

    def add(self, look: Look) -> None:
        """Count one more look."""
        self._rows.append(look.shares.mean(axis=1))
        self._even.append(look.even)
        self._groups.append(look.question.group)
        for step in range(look.shares.shape[1]):
            if step == len(self._by_step):
                self._by_step.append(np.zeros((len(look.shares), len(REGIONS))))
                self._step_rows.append(0)
            self._by_step[step] += look.shares[:, step]
            self._step_rows[step] += 1

    @property
    def rows(self) -> int:
        """How many looks were counted."""
        return len(self._rows)

    @property
    def groups(self) -> int:
        """To how many groups they belong."""
        return len(set(self._groups))

    def replicates(self, seed: str) -> list[list[Replicates]]:
        """Return the share of each region over layers, and then of each layer, [regions][1 + layers].

        Args:
            seed: names the task and its data; two models with the same rows share the resamples.

        """
        by_row = np.stack(self._rows, axis=-1)
        columns = np.concatenate([by_row.mean(axis=0, keepdims=True), by_row]).reshape(-1, self.rows)
        _, groups = np.unique(self._groups, return_inverse=True)
        sums = group_sums(np.concatenate([columns, np.ones((1, self.rows))]), groups, self.groups)
        total, resampled, left_out = draw_sample(sums, seed)
        found = [
            Replicates.of(total[place] / total[-1], resampled[place] / resampled[-1], left_out[place] / left_out[-1])
            for place in range(len(columns))
        ]
        return [found[region :: len(REGIONS)] for region in range(len(REGIONS))]

    def shares(self, replicates: Sequence[Sequence[Replicates]]) -> ModelShares:
        """Return the shares as they are told, from what `replicates` gave."""
        even = np.mean(self._even, axis=0)
        steps = np.stack([sums / rows for sums, rows in zip(self._by_step, self._step_rows, strict=True)])
        return ModelShares(
            step_rows=self._step_rows,
            regions={
                name: RegionShares(
                    even=round(float(even[region]), DIGITS),
                    mean=_share(replicates[region][0]),
                    layers=[_share(layer) for layer in replicates[region][1:]],
                    steps=np.round(steps[:, :, region].T, DIGITS).tolist(),
                )
                for region, name in enumerate(REGIONS)
            },
        )


def report(models: Sequence[str], tallies: Mapping[str, Sequence[Tally]], seeds: Mapping[str, str]) -> Report:
    """Return what one model or two look at.

    Args:
        models: their names; a difference is the second less the first.
        tallies: of each model, by task; two models have answered the same rows and have as many layers.
        seeds: of the resamples, by task.

    """
    tasks, instruction = dict[str, TaskShares](), list[Replicates]()
    for task, known in tallies.items():
        found = [tally.replicates(seeds[task]) for tally in known]
        changes = list[list[Replicates]]()
        if len(found) == 2:
            first, second = found
            changes = [
                [new.minus(old) for new, old in zip(*pair, strict=True)] for pair in zip(second, first, strict=True)
            ]
            instruction.append(changes[INSTRUCTION][0])
        tasks[task] = TaskShares(
            rows=known[0].rows,
            groups=known[0].groups,
            models=[tally.shares(shares) for tally, shares in zip(known, found, strict=True)],
            change={name: _change(change) for name, change in zip(REGIONS, changes, strict=False)},
            verdict=_verdict(_share(changes[INSTRUCTION][0]), known[0].groups) if changes else None,
        )
    least = min(task.groups for task in tasks.values())
    hypothesis = _hypothesis(instruction, least) if instruction else None
    return Report(models=list(models), tasks=tasks, hypothesis=hypothesis)


def _hypothesis(by_task: Sequence[Replicates], least_groups: int) -> Hypothesis:
    difference = _share(Replicates.weighted((1 / len(by_task), part) for part in by_task))
    return Hypothesis(statement=STATEMENT, verdict=_verdict(difference, least_groups), difference=difference)


def _verdict(difference: Share, groups: int) -> Verdict:
    if difference.ci is None or groups < LEAST_GROUPS:
        return "cannot be told"
    low, high = difference.ci
    return "supported" if low > 0 else "opposite" if high < 0 else "not supported"


def _change(replicates: Sequence[Replicates]) -> Change:
    return Change(mean=_share(replicates[0]), layers=[_share(layer) for layer in replicates[1:]])


def _share(replicates: Replicates) -> Share:
    found, _ = interval(replicates)
    value = round(replicates.estimate, DIGITS) + 0.0
    same = (value, value) if len(replicates.values) else None
    return Share(value=value, ci=same if found is None else found.shown)
