"""`scores.json`: what scoring found, and the digests of what it was computed from."""

from pathlib import Path
from typing import Annotated, Literal

import msgspec

from mibench.cards import Suite
from mibench.errors import InputError
from mibench.whole_file import write_whole

FILE_NAME = "scores.json"
MAX_BYTES = 4 << 20
"""No honest report is longer."""

Percentage = Annotated[float, msgspec.Meta(ge=0, le=100)]
Score = Annotated[float, msgspec.Meta(ge=0, le=1000)]
"""On the scale of 0 to 100, or of CIDEr to 1000; so is what is made from scores. Reading refuses what cannot be."""
Number = Annotated[float, msgspec.Meta(ge=-1000, le=1000)]
Count = Annotated[int, msgspec.Meta(ge=0, le=1 << 40)]


class Interval(msgspec.Struct, frozen=True, kw_only=True):
    """A 95 % interval from the resamples of groups.

    Attributes:
        percentile: between the 2.5th and the 97.5th percentile of the resamples.
        bca: bias-corrected and accelerated; None where the resamples do not surround the value.
        debiased: of a std or Sensitivity, without what sampling adds to it; None for other numbers. It may lie wholly
            below the value, which then is mostly noise.

    """

    percentile: tuple[Number, Number]
    bca: tuple[Number, Number] | None
    debiased: tuple[Number, Number] | None = None

    @property
    def shown(self) -> tuple[float, float]:
        """The one to print where there is room for one."""
        return self.debiased or self.bca or self.percentile


class Intervals(msgspec.Struct, frozen=True, kw_only=True):
    """The intervals of one metric; None where there is none, for a reason that the metric's notes give."""

    per_instruction: list[Interval | None]
    mean: Interval | None = None
    max: Interval | None = None
    std: Interval | None = None
    sensitivity: Interval | None = None


class MetricScores(msgspec.Struct, frozen=True, kw_only=True):
    """One metric on one task, on the scale of 0 to 100.

    Attributes:
        per_instruction: the score under instructions 1 to 5; None where one was not asked.
        std: sample standard deviation (ddof=1) over the five; this and the others are None where one is missing.
        std_corrected: the same without the bias of so small a sample: std / c4(5).
        std_noise: the std that the choice of groups alone would give, were all wordings equally good; a std near it
            says nothing about the wordings.
        sensitivity: 100 * std / mean; None where the mean is 0.
        ci: 95 % intervals; None for a metric of a whole corpus.
        notes: why something is None.
        signature: the metric's version and settings.

    """

    per_instruction: list[Score | None]
    mean: Score | None
    max: Score | None
    std: Score | None
    std_corrected: Score | None
    std_noise: Score | None = None
    sensitivity: Score | None
    ci: Intervals | None = None
    notes: list[str] = []
    signature: str = ""


class Share(msgspec.Struct, frozen=True):
    """A share from 0 to 1 with its interval."""

    value: Number | None
    ci: Interval | None = None


class Variance(msgspec.Struct, frozen=True):
    """Shares of the variance of single scores, which sum to 1: two-way decomposition without replication."""

    wording: Share
    row: Share
    interaction: Share


class Wording(msgspec.Struct, frozen=True, kw_only=True):
    """The best or the worst wording.

    Attributes:
        instruction: 1 to 5.
        share: of the resamples in which it is the best, or the worst; equal ones share.

    """

    instruction: int
    score: Score
    ci: Interval | None
    share: Number | None


class Robustness(msgspec.Struct, frozen=True, kw_only=True):
    """How much of a task's primary score is the wording's; None where a part is undefined, for a reason in `notes`.

    Attributes:
        variance: what single scores differ by.
        consistency: share of rows answered alike under all five wordings.
        kappa: Fleiss' kappa of the five answers, 1 where all agree, 0 as by chance.
        best: the wording with the highest score; the first of equals.
        worst: the wording with the lowest.
        sensitivity_by_wordings: expected Sensitivity of a task with 2 to 5 of these wordings, exactly, and
            extrapolated to 10 and to infinitely many.

    """

    variance: Variance | None = None
    consistency: Share | None = None
    kappa: Number | None = None
    best: Wording | None = None
    worst: Wording | None = None
    sensitivity_by_wordings: dict[str, Score | None]
    notes: list[str]


