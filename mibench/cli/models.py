"""`mibench models`: what can answer, and OFA checkpoints into a form that loads without running anything."""

from importlib.metadata import EntryPoint
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mibench.cli.inputs import json_option
from mibench.errors import InputError

if TYPE_CHECKING:
    from mibench.ofa.conversion import Report

_STEPS = 4


@click.group()
def models() -> None:
    """List the models, and convert OFA checkpoints."""


@models.command()
@click.argument("checkpoint", type=click.Path(path_type=Path))
@click.argument("output", type=click.Path(path_type=Path), metavar="OUT")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="A setting that goes before the checkpoint's, as disable_entangle=true; may be given again.",
)
@click.option(
    "--tokenizer",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The folder of vocab.json and merges.txt.  [default: the checkpoint's own]",
)
@click.option("--drop-unexpected", is_flag=True, help="Leave out tensors that the model has no place for.")
@json_option
def convert(
    checkpoint: Path,
    output: Path,
    settings: tuple[str, ...],
    tokenizer: Path | None,
    drop_unexpected: bool,
    as_json: bool,
) -> None:
    """Convert an OFA checkpoint to the folder OUT: model.safetensors, config.json and the tokenizer's files.

    CHECKPOINT is fairseq's .pt of any size, or a Hugging Face folder (config.json with pytorch_model.bin or
    model.safetensors). Nothing in it is run: both are pickles, and what they name becomes data.

    \b
    Examples:
      mibench models convert OFA-base ofa-base
      mibench models convert ofa_base.pt ofa-base --tokenizer OFA-base
      mibench models convert state.pt ofa-base --tokenizer OFA-base \\
        --set disable_entangle=true --set entangle_position_embedding=false \\
        --set no_scale_embedding=true --set attn_scale_factor=2

    Sizes are read from the tensors; what no tensor tells, from the checkpoint's arguments. A setting that neither
    tells is asked for by name. A weight that is missing or has the wrong shape stops the conversion, and OUT is
    written whole or not at all.
    """
    from mibench.cli.inputs import write_json
    from mibench.cli.progress import progress
    from mibench.ofa.conversion import convert as convert_checkpoint
    from mibench.ofa.conversion import parse_overrides

    overrides = parse_overrides(settings)
    with progress() as display:
        bar = display.add_task("converting", total=_STEPS, rate="", completed=-1)

        def watch(step: str) -> None:
            display.update(bar, description=step, advance=1)

        try:
            report = convert_checkpoint(
                checkpoint, output, overrides, tokenizer=tokenizer, drop_unexpected=drop_unexpected, watch=watch
            )
        except ImportError as error:
            raise InputError(
                f"conversion needs {error.name or error}", remedy="pip install 'mibench[models]'"
            ) from None
    if as_json:
        write_json({"output": str(output), **_plain(report)})
    else:
        _print_report(report, output)


def _plain(report: "Report") -> dict[str, object]:
    from dataclasses import asdict

    return asdict(report)


def _print_report(report: "Report", output: Path) -> None:
    precisions = ", ".join(f"{count} {name}" for name, count in sorted(report.precisions.items()))
    click.echo(f"{output}: OFA {report.size}, {report.parameters:,} numbers in {report.tensors} tensors ({precisions})")
    click.echo(f"from a {report.form} checkpoint; {len(report.dropped)} buffers and copies left out")
    for key in ("entangle_position_embedding", "entangle_decoder_positions", "scale_embedding", "attn_scale_factor"):
        click.echo(f"  {key} {str(report.config[key]).lower()}")
    for name in report.unexpected:
        click.echo(f"left out: {name}")
    for note in report.notes:
        click.echo(f"note: {note}", err=True)


@models.command(name="list")
@json_option
def list_models(as_json: bool) -> None:
    """List the adapters that `--model` takes, and the sizes of OFA."""
    from dataclasses import asdict

    from mibench.cli.inputs import write_json
    from mibench.cli.tables import console, named_table
    from mibench.ofa.sizes import SIZES

    adapters = _adapters()
    if as_json:
        write_json({"adapters": adapters, "ofa": {name: asdict(size) for name, size in SIZES.items()}})
        return
    table = named_table("adapter", "what it does")
    for name, text in adapters.items():
        table.add_row(name, text)
    sizes = named_table("OFA", "trunk", numbers=["width", "feed-forward", "layers", "heads"])
    for name, size in SIZES.items():
        layers = "{}+{}".format(*size.layers)
        sizes.add_row(name, size.trunk, str(size.d_model), str(size.ffn), layers, str(size.heads))
    out = console()
    out.print(table)
    out.print(sizes)


def _adapters() -> dict[str, str]:
    from importlib.metadata import entry_points

    from mibench.adapters.base import GROUP, adapter_names

    return {name: _summary(next(iter(entry_points(group=GROUP, name=name)))) for name in adapter_names()}


def _summary(entry: EntryPoint) -> str:
    """Return the first line of what an adapter says of itself."""
    import inspect

    try:
        text = inspect.getdoc(entry.load()) or ""
    except ImportError as error:
        return f"needs {error.name or error}"
    except AttributeError:
        return f"is not at {entry.value}"
    return text.partition("\n")[0]
