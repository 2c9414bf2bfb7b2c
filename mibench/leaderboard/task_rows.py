"""A submission's cells in the table of each task: its part of the tasks' pages."""

from collections.abc import Iterable

from mibench.cards import INSTRUCTIONS, TaskCard
from mibench.leaderboard import charts
from mibench.leaderboard.entries import Entry
from mibench.leaderboard.pages import render
from mibench.leaderboard.sheet import Sheet
from mibench.scoring.report import TaskScores


def render_task_rows(entry: Entry, sheet: Sheet, cards: Iterable[TaskCard]) -> dict[str, str]:
    """Return the cells by task, HTML, for those of the tasks that were scored."""
    return {
        card.name: render("task_row.html", sheet=sheet, card=card, scores=scores, plot=task_plot(scores))
        for card in cards
        if (scores := entry.scores.tasks.get(card.name))
    }


def task_plot(scores: TaskScores) -> charts.DotPlot:
    """Lay out the wordings of a task with the interval of their mean and what guessing scores."""
    primary = scores.metrics[scores.primary]
    interval = primary.ci.mean.shown if primary.ci and primary.ci.mean else None
    return charts.dot_plot(
        primary.per_instruction[:INSTRUCTIONS], primary.mean, interval=interval, chance=scores.chance
    )
