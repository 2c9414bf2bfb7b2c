"""`mibench data`: prepare instances, check and describe them, and look at them."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mibench.cli.inputs import data_option, json_option

if TYPE_CHECKING:
    from mibench.cards import TaskCard
    from mibench.data.rows import ReaderOptions
    from mibench.data.store import DataFolder, TaskEntry

ALL = "all"
STATISTICS = "statistics.json"


@click.group()
def data() -> None:
    """Prepare data from official files, check it, and look at it."""


@data.command()
@click.argument("tasks", nargs=-1, required=True, metavar="TASK...")
@click.option(
    "--output", type=click.Path(path_type=Path), required=True, metavar="RAW", help="Holds a folder a data set."
)
@click.option("--accept-licence", "--accept-license", "accepted", is_flag=True, help="Accept the licences shown.")
@click.pass_context
def download(ctx: click.Context, tasks: tuple[str, ...], output: Path, accepted: bool) -> None:
    """Fetch the official files of TASK... from their owners.

    \b
    Examples:
      mibench data download nlvr --output raw
      mibench data download nlvr visual_dialogue --output raw --accept-licence
      mibench data prepare nlvr visual_dialogue --raw raw --output data

    The licences are shown first, and nothing is fetched before they are accepted. What was fetched in part is
    continued. Exit status: 0 all is there, 1 some files must be got by hand, as printed, 2 a file cannot be had.
    """
    from mibench.cards import load_cards, select_cards
    from mibench.cli.progress import track_bytes
    from mibench.data.download import obtain
    from mibench.data.sources import data_sets
    from mibench.errors import InputError

    sets, status = data_sets(select_cards(tasks, load_cards())), 0
    for each in sets:
        click.echo(each.source.title)
        for licence in each.source.licences:
            click.echo(f"  {licence.covers}: {licence.name}, {licence.link}\n    {licence.asks}")
    if not accepted and any(file.address for each in sets for file in each.missing(output)):
        raise InputError("nothing is fetched before these licences are accepted", remedy="add --accept-licence")
    for each in sets:
        folder = output / each.name
        try:
            with track_bytes() as watch:
                missing = obtain(each, output, watch)
        except InputError as error:
            click.echo(f"error: {each.source.title}: {error}", err=True)
            status = 2
            continue
        for file in missing:
            click.echo(f"{each.source.title}: {file.by_hand}; it belongs at {folder / file.name}")
        if missing:
            click.echo(f"{each.source.title}: then give this command again")
            status = max(status, 1)
        else:
            task = each.tasks[0]
            click.echo(f"{each.source.title}: complete; mibench data prepare {task} --raw {output} --output DIR")
    ctx.exit(status)


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
@click.option("--no-images", is_flag=True, help="Leave the pictures out, and prepare the text alone.")
@click.option(
    "--images",
    type=click.Choice(["copy", "link"]),
    default="copy",
    show_default=True,
    help="Store pictures as copies, or as hard links to the owner's files, which take no space.",
)
@click.option("--faithful-quirks", is_flag=True, help="Do as the official preparation does, its oddities included.")
def prepare(
    tasks: tuple[str, ...],
    raw: Path,
    output: Path,
    seed: int,
    permutations: str,
    no_images: bool,
    images: str,
    faithful_quirks: bool,
) -> None:
    """Read the official files of TASK... and write a prepared folder.

    \b
    Examples:
      mibench data prepare nlvr --raw nlvr --output data
      mibench data prepare task033_winogrande_answer_generation --raw natural-instructions --output data
      mibench data prepare all --raw raw --output data

    TASK is a task, `multimodal`, `nlp` or `all`. Of several tasks, those that failed are told at the end, and the exit
    status is 2. A task that the folder holds already is replaced; a failure leaves it as it was. After an interruption
    the same command goes on, and copies no picture again.
    """
    from mibench.cards import load_cards, select_cards
    from mibench.data.rows import ReaderOptions

    cards = select_cards(None if ALL in tasks else tasks, load_cards())
    if str(raw) == "mini":
        if no_images or faithful_quirks or images != "copy" or permutations != "one":
            raise click.UsageError("the drawn world takes only --seed; the other options are for official files")
        _prepare_mini(cards, output, seed)
        return
    options = ReaderOptions(
        seed=seed,
        all_permutations=permutations == "all",
        pictures=not no_images,
        faithful_quirks=faithful_quirks,
    )
    _prepare_official(cards, raw, output, options, link=images == "link")


def _prepare_mini(cards: "Sequence[TaskCard]", output: Path, seed: int) -> None:
    from mibench.cli.progress import track
    from mibench.data.mini import prepare_mini

    folder = prepare_mini(cards, output, seed=seed, watch=track("drawing the mini world"))
    for card in cards:
        _write_statistics(card, folder)
    for name, entry in folder.manifest.tasks.items():
        _tell_prepared(name, entry)


def _prepare_official(
    cards: "Sequence[TaskCard]", raw: Path, output: Path, options: "ReaderOptions", *, link: bool
) -> None:
    from mibench.cli.progress import track_rows
    from mibench.data.prepare import prepare_tasks, published_rows
    from mibench.data.store import DataFolder
    from mibench.errors import InputError

    failed = dict[str, InputError]()
    for card, found in prepare_tasks(cards, raw, output, options, link=link, watch=track_rows("rows")):
        if isinstance(found, InputError):
            failed[card.name] = found
            continue
        _write_statistics(card, DataFolder(output))
        _tell_prepared(card.name, found)
        published = published_rows(card, found.reader)
        if published not in (None, found.rows):
            click.echo(f"warning: {card.name}: {found.rows:,} rows, its owners publish {published:,}", err=True)
    if failed and len(cards) == 1:
        raise failed[cards[0].name]
    if failed:
        click.echo(f"{len(failed)} of {len(cards)} tasks failed:", err=True)
        for name, error in failed.items():
            click.echo(f"  {name}: {error}", err=True)
        raise SystemExit(2)


@data.command()
@click.argument("card_file", metavar="CARD.yaml", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("instances", metavar="INSTANCES.jsonl", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--output", type=click.Path(path_type=Path), required=True, metavar="DIR", help="The prepared folder.")
@click.option(
    "--images",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Where the pictures' paths begin.  [default: the folder of INSTANCES.jsonl]",
)
def add(card_file: Path, instances: Path, output: Path, images: Path | None) -> None:
    """Check a task of your own, a card and its instances, and add it to a prepared folder.

    \b
    Example:
      mibench tasks new weather --output weather.yaml
      mibench data add weather.yaml weather.jsonl --images photos --output data
      mibench run --model random-option --tasks weather --data data

    Every fault is told with file and line, and then nothing is written; exit status 2. A task that the folder holds
    already is replaced.
    """
    from mibench.cards import check_card
    from mibench.cli.faults import tell_faults
    from mibench.data.own import add_task
    from mibench.data.store import DataFolder
    from mibench.faults import Faults
    from mibench.metrics import METRICS

    faults, entry = Faults(), None
    card, wrong = check_card(card_file, {"metrics": METRICS.keys()}, own=True)
    for fault in wrong:
        faults.note(fault)
    if card is not None:
        entry = add_task(card, card_file, instances, images or instances.parent, output, faults)
    if card is None or entry is None:
        tell_faults(faults, card_file, as_json=False)
        return
    _write_statistics(card, DataFolder(output))
    _tell_prepared(card.name, entry)


def _tell_prepared(name: str, entry: "TaskEntry") -> None:
    click.echo(f"{name}: {entry.rows} rows, {entry.digest}")


@data.command(name="list")
@data_option
@json_option
def list_data(data_choice: str, as_json: bool) -> None:
    """List what a prepared folder, or the mini world, holds."""
    import msgspec
    from rich.markup import escape

    from mibench.cards import load_cards
    from mibench.cli.inputs import open_data, write_json
    from mibench.cli.tables import console, named_table

    manifest = open_data(data_choice, load_cards().values() if data_choice == "mini" else []).manifest
    if as_json:
        write_json(msgspec.to_builtins(manifest))
        return
    table = named_table("task", "rows", "pictures", "source", "digest")
    for name, entry in manifest.tasks.items():
        pictures = "left out" if entry.images is False else "" if entry.pictures is None else str(entry.pictures)
        table.add_row(*map(escape, (name, str(entry.rows), pictures, entry.source, entry.digest[:19])))
    console().print(table)


@data.command()
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@click.argument("tasks", nargs=-1, metavar="[TASK]...")
@json_option
def verify(folder: Path, tasks: tuple[str, ...], as_json: bool) -> None:
    """Check the prepared folder DIR: every row, every picture, and both against the manifest and the cards.

    \b
    Examples:
      mibench data verify data
      mibench data verify data nlvr text_vqa --json

    Faults are told with file and line, the first twenty in full. Exit status 2 if there are any.
    """
    from mibench.cli.faults import tell_faults
    from mibench.cli.progress import track_rows
    from mibench.data.prepare import published_rows
    from mibench.data.store import MANIFEST
    from mibench.data.verify import verify_task
    from mibench.errors import InputError
    from mibench.faults import Faults

    faults = Faults()
    try:
        opened, cards = _open_tasks(str(folder), tasks)
        for unknown in sorted(opened.manifest.tasks.keys() - {card.name for card in cards}) if not tasks else []:
            faults.add(f"unknown task {unknown!r:.200}", file=folder / MANIFEST, remedy="prepare the data anew")
        for card in cards:
            entry = opened.entry(card.name)
            published = published_rows(card, entry.reader) if opened.world == "official" else None
            verify_task(opened, card, faults, published=published, watch=track_rows("pictures"))
    except InputError as error:
        faults.note(error)
    tell_faults(faults, folder, as_json=as_json)


@data.command()
@click.argument("data_choice", metavar="DIR|mini")
@click.argument("tasks", nargs=-1, metavar="[TASK]...")
@json_option
def stats(data_choice: str, tasks: tuple[str, ...], as_json: bool) -> None:
    """Describe the prepared folder DIR in numbers, and what each task gives away without its pictures.

    \b
    Examples:
      mibench data stats mini nlvr
      mibench data stats data --json

    What `prepare` writes as statistics.json beside each task is computed anew.
    """
    from mibench.cli.inputs import write_json
    from mibench.cli.tables import console, named_table, number

    folder, cards = _open_tasks(data_choice, tasks)
    found = {card.name: _statistics(card, folder) for card in cards}
    if as_json:
        write_json(found)
        return
    table = named_table(
        "task", "metric", numbers=["rows", "groups", "pictures", "options", "words", "chance", "constant", "text alone"]
    )
    for name, known in found.items():
        floors = known["floors"]
        table.add_row(
            name,
            floors["metric"],
            *(f"{known[key]:,}" for key in ("rows", "groups", "pictures")),
            *(number(known[key] and known[key]["mean"]) for key in ("options_a_row", "target_words")),
            *map(number, (floors["chance"], floors["constant"]["score"], floors["text_alone"])),
        )
    console().print(table)


def _open_tasks(choice: str, tasks: Sequence[str]) -> "tuple[DataFolder, list[TaskCard]]":
    """Return the data and the tasks that were named, or those that it holds."""
    from mibench.cards import select_cards
    from mibench.cli.inputs import known_cards, open_data

    cards = select_cards(tasks or None, known_cards(choice))
    folder = open_data(choice, cards if tasks or choice == "mini" else [])
    return folder, [card for card in cards if card.name in folder.manifest.tasks]


def _statistics(card: "TaskCard", folder: "DataFolder") -> Any:
    """Return what a task holds and gives away, ready for JSON."""
    import msgspec

    from mibench.data.statistics import describe_task
    from mibench.scoring.floors import measure_floors

    described = msgspec.to_builtins(describe_task(folder, card.name))
    floors = msgspec.to_builtins(measure_floors(card, folder.instances(card.name)))
    return described | {"floors": floors}


def _write_statistics(card: "TaskCard", folder: "DataFolder") -> None:
    import msgspec

    from mibench.whole_file import write_whole

    content = msgspec.json.format(msgspec.json.encode(_statistics(card, folder)), indent=2)
    write_whole(folder.folder(card.name) / STATISTICS, content + b"\n")


@data.command()
@click.argument("tasks", nargs=-1, metavar="[TASK]...")
@data_option
@click.option("--rows", type=click.IntRange(min=1), default=12, show_default=True, help="Instances a task.")
@click.option("--seed", type=int, help="Draw the instances by this seed, instead of the first.")
@click.option(
    "--output", type=click.Path(path_type=Path), default=Path("preview.html"), show_default=True, metavar="FILE"
)
def preview(tasks: tuple[str, ...], data_choice: str, rows: int, seed: int | None, output: Path) -> None:
    """Write a contact sheet of TASK...: pictures with their boxes, all five prompts and answers on one HTML page."""
    from mibench.data.preview import write_preview

    folder, held = _open_tasks(data_choice, tasks)
    write_preview(held, folder, output, rows=rows, seed=seed)
    click.echo(str(output))
