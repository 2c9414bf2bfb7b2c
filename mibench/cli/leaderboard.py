"""`mibench leaderboard`: the static site."""

from pathlib import Path

import click


@click.group()
def leaderboard() -> None:
    """Build the leaderboard's pages."""


@leaderboard.command()
@click.option(
    "--submissions",
    type=click.Path(path_type=Path),
    default=Path("submissions"),
    show_default=True,
    metavar="DIR",
    help="The folder of submission folders, each with its scores.json.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    default=Path("leaderboard"),
    show_default=True,
    metavar="DIR",
    help="Where the site goes; one that was built there before is replaced.",
)
@click.option(
    "--data",
    "data_choices",
    multiple=True,
    default=("mini",),
    show_default=True,
    metavar="mini|DIR",
    help="Data that were answered, to show questions and answers; may be given again, for another world.",
)
@click.option(
    "--instructions",
    "set_files",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="A set that submissions were asked in, to show its words; may be given again.",
)
@click.option("--answers/--no-answers", default=True, show_default=True, help="Show single answers.")
def build(
    submissions: Path,
    output: Path,
    data_choices: tuple[str, ...],
    set_files: tuple[Path, ...],
    answers: bool,
) -> None:
    """Write a static site of all submissions, beside the paper's published results.

    \b
    Examples:
      mibench leaderboard build
      mibench leaderboard build --submissions mine --output /tmp/site
      mibench leaderboard build --data mini --data data --instructions official.yaml

    The site needs no server: open its index.html. Scores are read from each scores.json; 'mibench run', 'submit' and
    'score' write it. What has not changed since the last build is not made again.
    """
    from mibench.cards import load_cards
    from mibench.cli.progress import track
    from mibench.instructions.sets import read_set
    from mibench.leaderboard.site import build_site

    cards = load_cards()
    count = build_site(
        submissions,
        output,
        cards,
        data=_open_worlds(data_choices) if answers else {},
        instructions=[read_set(file, cards) for file in set_files],
        watch=track("reading submissions"),
    )
    click.echo(f"{count} submission{'' if count == 1 else 's'}", err=True)
    click.echo(str(output / "index.html"))


def _open_worlds(choices: tuple[str, ...]) -> dict[str, Path]:
    """Return the data folders by world."""
    from mibench.cards import load_cards
    from mibench.cli.inputs import open_data
    from mibench.errors import InputError

    found = dict[str, Path]()
    for choice in choices:
        data = open_data(choice, load_cards().values() if choice == "mini" else ())
        if data.world in found:
            raise InputError(f"--data: two folders of the {data.world} world", remedy="give one for each world")
        found[data.world] = data.path
    return found
