"""A comparison for people."""

from collections.abc import Mapping

from rich.markup import escape
from rich.table import Table

from mibench.cli.tables import bounds, console, named_table, number, say
from mibench.scoring.comparison import Comparison, Pair, Rank


def print_comparison(found: Comparison) -> None:
    """Print the ranks where there are three or more submissions, and each two with their verdict."""
    out = console()
    for note in found.notes:
        say(out, note)
    if len(found.submissions) > 2:
        aggregates = {standing.name: standing.aggregate for standing in found.submissions}
        sensitivities = {standing.name: standing.sensitivity for standing in found.submissions}
        out.print("Ranks, with 95 % intervals", _ranks("aggregate", aggregates), sep="\n", highlight=False)
        out.print(_ranks("Sensitivity", sensitivities), highlight=False)
    for pair in found.pairs:
        say(out, f"Scores: {pair.first} minus {pair.second}")
        out.print(_means(pair), highlight=False)
        say(out, f"Sensitivity: {pair.first} minus {pair.second}; below 0, the first moves less with the wording")
        out.print(_sensitivities(pair), highlight=False)
        say(out, pair.verdict)
        if pair.flips is not None:
            share = f"{100 * pair.flips:.1f} %"
            say(out, f"One wording for each task, drawn at random, would reverse their order in {share} of draws.\n")


def _ranks(what: str, ranks: Mapping[str, Rank]) -> Table:
    table = named_table("submission", numbers=[what, "interval", "rank", "ranks"])
    for name, found in ranks.items():
        rank = "–" if found.rank is None else str(found.rank)
        interval = "–" if found.interval is None else "{}-{}".format(*found.interval)
        table.add_row(escape(name), number(found.value), bounds(found.ci), rank, interval)
    return table


def _means(pair: Pair) -> Table:
    table = named_table("task", numbers=["difference", "interval", "p", "p (Holm)", "flips"])
    for name, task in pair.tasks.items():
        mean, flips = task.mean, "–" if task.flips is None else f"{100 * task.flips:.0f} %"
        table.add_row(name, number(mean.value), bounds(mean.ci), p_value(mean.p), p_value(mean.p_holm), flips)
    table.add_section()
    table.add_row("aggregate", number(pair.aggregate.value), bounds(pair.aggregate.ci), p_value(pair.aggregate.p))
    return table


def _sensitivities(pair: Pair) -> Table:
    table = named_table("task", numbers=["difference", "interval"])
    for name, task in pair.tasks.items():
        table.add_row(name, number(task.sensitivity.value), bounds(task.sensitivity.ci))
    table.add_section()
    table.add_row("all multimodal", number(pair.sensitivity.value), bounds(pair.sensitivity.ci))
    return table


def p_value(found: float | None) -> str:
    """Return a p-value with four decimals, or a dash where there is none."""
    return "–" if found is None else f"{found:.4f}"
