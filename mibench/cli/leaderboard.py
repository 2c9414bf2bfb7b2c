"""`mibench leaderboard`: the static site."""

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mibench.cli.inputs import Command, json_option, write_json
from mibench.errors import InputError

if TYPE_CHECKING:
    from mibench.cards import TaskCard
    from mibench.data.store import DataFolder
    from mibench.leaderboard.check import Verdict


def _web_address(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    """Refuse what is no address of a page."""
    if value is not None and not re.fullmatch(r"https?://[^\s<>\"]+", value):
        raise click.BadParameter("give an address that begins with http:// or https://")
    return value


_SUBMISSIONS = click.option(
    "--submissions",
    type=click.Path(path_type=Path),
    default=Path("submissions"),
    show_default=True,
    metavar="DIR",
    help="The folder of submission folders, each with its scores.json.",
)
_DATA = click.option(
    "--data",
    "data_choices",
    multiple=True,
    default=("mini",),
    show_default=True,
    metavar="mini|DIR",
    help="Data that were answered, to show questions and answers; may be given again, for another world.",
)
_SITE = (
    _SUBMISSIONS,
    _DATA,
    click.option(
        "--instructions",
        "set_files",
        multiple=True,
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        metavar="FILE",
        help="A set that submissions were asked in, to show its words; may be given again.",
    ),
    click.option("--answers/--no-answers", default=True, show_default=True, help="Show single answers."),
    click.option(
        "--rows",
        type=click.IntRange(min=1),
        metavar="N",
        help="Show the answers to the first N rows of each task.  [default: to all]",
    ),
    click.option(
        "--pictures",
        is_flag=True,
        help="Show pictures of official data too, where their licence lets everybody share them.",
    ),
    click.option(
        "--pairs",
        type=click.IntRange(min=0),
        default=12,
        show_default=True,
        metavar="N",
        help="Compare the N best of each table with each other, of those whose answers are at hand; 0 for none.",
    ),
    click.option(
        "--base-url",
        metavar="URL",
        callback=_web_address,
        help="The address that the site will have, for the links of its feed.",
    ),
)


def _site_options(command: Command) -> Command:
    """Add what tells of what the site is made."""
    for option in reversed(_SITE):
        command = option(command)
    return command


@click.group()
def leaderboard() -> None:
    """Build the leaderboard's pages, look at them, and check what they show."""


@leaderboard.command()
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    default=Path("leaderboard"),
    show_default=True,
    metavar="DIR",
    help="Where the site goes; one that was built there before is replaced.",
)
@_site_options
def build(output: Path, **chosen: Any) -> None:
    """Write a static site of all submissions, beside the paper's published results.

    \b
    Examples:
      mibench leaderboard build
      mibench leaderboard build --submissions mine --output /tmp/site
      mibench leaderboard build --data mini --data data --instructions official.yaml

    The site needs no server: open its index.html. Scores are read from each scores.json; 'mibench run', 'submit' and
    'score' write it. What has not changed since the last build is not made again.
    """
    from mibench.cli.progress import track

    count = _builder(**chosen)(output=output, watch=track("reading submissions"))
    click.echo(f"{count} submission{'' if count == 1 else 's'}", err=True)
    click.echo(str(output / "index.html"))


@leaderboard.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 takes a free one.")
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Where the site goes.  [default: a folder that is removed again]",
)
@_site_options
def serve(port: int, output: Path | None, submissions: Path, **chosen: Any) -> None:
    """Show the site in a browser on this machine, and build it again whenever a submission changes.

    \b
    Examples:
      mibench leaderboard serve
      mibench leaderboard serve --port 0 --submissions mine

    Nobody else can reach it: it answers on 127.0.0.1 alone. A submission with a fault is told, and the last good site
    stays until the fault is mended. Ctrl-C ends it.
    """
    from tempfile import TemporaryDirectory

    from mibench.cli.progress import track
    from mibench.cli.stopping import graceful_stop
    from mibench.leaderboard.serve import SiteServer, keep_built, look_at, serving
    from mibench.leaderboard.site import default_cache

    with graceful_stop("stopping") as stopping, TemporaryDirectory(prefix="mibench-") as folder:
        site = output or Path(folder) / "site"
        with SiteServer(site, port) as server:
            make = _builder(submissions=submissions, **chosen)
            again = {"output": site, "cache": default_cache(output or submissions), "swapping": server.swapping}
            seen = look_at(submissions)
            make(**again, watch=track("reading submissions"))
            with serving(server):
                click.echo(server.address)
                click.echo("Ctrl-C ends it", err=True)
                keep_built(submissions, seen, lambda: make(**again), stopping)
    raise SystemExit(stopping.status)


