"""`mibench instructions`: sets of instructions other than the cards' own."""

from pathlib import Path

import click

from mibench.cli.inputs import json_option


@click.group()
def instructions() -> None:
    """Import the official instructions, and show instruction sets."""


@instructions.command(name="import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--output", type=click.Path(path_type=Path), metavar="SET.yaml", required=True, help="The set's file.")
@click.option("--name", help="The set's name.  [default: the output's]")
@json_option
def import_file(file: Path, output: Path, name: str | None, as_json: bool) -> None:
    """Import the official wording of the nine multimodal tasks.

    FILE is instruction_templates.py of the repository VT-NLP/MultiInstruct. It is read as text: nothing in it is run.
    What its prompts hold and the set cannot is told, and stands in the set's notes.

    \b
    Example:
      mibench instructions import MultiInstruct/instruction_templates.py --output official.yaml
    """
    from mibench.cards import load_cards
    from mibench.cli.inputs import write_json
    from mibench.instructions.importing import OFFICIAL_DIGEST, import_set
    from mibench.instructions.sets import write_set

    found = import_set(file, load_cards(), name or output.stem)
    write_set(output, found)
    official = found.digest == OFFICIAL_DIGEST
    if as_json:
        tasks = list(found.tasks)
        write_json(
            {"output": str(output), "digest": found.digest, "official": official, "tasks": tasks, "notes": found.notes}
        )
        return
    whose = "the wording of MultiInstruct 1.0" if official else "not the wording of MultiInstruct 1.0"
    click.echo(f"{output}: five instructions for each of {len(found.tasks)} tasks, {whose}\n{found.digest}")
    for note in found.notes:
        click.echo(f"note: {note}", err=True)


@instructions.command()
@click.argument("file", metavar="[SET]", type=click.Path(path_type=Path), required=False)
@click.option("--task", "tasks", metavar="A,B", help="Only these tasks or suites.")
@json_option
def show(file: Path | None, tasks: str | None, as_json: bool) -> None:
    """Show the instructions of the file SET, or those of the cards.

    A task that SET leaves out keeps its card's own, and is shown to do so.

    \b
    Examples:
      mibench instructions show --task nlvr
      mibench instructions show official.yaml
    """
    from mibench.cards import load_cards
    from mibench.cli.inputs import chosen_cards, write_json
    from mibench.instructions.sets import BUILTIN, read_set

    found = BUILTIN if file is None else read_set(file, load_cards())
    cards = chosen_cards(tasks, load_cards())
    own = found.left_to_cards(cards)
    if as_json:
        templates = {card.name: found.templates(card) for card in cards}
        write_json(
            {
                "name": found.name,
                "digest": found.digest,
                "source": found.source and found.source.model_dump(),
                "tasks": templates,
                "cards_own": own,
                "notes": found.notes,
            }
        )
        return
    for card in cards:
        whose = " (the card's own)" if file is not None and card.name in own else ""
        for number, template in enumerate(found.templates(card), 1):
            click.echo(f"{click.style(f'--- {card.name}, instruction {number}{whose}', dim=True)}\n{template}")
    click.echo(f"{found.name}: {found.digest}", err=True)
    for note in found.notes:
        click.echo(f"note: {note}", err=True)
