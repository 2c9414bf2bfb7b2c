"""A comparison for people."""

from collections.abc import Mapping

from rich.table import Table

from mibench.cli.tables import bounds, console, named_table, number, say
from mibench.scoring.comparison import Comparison, Difference, Pair, Rank, TaskComparison


def print_comparison(found: Comparison) -> None:
    """Print the ranks where there are three or more submissions, and each two with their verdict."""
    out = console()
    if len(found.submissions) > 2:
        aggregates = {standing.name: standing.aggregate for standing in found.submissions}
        sensitivities = {standing.name: standing.sensitivity for standing in found.submissions}
        out.print("Ranks, with 95 % intervals", _ranks("aggregate", aggregates), sep="\n", highlight=False)
        out.print(_ranks("Sensitivity", sensitivities), highlight=False)
    for pair in found.pairs:
        say(out, f"{pair.first} minus {pair.second}: scores, then Sensitivity")
        out.print(_means(pair), _sensitivities(pair), sep="\n", highlight=False)
        say(out, pair.verdict)
        if pair.flips is not None:
            share = f"{100 * pair.flips:.1f} %"
            say(out, f"One wording for each task, drawn at random, would reverse their order in {share} of draws.\n")
    for note in found.notes:
        say(out, note)


def _ranks(what: str, ranks: Mapping[str, Rank]) -> Table:
    table = named_table("submission", numbers=[what, "interval", "rank", "ranks"])
    for name, found in ranks.items():
        rank = "–" if found.rank is None else str(found.rank)
        interval = "–" if found.interval is None else "{}-{}".format(*found.interval)
        table.add_row(name, number(found.value), bounds(found.ci), rank, interval)
    return table


def _means(pair: Pair) -> Table:
    table = named_table("task", numbers=["difference", "interval", "p", "p (Holm)", "flips"])
    for name, task in pair.tasks.items():
        table.add_row(name, *_difference(task.mean), p_value(task.mean.p_holm), _flips(task))
    table.add_section()
    table.add_row("aggregate", *_difference(pair.aggregate))
    return table


def _sensitivities(pair: Pair) -> Table:
    table = named_table("task", numbers=["Sensitivity", "interval", "p", "p (Holm)"])
    for name, task in pair.tasks.items():
        table.add_row(name, *_difference(task.sensitivity), p_value(task.sensitivity.p_holm))
    table.add_section()
    table.add_row("all multimodal", *_difference(pair.sensitivity))
    return table


def _difference(found: Difference) -> tuple[str, str, str]:
    return number(found.value), bounds(found.ci), p_value(found.p)


def _flips(task: TaskComparison) -> str:
    return "–" if task.flips is None else f"{100 * task.flips:.0f} %"


def p_value(found: float | None) -> str:
    """Return a p-value with four decimals, or a dash where there is none."""
    return "–" if found is None else f"{found:.4f}"
