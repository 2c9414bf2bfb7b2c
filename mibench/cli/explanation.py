"""`mibench score --explain`: how far each number can be believed, and what it depends on."""

from collections.abc import Mapping

from rich.table import Table

from mibench.cli.tables import bounds, console, named_table, number, say
from mibench.scoring.report import InterTask, Scores, Share, TaskScores, Wording


def print_explanation(scores: Scores) -> None:
    """Print the intervals, what the wording does, and what the Sensitivity depends on."""
    out = console()
    for title, table in (
        ("Scores with 95 % intervals, and what guessing would give", _scores(scores)),
        ('What the wording does to the score; "noise?": sampling alone could have done it', _spreads(scores)),
        (
            "What decides single scores, in shares of their variance; how many rows are answered alike",
            _rows(scores.tasks),
        ),
        ("The best and the worst wording", _wordings(scores.tasks)),
        ("Sensitivity with fewer wordings or more, and std without its small-sample bias", _by_wordings(scores)),
    ):
        out.print(title, table, sep="\n", highlight=False)
    if scores.summary.inter_task:
        table = _inter_task(scores.summary.inter_task)
        out.print("Sensitivity without one task, or one cluster of tasks", table, sep="\n", highlight=False)
    for note, names in _notes(scores.tasks).items():
        say(out, f"{', '.join(names)}: {note}")
    say(out, "What each number means, and when it misleads: docs/scores.md")


def _scores(scores: Scores) -> Table:
    table = named_table("task", numbers=["groups", "mean", "interval", "chance", ""])
    for name, task in scores.tasks.items():
        found = task.metrics[task.primary]
        interval = bounds(found.ci.mean if found.ci else None)
        beside = "at chance" if task.at_chance else ""
        table.add_row(name, str(task.groups), number(found.mean), interval, number(task.chance), beside)
    table.add_section()
    table.add_row("aggregate", "", number(scores.summary.aggregate.mean), bounds(scores.summary.ci.aggregate.mean))
    return table


def _spreads(scores: Scores) -> Table:
    table = named_table("task", numbers=["std", "noise", "Sensitivity", "interval", ""])
    for name, task in scores.tasks.items():
        found, ci = task.metrics[task.primary], task.metrics[task.primary].ci
        std, sensitivity = (ci.std, ci.sensitivity) if ci else (None, None)
        doubt = "noise?" if std and std.shown[0] <= 0 else ""
        spread = (number(found.std), number(found.std_noise), number(found.sensitivity))
        table.add_row(name, *spread, bounds(sensitivity), doubt)
    table.add_section()
    summary = scores.summary
    table.add_row("all multimodal", "", "", number(summary.sensitivity), bounds(summary.ci.sensitivity))
    return table


def _rows(tasks: Mapping[str, TaskScores]) -> Table:
    table = named_table("task", numbers=["wording %", "row %", "interaction %", "alike %", "kappa"])
    for name, task in tasks.items():
        found, variance = task.robustness, task.robustness.variance
        shares = (variance.wording, variance.row, variance.interaction) if variance else (None, None, None)
        table.add_row(name, *map(_percent, shares), _percent(found.consistency), number(found.kappa))
    return table


def _percent(share: Share | None) -> str:
    return "–" if share is None or share.value is None else f"{100 * share.value:.1f}"


def _wordings(tasks: Mapping[str, TaskScores]) -> Table:
    table = named_table("task", numbers=["best", "interval", "worst", "interval"])
    for name, task in tasks.items():
        best, worst = task.robustness.best, task.robustness.worst
        if best and worst and best.score == worst.score:
            table.add_row(name, "all alike")
        else:
            table.add_row(name, *_wording(best), *_wording(worst))
    return table


def _wording(found: Wording | None) -> tuple[str, str]:
    return ("–", "–") if found is None else (f"{found.instruction}: {found.score:.2f}", bounds(found.ci))


def _by_wordings(scores: Scores) -> Table:
    rows = {name: task.robustness.sensitivity_by_wordings for name, task in scores.tasks.items()}
    rows["all multimodal"] = scores.summary.sensitivity_by_wordings
    counts = list(dict.fromkeys(count for row in rows.values() for count in row))
    table = named_table("task", numbers=[*counts, "corrected std"])
    for name, row in rows.items():
        task = scores.tasks.get(name)
        std = number(task.metrics[task.primary].std_corrected) if task else ""
        table.add_row(name, *(number(row.get(count)) for count in counts), std)
    return table


def _inter_task(found: InterTask) -> Table:
    table = named_table("without", numbers=["Sensitivity"])
    for part in (found.tasks, found.clusters):
        for name, value in part.without.items():
            table.add_row(name, number(value))
        table.add_row("(standard error)", number(part.standard_error))
        table.add_section()
    return table


def _notes(tasks: Mapping[str, TaskScores]) -> dict[str, list[str]]:
    """Return the tasks of which each note is true."""
    found: dict[str, list[str]] = {}
    for name, task in tasks.items():
        for note in (*task.metrics[task.primary].notes, *task.robustness.notes):
            found.setdefault(note, []).append(name)
    return found
