"""Options and inputs that several verbs share."""

import logging
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from mibench.errors import InputError

if TYPE_CHECKING:
    from mibench.cards import TaskCard
    from mibench.data.store import DataFolder
    from mibench.instructions.sets import InstructionSet
    from mibench.submissions.reading import Submission

Command = TypeVar("Command", bound=Callable[..., Any])

_log = logging.getLogger(__name__)


def data_option(command: Command) -> Command:
    """Add `--data`."""
    text = "The data: `mini`, the drawn world in the box, or a folder that 'mibench data prepare' wrote."
    return click.option("--data", "data_choice", default="mini", show_default=True, metavar="mini|DIR", help=text)(
        command
    )


def json_option(command: Command) -> Command:
    """Add `--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")(command)


def open_weights_option(command: Command) -> Command:
    """Add `--open-weights` and its contrary."""
    text = "Whether anybody can get the model's weights.  [default: not said]"
    return click.option("--open-weights/--closed-weights", default=None, help=text)(command)


def instructions_option(command: Command) -> Command:
    """Add `--instructions` for a set alone."""
    kind = click.Path(exists=True, dir_okay=False, path_type=Path)
    text = "A set that 'mibench instructions import' wrote.  [default: the cards' own words]"
    return click.option("--instructions", "set_file", type=kind, metavar="FILE", help=text)(command)


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


def read_instructions(
    file: Path | None, known: "Mapping[str, TaskCard]", cards: "Sequence[TaskCard]", *, must_word: bool = True
) -> "tuple[InstructionSet, Sequence[str]]":
    """Return the set in a file and the tasks among these that it leaves to the words of their cards, and tell these.

    Without a file, it is the set of the cards' own words, which leaves out nothing.

    Raises:
        InputError: the set is faulty, or it must word one of these tasks and words none.

    """
    from mibench.instructions.sets import BUILTIN, read_set

    if file is None:
        return BUILTIN, ()
    found = read_set(file, known)
    own = found.left_to_cards(cards)
    if must_word and len(own) == len(cards):
        raise InputError("words none of these tasks", file=file, remedy="choose other tasks, or another set")
    if own:
        _log.info("asked in the words of their cards: %s", ", ".join(own))
    return found, own


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
    if choice == "mini" and description.world != "mini":
        remedy = "give --data the folder it was run on"
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