def _builder(
    submissions: Path,
    data_choices: tuple[str, ...],
    set_files: tuple[Path, ...],
    answers: bool,
    **kept: Any,
) -> Callable[..., int]:
    """Return `build_site` with the chosen options; where the site goes is still to be given."""
    from functools import partial

    from mibench.cards import load_cards
    from mibench.instructions.sets import read_set
    from mibench.leaderboard.site import build_site

    cards = load_cards()
    return partial(
        build_site,
        submissions,
        cards=cards,
        data={world: data.path for world, data in _open_worlds(data_choices, cards.values()).items()}
        if answers
        else {},
        instructions=[read_set(file, cards) for file in set_files],
        **kept,
    )


@leaderboard.command()
@click.argument("slugs", nargs=-1, metavar="[SLUG]...")
@_SUBMISSIONS
@_DATA
@click.option(
    "--changed",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Check what a change touches, by its paths as 'git diff --name-only -z' lists them, and refuse other paths.",
)
@click.option("--skip-missing-data", is_flag=True, help="Let pass what answers a world that no --data holds.")
@json_option
def check(
    slugs: tuple[str, ...],
    submissions: Path,
    data_choices: tuple[str, ...],
    changed: Path | None,
    skip_missing_data: bool,
    as_json: bool,
) -> None:
    """Validate submissions and compute their scores.json again: all of them, or each SLUG.

    \b
    Examples:
      mibench leaderboard check
      mibench leaderboard check my-model --data data
      mibench leaderboard check --data mini --data data --json

    A submission is data: nothing in it is run. A faulty one does not keep the others from being checked.

    Exit status: 0 all hold, 1 some do not, or could not be checked, 2 wrong use.
    """
    from mibench.cards import load_cards
    from mibench.cli.progress import track
    from mibench.leaderboard.changed import read_changed
    from mibench.leaderboard.check import check_submissions, choose_folders, described_tasks

    if changed is not None and slugs:
        raise click.UsageError("give either names or --changed")
    names: Sequence[str] = slugs if changed is None else read_changed(changed)
    folders = choose_folders(submissions, names) if names or changed is None else {}
    cards, described = load_cards(), described_tasks(folders)
    asked = [card for name, card in cards.items() if name in described.get("mini", ())]
    data = _open_worlds([choice for choice in data_choices if choice != "mini" or asked], asked)
    verdicts = list(check_submissions(folders, cards, data, track("checking")))
    passed = {"holds", "unchecked"} if skip_missing_data else {"holds"}
    good = all(verdict.outcome in passed for verdict in verdicts)
    if as_json:
        write_json({"good": good, "submissions": verdicts})
    else:
        click.echo("\n".join(map(_told, verdicts)) or "no submissions")
    if not good:
        raise SystemExit(1)


def _told(verdict: "Verdict") -> str:
    """Say what was found of a submission, in one line and one more for each fault; none can pass for another."""
    from mibench.visible import visible

    words = {"holds": "holds", "differs": "differs", "invalid": "invalid", "unchecked": "not checked"}
    lines = [f"{verdict.slug}: {words[verdict.outcome]}", *(f"  {line}" for line in verdict.found)]
    return "\n".join(visible(line.replace("\n", " ")) for line in lines)


def _open_worlds(choices: Iterable[str], mini: "Iterable[TaskCard]") -> "dict[str, DataFolder]":
    """Return the data folders by world, that of the mini world with these tasks."""
    from mibench.cli.inputs import open_data

    found: dict[str, DataFolder] = {}
    for choice in choices:
        data = open_data(choice, mini if choice == "mini" else ())
        if data.world in found:
            raise InputError(f"--data: two folders of the {data.world} world", remedy="give one for each world")
        found[data.world] = data
    return found
