"""`mibench data`: prepare instances, and look at them."""

from pathlib import Path

import click

from mibench.cli.inputs import data_option, json_option


@click.group()
def data() -> None:
    """Prepare data from official files, list it, and look at it."""


@data.command()
@click.argument("tasks", nargs=-1, required=True, metavar="TASK...")
@click.option(
    "--raw",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The official files, or `mini` to write the drawn world.",
    required=True,
)
@click.option("--output", type=click.Path(path_type=Path), required=True, metavar="DIR", help="The prepared folder.")
@click.option("--seed", default=0, show_default=True, help="Seed of what the reader draws, as NLVR's permutations.")
@click.option("--permutations", type=click.Choice(["one", "all"]), default="one", show_default=True, help="NLVR only.")
def prepare(tasks: tuple[str, ...], raw: Path, output: Path, seed: int, permutations: str) -> None:
    """Read the official files of TASK... and write a prepared folder.

    \b
    Examples:
      mibench data prepare nlvr --raw nlvr --output data
      mibench data prepare task033_winogrande_answer_generation --raw natural-instructions --output data

    A task that the folder holds already is replaced; a failure leaves the folder as it was.
    """
    from mibench.cards import load_cards, select_cards
    from mibench.cli.progress import track
    from mibench.data.mini import prepare_mini
    from mibench.data.prepare import prepare_official
    from mibench.data.rows import ReaderOptions

    cards = select_cards(tasks, load_cards())
    if str(raw) == "mini":
        entries = prepare_mini(cards, output, seed=seed, watch=track("drawing the mini world")).manifest.tasks
    else:
        options = ReaderOptions(seed=seed, all_permutations=permutations == "all")
        entries = {card.name: prepare_official(card, raw, output, options) for card in track("reading")(cards)}
    for name, entry in entries.items():
        click.echo(f"{name}: {entry.rows} rows, {entry.digest}")


@data.command(name="list")
@data_option
@json_option
def list_data(data_choice: str, as_json: bool) -> None:
    """List what a prepared folder, or the mini world, holds."""
    import msgspec

    from mibench.cards import load_cards
    from mibench.cli.inputs import open_data, write_json
    from mibench.cli.tables import console, named_table

    manifest = open_data(data_choice, load_cards().values() if data_choice == "mini" else []).manifest
    if as_json:
        write_json(msgspec.to_builtins(manifest))
        return
    table = named_table("task", "rows", "source", "digest")
    for name, entry in manifest.tasks.items():
        table.add_row(name, str(entry.rows), entry.source, entry.digest[:19])
    console().print(table)


@data.command()
@click.argument("tasks", nargs=-1, metavar="[TASK]...")
@data_option
@click.option("--rows", type=click.IntRange(min=1), default=12, show_default=True, help="Instances a task.")
@click.option(
    "--output", type=click.Path(path_type=Path), default=Path("preview.html"), show_default=True, metavar="FILE"
)
def preview(tasks: tuple[str, ...], data_choice: str, rows: int, output: Path) -> None:
    """Write a contact sheet: pictures, first prompts and answers of TASK... on one HTML page."""
    from mibench.cards import load_cards, select_cards
    from mibench.cli.inputs import open_data
    from mibench.data.preview import write_preview

    cards = select_cards(tasks or None, load_cards())
    folder = open_data(data_choice, cards if tasks or data_choice == "mini" else [])
    held = [card for card in cards if card.name in folder.manifest.tasks]
    write_preview(held, folder, output, rows=rows)
    click.echo(str(output))
