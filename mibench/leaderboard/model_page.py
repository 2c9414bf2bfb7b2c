"""The page of one submission: everything that was scored, and how it came about."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from mibench.cards import TaskCard
from mibench.leaderboard import charts
from mibench.leaderboard.boards import WORLDS, wording
from mibench.leaderboard.entries import Entry
from mibench.leaderboard.pages import write_page
from mibench.leaderboard.sheet import Sheet
from mibench.scoring.report import Intervals, MetricScores

SUITES: Mapping[str, str] = {"multimodal": "Multimodal tasks", "nlp": "NLP tasks"}


class TaskRow(NamedTuple):
    """One task on the page of a submission; no wordings where the card has changed since."""

    card: TaskCard
    n: int
    primary: MetricScores
    others: Mapping[str, MetricScores]
    ci: Intervals
    at_chance: bool
    plot: charts.DotPlot
    wordings: Sequence[str]


def write_model_page(entry: Entry, sheet: Sheet, folder: Path, cards: Mapping[str, TaskCard], site: Path) -> None:
    """Write `submissions/<slug>.html`."""
    rows = [_task_row(entry, card) for name, card in cards.items() if name in entry.scores.tasks]
    suites = {title: [row for row in rows if row.card.suite == suite] for suite, title in SUITES.items()}
    about = entry.description
    board = f"{WORLDS[about.world]}, {wording(about.instructions)}, seed {about.seed}"
    write_page(
        site, f"submissions/{entry.slug}.html", "submission.html", entry=entry, suites=suites, sheet=sheet, board=board
    )


def _task_row(entry: Entry, card: TaskCard) -> TaskRow:
    task = entry.scores.tasks[card.name]
    primary = task.metrics[task.primary]
    same = entry.description.cards[card.name] == card.digest and entry.description.instructions == "builtin"
    return TaskRow(
        card=card,
        n=task.n,
        primary=primary,
        others={name: metric for name, metric in task.metrics.items() if name != task.primary},
        ci=primary.ci or Intervals(per_instruction=[]),
        at_chance=bool(task.at_chance),
        plot=charts.dot_plot(primary.per_instruction, primary.mean),
        wordings=card.instructions if same else (),
    )
