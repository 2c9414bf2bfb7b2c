"""What the leaderboard keeps of one submission: its figures by column, and the pieces of pages that it fills."""

from collections.abc import Mapping

import msgspec

from mibench.cards import INSTRUCTIONS, TaskCard
from mibench.leaderboard.entries import Entry
from mibench.scoring.report import Interval, MetricScores
from mibench.scoring.summary import SUITES, aggregate

AGGREGATE, SENSITIVITY, NLP = "aggregate", "sensitivity", "nlp"
"""Columns beside those of the tasks."""

Bounds = tuple[float, float]


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """One column, on the scale of 0 to 100; None where undefined.

    Attributes:
        mean: over the five wordings; of the column Sensitivity, the Sensitivity.
        max: of the best wording of each task.
        worst: of the worst wording of each task.
        std: over the five wordings; of a single task only.
        per_instruction: of a single task only.
        ci: 95 % interval of the mean; so the others.

    """

    mean: float | None = None
    max: float | None = None
    worst: float | None = None
    std: float | None = None
    per_instruction: list[float | None] = []
    ci: Bounds | None = None
    ci_max: Bounds | None = None
    ci_worst: Bounds | None = None


class AnswerSet(msgspec.Struct, frozen=True, kw_only=True):
    """The answers of one submission to one task, as the site holds them.

    Attributes:
        questions: name of the set of questions, shared by all that were asked the same.
        instructions: whose words these are: `builtin`, which are the card's, or the digest of a set.
        rows: how many instances.

    """

    questions: str
    instructions: str
    rows: int


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """One submission.

    Attributes:
        complete: whether the aggregate compares.
        data: digest of each task's data.
        columns: aggregate, Sensitivity, NLP, and every task that was scored.
        at_chance: the multimodal tasks on which it does not differ from guessing.
        guessable: on how many multimodal tasks that could be.
        row: its cells in a table of the front page, HTML.
        task_rows: its cells in the table of each task, HTML.
        answers: by task, where the site holds the answers.

    """

    slug: str
    name: str
    model: str
    revision: str | None
    parameters: int | None
    open_weights: bool | None
    adapter: str | None
    world: str
    instructions: str
    seed: int
    created: str
    complete: bool
    failed: int
    signature: str
    data: dict[str, str]
    cards: dict[str, str]
    columns: dict[str, Figures]
    at_chance: list[str]
    guessable: int
    answers: dict[str, AnswerSet]
    row: str = ""
    task_rows: dict[str, str] = {}

    @property
    def guesses(self) -> bool:
        """Whether it does not differ from guessing on most tasks that can be guessed."""
        return 2 * len(self.at_chance) > self.guessable


def make_sheet(entry: Entry, cards: Mapping[str, TaskCard], answers: Mapping[str, AnswerSet]) -> Sheet:
    """Return what is kept of a submission, without its pieces of pages."""
    about, scores = entry.description, entry.scores
    return Sheet(
        slug=entry.slug,
        name=about.name,
        model=about.model.name,
        revision=about.model.revision,
        parameters=about.model.parameters,
        open_weights=about.model.open_weights,
        adapter=about.adapter,
        world=about.world,
        instructions=about.instructions,
        seed=about.seed,
        created=about.created,
        complete=entry.complete,
        failed=entry.failed,
        signature=scores.signature,
        data=about.data,
        cards=about.cards,
        columns=_columns(entry, cards),
        at_chance=scores.summary.at_chance,
        guessable=sum(
            name in cards and task.suite == "multimodal" and task.chance is not None
            for name, task in scores.tasks.items()
        ),
        answers=dict(answers),
    )


def _columns(entry: Entry, cards: Mapping[str, TaskCard]) -> dict[str, Figures]:
    summary, tasks = entry.scores.summary, entry.scores.tasks
    found = {name: _task_figures(task.metrics[task.primary]) for name, task in tasks.items()}
    worst = {
        suite: [found[name].worst for name, task in tasks.items() if name in cards and task.suite == suite]
        for suite in SUITES
    }
    return {
        AGGREGATE: Figures(
            mean=summary.aggregate.mean,
            max=summary.aggregate.max,
            worst=aggregate(worst["multimodal"], worst["nlp"]),
            ci=_bounds(summary.ci.aggregate.mean),
            ci_max=_bounds(summary.ci.aggregate.max),
        ),
        SENSITIVITY: Figures(mean=summary.sensitivity, ci=_bounds(summary.ci.sensitivity)),
        NLP: Figures(
            mean=summary.nlp.mean,
            max=summary.nlp.max,
            worst=aggregate([], worst["nlp"]),
            ci=_bounds(summary.ci.nlp.mean),
            ci_max=_bounds(summary.ci.nlp.max),
        ),
        **found,
    }


def _task_figures(scores: MetricScores) -> Figures:
    asked = [score for score in scores.per_instruction if score is not None]
    whole = len(asked) == len(scores.per_instruction)
    worst = min(asked) if whole else None
    intervals = scores.ci.per_instruction if scores.ci else []
    place = scores.per_instruction.index(worst) if worst is not None else None
    return Figures(
        mean=scores.mean,
        max=scores.max,
        worst=worst,
        std=scores.std,
        per_instruction=scores.per_instruction[:INSTRUCTIONS],
        ci=_bounds(scores.ci.mean if scores.ci else None),
        ci_max=_bounds(scores.ci.max if scores.ci else None),
        ci_worst=_bounds(intervals[place]) if place is not None and intervals else None,
    )


def _bounds(found: Interval | None) -> Bounds | None:
    return None if found is None else found.shown
