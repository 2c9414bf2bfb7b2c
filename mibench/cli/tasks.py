"""`mibench tasks`: the cards."""

from pathlib import Path

import click

from mibench.cli.inputs import data_option, instructions_option, json_option


@click.group()
def tasks() -> None:
    """List, show, check and begin task cards."""


@tasks.command(name="list")
@json_option
def list_tasks(as_json: bool) -> None:
    """List all tasks."""
    from mibench.cards import load_cards
    from mibench.cli.inputs import write_json
    from mibench.cli.tables import console, named_table

    cards = load_cards().values()
    if as_json:
        write_json([card.model_dump(mode="json") for card in cards])
        return
    table = named_table("task", "suite", "cluster", "answer", "metric", "licence")
    for card in cards:
        table.add_row(card.name, card.suite, card.cluster, card.answer.kind, card.primary_metric, card.source.license)
    console().print(table)


@tasks.command()
@click.argument("name")
@click.option("--instance", metavar="ID", help="Show the five prompts of one instance, as a model reads them.")
@click.option("--seed", default=0, show_default=True, help="Seed of the order in which options are shown.")
@instructions_option
@data_option
@json_option
def show(name: str, instance: str | None, seed: int, set_file: Path | None, data_choice: str, as_json: bool) -> None:
    """Show the card of task NAME, or the prompts of one of its instances, in the words of a set where one is given.

    \b
    Examples:
      mibench tasks show nlvr
      mibench tasks show nlvr --instance test-1406-1-4 --data data
      mibench tasks show nlvr --instance test-1406-1-4 --data data --instructions official.yaml
    """
    from mibench.cards import select_cards
    from mibench.cli.inputs import known_cards, open_data, read_instructions, write_json
    from mibench.errors import InputError
    from mibench.prompts import render_request

    known = known_cards(data_choice)
    card = select_cards([name], known)[0]
    card = read_instructions(set_file, known, [card], must_word=False)[0].worded(card)
    if instance is None:
        if as_json:
            write_json(card.model_dump(mode="json"))
        else:
            click.echo(_card_text(card.model_dump(mode="json", exclude_none=True)), nl=False)
        return
    data = open_data(data_choice, [card])
    found = next((row for row in data.instances(card.name) if row.id == instance), None)
    if found is None:
        example = next(data.instances(card.name)).id
        raise InputError(f"no instance {instance!r} of {card.name} in this data", remedy=f"as {example}")
    numbers = range(1, len(card.instructions) + 1)
    prompts = [render_request(card, found, number, seed=seed).prompt for number in numbers]
    if as_json:
        write_json(prompts)
        return
    for number, prompt in zip(numbers, prompts, strict=True):
        click.echo(f"{click.style(f'--- instruction {number}', dim=True)}\n{prompt}")


def _card_text(card: dict[str, object]) -> str:
    import yaml

    text: str = yaml.safe_dump(card, sort_keys=False, allow_unicode=True, width=100)
    return text


@tasks.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
def check(files: tuple[Path, ...]) -> None:
    """Check card FILES, or all built-in cards: every fault with file, line and remedy.

    Exit status 1 if there are any.
    """
    from mibench.cards import card_files, check_card
    from mibench.data.mini import generator_names
    from mibench.metrics import METRICS

    paths = files or tuple(card_files())
    known = {"metrics": METRICS.keys(), "data.mini": generator_names()}
    faults = [fault for path in paths for fault in check_card(path, known)[1]]
    for fault in faults:
        click.echo(str(fault))
    click.echo(f"{len(paths)} cards, {len(faults)} faults", err=True)
    if faults:
        raise SystemExit(1)


@tasks.command()
@click.argument("name")
@click.option(
    "--kind",
    type=click.Choice(["choice", "text", "region"]),
    default="choice",
    show_default=True,
    help="The answer: one of some options, free text, or one of some boxes in the picture.",
)
@click.option(
    "--output", type=click.Path(path_type=Path), required=True, metavar="FILE", help="The new card, named NAME.yaml."
)
def new(name: str, kind: str, output: Path) -> None:
    """Begin a task of your own: write a card that loads and tells what each key means.

    \b
    Example:
      mibench tasks new weather --kind choice --output weather.yaml

    The file is never overwritten.
    """
    import re

    from mibench.cards import NAME, RESERVED, load_cards
    from mibench.cli.skeleton import skeleton
    from mibench.errors import InputError

    if not re.fullmatch(NAME, name):
        raise InputError(f"{name!r} is no name for a task", remedy="small letters, digits and underscores")
    if name in {*load_cards(), *RESERVED}:
        raise InputError(f"the name {name!r} is taken by the benchmark", remedy="choose another one")
    if output.name != f"{name}.yaml":
        raise InputError("a card's file is named as its task", file=output, remedy=f"--output {name}.yaml")
    try:
        with output.open("x", encoding="utf-8") as file:
            file.write(skeleton(name, kind))
    except FileExistsError:
        raise InputError("exists already", file=output, remedy="choose another name, or edit it") from None
    click.echo(str(output))
