"""`mibench analyze`: what a model looks at."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mibench.cli.inputs import data_option, json_option
from mibench.errors import InputError

if TYPE_CHECKING:
    from mibench.analysis.shares import Change, RegionShares, Report, Share


@click.group()
def analyze() -> None:
    """Look into a model."""


@analyze.command()
@click.argument("model")
@click.argument("model2", required=False)
@click.option("--tasks", metavar="A,B", help="Tasks or suites (multimodal, nlp).  [default: the benchmark]")
@data_option
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Only the first N instances a task.")
@click.option("--device", default="auto", show_default=True, help="Where the models run: auto, cpu, cuda, cuda:1, mps.")
@click.option(
    "--output", type=click.Path(path_type=Path), metavar="DIR", help="A folder for a page with charts and heat maps."
)
@json_option
def attention(
    model: str,
    model2: str | None,
    tasks: str | None,
    data_choice: str,
    limit: int | None,
    device: str,
    output: Path | None,
    as_json: bool,
) -> None:
    """Tell how much of OFA's attention falls on the instruction, the input fields, the options and the picture.

    MODEL is the folder of an OFA model, ofa-mini:base, ofa-mini:tuned, or a submission that one of these answered. A
    second one, as the tuned model after the base model, is compared with it. Each model answers greedily under all
    five wordings; then the cross-attention of its decoder is read, by layer and by step of the answer.

    \b
    Examples:
      mibench analyze attention ofa-mini:base ofa-mini:tuned --output attention
      mibench analyze attention ofa-base --tasks nlvr --limit 20
      mibench analyze attention ofa-base ofa-tuned --output attention
    """
    from mibench.cli.inputs import chosen_cards, known_cards, open_data, write_json
    from mibench.cli.progress import track_rows

    try:
        from mibench.analysis.asking import analyse
        from mibench.analysis.attention import AttentiveOFA
        from mibench.analysis.model_folder import model_folder, settings_of
        from mibench.analysis.page import check_output, write_pages
    except ImportError as error:
        raise InputError(f"this needs {error.name or error}", remedy="pip install 'mibench[models]'") from None

    if output is not None:
        check_output(output)
    folders = [model_folder(text) for text in (model, model2) if text is not None]
    cards = chosen_cards(tasks, known_cards(data_choice))
    models = {
        name: AttentiveOFA(folder, device, **settings_of(folder))
        for name, folder in zip(_names(folders), folders, strict=True)
    }
    data = open_data(data_choice, cards)
    found, examples = analyse(models, cards, data, limit=limit, watch=track_rows("prompts"))
    if output is not None:
        write_pages(output, found, examples, cards, data)
    if as_json:
        write_json(found)
    else:
        _print_report(found)


def _names(folders: Sequence[Path]) -> list[str]:
    """Return a name for each model: its folder's, or as much of the path as tells two apart."""
    short = [folder.resolve().name for folder in folders]
    if len({*short}) == len(short):
        return short
    whole = [str(folder) for folder in folders]
    return whole if len({*whole}) == len(whole) else [f"{name} ({number})" for number, name in enumerate(short, 1)]


def _print_report(found: "Report") -> None:
    from mibench.cli.tables import console, say

    out = console()
    present = {
        task: [region for region, one in shares.models[0].regions.items() if one.even]
        for task, shares in found.tasks.items()
    }
    for place, name in enumerate(found.models):
        say(out, f"Cross-attention of {name}, percent: mean over rows, wordings, heads and steps of the answer")
        regions = {task: found.tasks[task].models[place].regions for task in present}
        _print_table({task: {name: regions[task][name] for name in names} for task, names in present.items()})
    if found.hypothesis is not None:
        first, second = found.models
        say(out, f"{second} less {first}, points")
        changes = {task: shares.change for task, shares in found.tasks.items()}
        _print_table({task: {name: changes[task][name] for name in names} for task, names in present.items()})
        difference = _with_interval(found.hypothesis.difference)
        say(out, f'"{found.hypothesis.statement}": {found.hypothesis.verdict}, {difference} points over all tasks')


def _print_table(rows: "Mapping[str, Mapping[str, RegionShares | Change]]") -> None:
    """Print a line for each task and region; single layers where there is room for them."""
    from mibench.analysis.shares import RegionShares
    from mibench.cli.tables import WIDE, console, named_table

    out = console()
    found = [(task, region, one) for task, regions in rows.items() for region, one in regions.items()]
    layers = len(found[0][2].layers) if out.width >= WIDE else 0
    even = ["even"] if isinstance(found[0][2], RegionShares) else []
    table = named_table(
        "task", "region", numbers=[*even, "mean", "95 % interval", *(f"L{layer + 1}" for layer in range(layers))]
    )
    for task, region, one in found:
        spread = [_percent(one.even)] if isinstance(one, RegionShares) else []
        single = [_percent(layer.value) for layer in one.layers[:layers]]
        name = task if region == next(iter(rows[task])) else ""
        table.add_row(name, region, *spread, _percent(one.mean.value), _interval(one.mean), *single)
    out.print(table, highlight=False)


def _with_interval(share: "Share") -> str:
    return f"{_percent(share.value)} (95 % interval {_interval(share)})"


def _interval(share: "Share") -> str:
    return "–" if share.ci is None else " to ".join(map(_percent, share.ci))


def _percent(share: float) -> str:
    return f"{round(100 * share, 1) + 0.0:.1f}"
