"""Score tables for people."""

from rich.console import Console
from rich.table import Table

from mibench.scoring.report import Scores

WIDTH = 130
"""Columns where stdout is not a terminal."""


def console() -> Console:
    """Return the console for results."""
    found = Console()
    return found if found.is_terminal else Console(width=WIDTH)


def print_scores(scores: Scores) -> None:
    """Print the primary metric of each task, the summary and what is missing from it."""
    table = Table(title="Scores, 0 to 100", title_justify="left")
    for heading in ("task", "metric"):
        table.add_column(heading, no_wrap=True)
    for heading in ("rows", "1", "2", "3", "4", "5", "mean", "max", "std", "Sensitivity"):
        table.add_column(heading, justify="right", no_wrap=True)
    for name, task in scores.tasks.items():
        found = task.metrics[task.primary]
        row = [*map(number, found.per_instruction), number(found.mean), number(found.max), number(found.std)]
        table.add_row(name, task.primary, str(task.n), *row, number(found.sensitivity))
    summary, out = scores.summary, console()
    out.print(table)
    out.print(
        f"aggregate {number(summary.aggregate.mean)} (best wording of each task {number(summary.aggregate.max)}), "
        f"Sensitivity {number(summary.sensitivity)}, NLP {number(summary.nlp.mean)}",
        highlight=False,
    )
    for note in summary.notes:
        out.print(note, highlight=False, markup=False)
    out.print(scores.signature, style="dim", highlight=False, markup=False, soft_wrap=True)


def number(value: float | None) -> str:
    """Return a score with two decimals, or a dash where it is undefined."""
    return "–" if value is None else f"{value:.2f}"
