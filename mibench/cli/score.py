"""`mibench score`: from predictions to numbers."""

from pathlib import Path

import click

from mibench.cli.inputs import data_option, json_option


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@data_option
@json_option
def score(folder: Path, data_choice: str, as_json: bool) -> None:
    """Score the submission FOLDER and write its scores.json.

    \b
    Examples:
      mibench score submissions/random-option
      mibench score submissions/my-model --data data --json

    A submission with faults is not scored; 'mibench validate' lists them as well.
    """
    from mibench.cards import load_cards
    from mibench.cli.inputs import open_submission
    from mibench.cli.progress import track
    from mibench.cli.tables import print_scores
    from mibench.scoring.report import write_scores
    from mibench.scoring.score import score_submission

    scores = score_submission(open_submission(folder, data_choice), load_cards(), track("scoring"))
    write_scores(folder, scores)
    if as_json:
        click.echo(scores.to_json(), nl=False)
    else:
        print_scores(scores)