class TaskScores(msgspec.Struct, frozen=True, kw_only=True):
    """One task.

    Attributes:
        n: how many instances.
        groups: how many groups they form, which are resampled together.
        primary: the metric that is aggregated.
        metrics: the primary one first.
        chance: what the primary metric gives for guessing; None where the answer is free text.
        at_chance: whether the interval of the mean reaches down to it.
        failed: how many of the answers there are not; they count as wrong.

    """

    n: Count
    groups: Count
    failed: Count = 0
    suite: Suite
    primary: str
    metrics: dict[str, MetricScores]
    chance: Percentage | None
    at_chance: bool | None
    robustness: Robustness


class Aggregate(msgspec.Struct, frozen=True, kw_only=True):
    """Mean over entries (nine multimodal tasks, and NLP as one) of the task means, and of the task maxima."""

    mean: Percentage | None
    max: Percentage | None


class AggregateIntervals(msgspec.Struct, frozen=True, kw_only=True):
    """The intervals of an aggregate."""

    mean: Interval | None
    max: Interval | None


class SummaryIntervals(msgspec.Struct, frozen=True, kw_only=True):
    """The intervals of the benchmark's numbers."""

    aggregate: AggregateIntervals
    sensitivity: Interval | None
    nlp: AggregateIntervals


class Jackknife(msgspec.Struct, frozen=True, kw_only=True):
    """Sensitivity with each task, or each cluster of tasks, left out.

    Attributes:
        without: by what is left out.
        standard_error: the jackknife's, of the choice of tasks; None with fewer than two.

    """

    without: dict[str, Score]
    standard_error: Score | None


class InterTask(msgspec.Struct, frozen=True, kw_only=True):
    """How much the Sensitivity depends on which tasks it is averaged over."""

    tasks: Jackknife
    clusters: Jackknife


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """The benchmark's two numbers, and what is missing from them.

    Attributes:
        aggregate: over the entries that are present.
        sensitivity: mean over the multimodal tasks of their Sensitivity; None where one is undefined.
        sensitivity_by_wordings: mean over the multimodal tasks of the same number of each task.
        inter_task: Sensitivity with tasks left out; None where it is undefined.
        nlp: mean of the NLP tasks' primary means, which enters the aggregate as one.
        at_chance: the multimodal tasks whose score does not differ from guessing, so that a low Sensitivity says
            nothing.
        ci: 95 % intervals.
        missing: tasks of the benchmark that were not scored, in the cards' order.
        notes: plain sentences on what is missing or undefined, and why.

    """

    aggregate: Aggregate
    sensitivity: Score | None
    sensitivity_by_wordings: dict[str, Score | None]
    inter_task: InterTask | None
    nlp: Aggregate
    at_chance: list[str]
    ci: SummaryIntervals
    missing: list[str]
    notes: list[str]


class Digests(msgspec.Struct, frozen=True, kw_only=True):
    """What the scores were computed from: SHA-256 digests by task, and each metric's version and settings."""

    predictions: dict[str, str]
    cards: dict[str, str]
    data: dict[str, str]
    metrics: dict[str, str]


class Scores(msgspec.Struct, frozen=True, kw_only=True):
    """The content of `scores.json`."""

    format: Literal[1]
    tasks: dict[str, TaskScores]
    summary: Summary
    digests: Digests
    signature: str

    @property
    def captioned(self) -> bool:
        """Whether tasks of free text were scored by the captioning metrics as well."""
        return "cider" in self.digests.metrics

    def to_json(self) -> str:
        """Return the canonical text: two spaces of indent, a final newline."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2).decode() + "\n"


def write_scores(folder: Path, scores: Scores) -> None:
    """Write a submission's `scores.json`, whole or not at all."""
    write_whole(folder / FILE_NAME, scores.to_json().encode())


def read_scores(folder: Path) -> Scores:
    """Read and check a submission's `scores.json`.

    Raises:
        InputError: it is missing, or not what scoring writes.

    """
    path = folder / FILE_NAME
    try:
        if path.is_symlink() or path.stat().st_size > MAX_BYTES:
            raise InputError("a symbolic link or too long", file=path, remedy="score the submission again")
        return msgspec.json.decode(path.read_bytes(), type=Scores)
    except OSError as error:
        message = f"cannot be read: {error.strerror}"
        raise InputError(message, file=path, remedy="'mibench score' writes it") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(str(error), file=path, remedy="'mibench score' writes it anew") from None
