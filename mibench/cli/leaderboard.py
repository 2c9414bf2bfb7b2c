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
def build(submissions: Path, output: Path) -> None:
    """Write a static site of all submissions, beside the paper's published results.

    \b
    Examples:
      mibench leaderboard build
      mibench leaderboard build --submissions mine --output /tmp/site

    The site needs no server: open its index.html. Scores are read from each scores.json; 'mibench run', 'submit' and
    'score' write it.
    """
    from mibench.cards import load_cards
    from mibench.leaderboard.site import build_site

    count = build_site(submissions, output, load_cards())
    click.echo(f"{count} submission{'' if count == 1 else 's'}", err=True)
    click.echo(str(output / "index.html"))
