"""Options and inputs that several verbs share."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from mibench.errors import InputError

if TYPE_CHECKING:
    from mibench.cards import TaskCard
    from mibench.data.store import DataFolder
    from mibench.submissions.reading import Submission

Command = TypeVar("Command", bound=Callable[..., Any])


def data_option(command: Command) -> Command:
    """Add `--data`."""
    text = "The data: `mini`, the drawn world in the box, or a folder that 'mibench data prepare' wrote."
    return click.option("--data", "data_choice", default="mini", show_default=True, metavar="mini|DIR", help=text)(
        command
    )


def json_option(command: Command) -> Command:
    """Add `--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")(command)


def known_cards(choice: str) -> "Mapping[str, TaskCard]":
    """Return the built-in cards, and after them those of own tasks that travel with the chosen data."""
    from mibench.cards import load_cards
    from mibench.data.store import DataFolder

    return load_cards() if choice == "mini" else {**load_cards(), **DataFolder(Path(choice)).cards()}


def chosen_cards(names: str | None, known: "Mapping[str, TaskCard]") -> "Sequence[TaskCard]":
    """Return the cards that a comma-separated list names; the whole benchmark where there is none."""
    from mibench.cards import load_cards, select_cards

    wanted = None if names is None else [name.strip() for name in names.split(",") if name.strip()]
    if wanted == []:
        raise InputError("--tasks names no task", remedy="'mibench tasks list' prints the names")
    return select_cards(wanted, load_cards() if wanted is None else known)


def open_data(choice: str, cards: "Iterable[TaskCard]") -> "DataFolder":
    """Open the data of these tasks; the mini world is made where the cache does not hold it yet."""
    from mibench.cli.progress import track
    from mibench.data.mini import prepare_mini
    from mibench.data.store import DataFolder

    if choice == "mini":
        return prepare_mini(cards, watch=track("drawing the mini world"))
    folder = DataFolder(Path(choice))
    for card in cards:
        folder.entry(card.name)
    return folder


def open_submission(folder: Path, choice: str) -> "Submission":
    """Open a submission folder beside the known cards and the chosen data."""
    from mibench.submissions.description import FILE_NAME, read_description
    from mibench.submissions.reading import Submission

    description = read_description(folder)
    if (description.world == "mini") != (choice == "mini"):
        remedy = "leave --data out" if description.world == "mini" else "give --data the folder it was run on"
        raise InputError(f"answers the {description.world} world", file=folder / FILE_NAME, remedy=remedy)
    cards = known_cards(choice)
    described = [card for name, card in cards.items() if name in description.cards]
    return Submission(folder, description, cards, open_data(choice, described))


def slug(name: str) -> str:
    """Return a name as a folder would be called."""
    return re.sub(r"[^a-z0-9._]+", "-", name.lower()).strip("-.") or "submission"


def write_json(value: object) -> None:
    """Print a value as JSON."""
    import msgspec

    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())
