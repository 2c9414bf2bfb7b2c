"""Score tables for people."""

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table

from mibench.scoring.report import Interval, Scores

WIDTH = 160
"""Columns where stdout is not a terminal: enough for the longest name and all numbers."""
WIDE = 120
"""Columns below which a terminal is shown no single wordings."""


def console() -> Console:
    """Return the console for results."""
    found = Console()
    return found if found.is_terminal else Console(width=WIDTH)


def say(out: Console, text: str) -> None:
    """Print a sentence as it is, in one line however long."""
    out.print(text, highlight=False, markup=False, soft_wrap=True)


def named_table(*headings: str, numbers: Sequence[str] = ()) -> Table:
    """Return a table whose first column holds names: whole in a file, folded on a narrow terminal, never cut.

    Args:
        headings: of columns of text, the names' first.
        numbers: headings of the columns of numbers that follow.

    """
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column(headings[0], overflow="fold", min_width=16, no_wrap=not console().is_terminal)
    for heading in headings[1:]:
        table.add_column(heading)
    for heading in numbers:
        table.add_column(heading, justify="right", no_wrap=True)
    return table


def print_scores(scores: Scores) -> None:
    """Print the primary metric of each task, the summary and what is missing from it."""
    out = console()
    wordings = ["1", "2", "3", "4", "5"] if out.width >= WIDE else []
    table = named_table("task", numbers=["metric", "rows", *wordings, "mean", "max", "std", "Sensitivity"])
    for name, task in scores.tasks.items():
        found = task.metrics[task.primary]
        values = [*(found.per_instruction if wordings else []), found.mean, found.max, found.std, found.sensitivity]
        table.add_row(name, task.primary, str(task.n), *map(number, values))
    out.print("Scores, 0 to 100", table, sep="\n", highlight=False)
    summary = scores.summary
    out.print(
        f"aggregate {number(summary.aggregate.mean)} (best wording of each task {number(summary.aggregate.max)}), "
        f"Sensitivity {number(summary.sensitivity)}, NLP {number(summary.nlp.mean)}",
        highlight=False,
    )
    for note in summary.notes:
        say(out, note)
    out.print(scores.signature, style="dim", highlight=False, markup=False, soft_wrap=True)


def number(value: float | None) -> str:
    """Return a score with two decimals, or a dash where it is undefined."""
    return "–" if value is None else f"{round(value, 2) + 0.0:.2f}"


def bounds(found: Interval | None) -> str:
    """Return an interval with two decimals, or a dash where there is none."""
    return "–" if found is None else "{:.2f} to {:.2f}".format(*found.shown)
