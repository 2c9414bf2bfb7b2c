"""`mibench score`: from predictions to numbers."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mibench.cli.inputs import data_option, json_option

if TYPE_CHECKING:
    from mibench.scoring.report import Scores


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@data_option
@click.option(
    "--metrics",
    "group",
    type=click.Choice(["caption"]),
    help="More metrics for tasks of free text: BLEU-4, METEOR, ROUGE-L and CIDEr of pycocoevalcap. Needs Java.",
)
@click.option("--explain", is_flag=True, help="Say how far each number can be believed, and what it depends on.")
@click.option("--check", is_flag=True, help="Write nothing; compute scores.json again and say whether it holds.")
@json_option
def score(folder: Path, data_choice: str, group: str | None, explain: bool, check: bool, as_json: bool) -> None:
    """Score the submission FOLDER and write its scores.json.

    \b
    Examples:
      mibench score submissions/random-option
      mibench score submissions/random-option --explain
      mibench score submissions/my-model --data data --json
      mibench score submissions/my-model --metrics caption
      mibench score submissions/my-model --check

    A submission with faults is not scored; 'mibench validate' lists them as well. With --check, exit status 1 says that
    a published score does not hold.
    """
    from mibench.scoring.report import read_scores, write_scores

    if (explain and (as_json or check)) or (group and check):
        raise click.UsageError("--json prints all that --explain does; --check takes neither --explain nor --metrics")
    if check:
        again = _compute(folder, data_choice, captions=read_scores(folder).captioned)
        _tell_whether_it_holds(folder, again, as_json=as_json)
        return
    scores = _compute(folder, data_choice, captions=group == "caption")
    write_scores(folder, scores)
    if as_json:
        click.echo(scores.to_json(), nl=False)
        return
    from mibench.cli.tables import print_scores

    print_scores(scores)
    if explain:
        from mibench.cli.explanation import print_explanation

        print_explanation(scores)


def _compute(folder: Path, data_choice: str, *, captions: bool) -> "Scores":
    from mibench.cards import load_cards
    from mibench.cli.inputs import open_submission
    from mibench.cli.progress import track
    from mibench.scoring.score import score_submission, worthwhile_processes

    submission = open_submission(folder, data_choice)
    processes = worthwhile_processes(submission)
    return score_submission(submission, load_cards(), track("scoring"), captions=captions, processes=processes)


def _tell_whether_it_holds(folder: Path, again: "Scores", *, as_json: bool) -> None:
    import msgspec

    from mibench.cli.inputs import write_json
    from mibench.scoring.check import differences
    from mibench.scoring.report import FILE_NAME

    found = differences(msgspec.json.decode((folder / FILE_NAME).read_bytes()), again)
    if as_json:
        write_json({"holds": not found, "differences": found})
    else:
        click.echo("\n".join([*found, f"{folder}: the scores {'do not hold' if found else 'hold'}"]))
    if found:
        raise SystemExit(1)
