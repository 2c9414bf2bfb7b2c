"""What `mibench compare` finds and prints."""

import msgspec

from mibench.scoring.report import Interval


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """A number of the first submission minus that of the second.

    Attributes:
        value: None where one of the two is undefined.
        ci: 95 % interval of the paired resamples.
        p: of the paired permutation test, two-sided; never below 1 / (permutations + 1). None for Sensitivities, which
            may be equal though the answers are not alike.
        p_holm: the same, corrected for the number of tasks.
        reason: why the value or its interval is None.

    """

    value: float | None
    ci: Interval | None = None
    p: float | None = None
    p_holm: float | None = None
    reason: str | None = None


class TaskComparison(msgspec.Struct, frozen=True, kw_only=True):
    """Two submissions on one task, by its primary metric.

    Attributes:
        flips: share of the five wordings under which the order of the two is not that of their means; a tie is half a
            flip. None where the means are equal.

    """

    n: int
    groups: int
    metric: str
    mean: Difference
    sensitivity: Difference
    flips: float | None


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """Two submissions.

    Attributes:
        aggregate: over the tasks that are compared, weighted as in the benchmark's aggregate.
        sensitivity: over the multimodal ones of them.
        flips: share of draws of one wording for each task under which the order of the two aggregates is reversed.

    """

    first: str
    second: str
    aggregate: Difference
    sensitivity: Difference
    flips: float | None
    tasks: dict[str, TaskComparison]
    verdict: str


class Rank(msgspec.Struct, frozen=True, kw_only=True):
    """A number of one submission and its place among all of them.

    Attributes:
        rank: 1 is best; equal ones share it.
        interval: the ranks between the 2.5th and the 97.5th percentile of the resamples; of a Sensitivity, of its
            debiased values.

    """

    value: float | None
    ci: Interval | None
    rank: int | None
    interval: tuple[int, int] | None


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """One submission among those that are compared."""

    name: str
    aggregate: Rank
    sensitivity: Rank


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """What `mibench compare` prints.

    Attributes:
        submissions: best aggregate first.
        pairs: each two of them, in the order given.
        notes: what was left out, and why.

    """

    tasks: list[str]
    submissions: list[Standing]
    pairs: list[Pair]
    notes: list[str]
