"""The page of one submission: everything that was scored, and how it came about."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from mibench.cards import INSTRUCTIONS, TaskCard
from mibench.instructions.sets import InstructionSet
from mibench.leaderboard import charts
from mibench.leaderboard.boards import WORLDS, wording
from mibench.leaderboard.entries import Entry
from mibench.leaderboard.metric_words import metric_name
from mibench.leaderboard.pages import write_page
from mibench.leaderboard.reproduction import cost_of, reproduction_of
from mibench.leaderboard.sheet import Sheet
from mibench.leaderboard.task_rows import task_plot
from mibench.leaderboard.wordings import Part, words_of
from mibench.running.record import read_record
from mibench.scoring.report import Interval, Intervals, MetricScores, Share, TaskScores, Wording

SUITES: Mapping[str, str] = {"multimodal": "Multimodal tasks", "nlp": "NLP tasks"}


class Cause(NamedTuple):
    """One of three causes of which the variance of single scores is made, with its place in the bar."""

    name: str
    share: Share
    segment: charts.Segment


class WordingRow(NamedTuple):
    """One wording of a task; `parts` is empty where its words are not at hand."""

    number: int
    score: float | None
    ci: Interval | None
    parts: Sequence[Part]
    best: Wording | None
    worst: Wording | None


class TaskRow(NamedTuple):
    """One task on the page of a submission.

    Attributes:
        metric: the primary one, as people call it.
        whose: a sentence on whose words the wordings are.
        best: the wording that brings most; None where all bring the same, as for the worst.
        causes: of the variance of single scores; none where it is undefined.
        answers: whether the site holds the single answers.

    """

    card: TaskCard
    scores: TaskScores
    metric: str
    primary: MetricScores
    others: Mapping[str, MetricScores]
    ci: Intervals
    plot: charts.DotPlot
    whose: str
    best: Wording | None
    worst: Wording | None
    wordings: Sequence[WordingRow]
    causes: Sequence[Cause]
    answers: bool


def write_model_page(
    entry: Entry,
    sheet: Sheet,
    folder: Path,
    cards: Mapping[str, TaskCard],
    sets: Mapping[str, InstructionSet],
    site: Path,
) -> None:
    """Write `submissions/<slug>.html`.

    Args:
        entry: the submission.
        sheet: what the leaderboard keeps of it.
        folder: where it lies.
        cards: all cards of the benchmark.
        sets: instruction sets by digest, whose words are shown.
        site: where the page goes.

    Raises:
        InputError: its record of runs is broken.

    """
    rows = [_task_row(entry, sheet, card, sets) for name, card in cards.items() if name in entry.scores.tasks]
    about, sessions = entry.description, read_record(folder)
    write_page(
        site,
        f"submissions/{entry.slug}.html",
        "submission.html",
        entry=entry,
        sheet=sheet,
        board=f"{WORLDS[about.world]}, {wording(about.instructions)}, seed {about.seed}",
        suites={title: [row for row in rows if row.card.suite == suite] for suite, title in SUITES.items()},
        guessed=[row.card.title for row in rows if row.card.suite == "multimodal" and row.scores.at_chance],
        cost=cost_of(sessions),
        reproduction=reproduction_of(entry, sessions),
    )


def _task_row(entry: Entry, sheet: Sheet, card: TaskCard, sets: Mapping[str, InstructionSet]) -> TaskRow:
    scores = entry.scores.tasks[card.name]
    primary = scores.metrics[scores.primary]
    words = words_of(entry.description, card, sets)
    best, worst = scores.robustness.best, scores.robustness.worst
    if best and worst and best.score == worst.score:
        best = worst = None
    return TaskRow(
        card=card,
        scores=scores,
        metric=metric_name(scores.primary),
        primary=primary,
        others={name: metric for name, metric in scores.metrics.items() if name != scores.primary},
        ci=primary.ci or Intervals(per_instruction=[]),
        plot=task_plot(scores),
        whose=words.whose,
        best=best,
        worst=worst,
        wordings=list(_wording_rows(primary, words.instructions, best, worst)),
        causes=_causes(scores),
        answers=card.name in sheet.answers,
    )


def _wording_rows(
    primary: MetricScores, words: Sequence[Sequence[Part]], best: Wording | None, worst: Wording | None
) -> Iterator[WordingRow]:
    intervals = dict(enumerate(primary.ci.per_instruction if primary.ci else (), 1))
    for number, score in enumerate(primary.per_instruction[:INSTRUCTIONS], 1):
        yield WordingRow(
            number=number,
            score=score,
            ci=intervals.get(number),
            parts=words[number - 1] if words else (),
            best=best if best and best.instruction == number else None,
            worst=worst if worst and worst.instruction == number else None,
        )


def _causes(scores: TaskScores) -> Sequence[Cause]:
    variance = scores.robustness.variance
    if variance is None:
        return ()
    shares = {"wording": variance.wording, "row": variance.row, "interaction": variance.interaction}
    segments = charts.stacked_bar([share.value or 0.0 for share in shares.values()])
    return [Cause(name, share, segment) for (name, share), segment in zip(shares.items(), segments, strict=True)]
