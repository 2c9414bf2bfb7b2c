"""`mibench submit`: from raw prediction files to a submission folder."""

from pathlib import Path

import click

from mibench.cli.inputs import data_option, instructions_option, open_weights_option


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--name", required=True, help="The submission's name on the leaderboard.")
@click.option("--model-name", help="The model's name.  [default: NAME]")
@click.option("--revision", help="The model's revision.")
@click.option("--parameters", type=click.IntRange(min=1), help="How many weights the model has.")
@click.option("--url", help="Where a reader finds the model.")
@open_weights_option
@instructions_option
@data_option
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Only the first N instances a task were asked.")
@click.option("--seed", default=0, show_default=True, help="Seed of the order in which options were shown.")
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The submission folder.  [default: submissions/NAME]",
)
def submit(
    files: tuple[Path, ...],
    name: str,
    model_name: str | None,
    revision: str | None,
    parameters: int | None,
    url: str | None,
    open_weights: bool | None,
    set_file: Path | None,
    data_choice: str,
    limit: int | None,
    seed: int,
    output: Path | None,
) -> None:
    """Turn prediction FILES into a submission folder, validated and scored.

    A file is .jsonl, .jsonl.zst or .csv with task, instance, instruction (1 to 5) and prediction; a task may be
    spread over several files.

    \b
    Example:
      mibench submit answers.csv --name "My model" --url https://example.org/model --data data

    What the model must be asked is printed by 'mibench tasks show TASK --instance ID'. Where that was in the words of
    an instruction set, name the set here too, so that the submission is compared with its like.
    """
    from pydantic import ValidationError

    from mibench.cards import load_cards
    from mibench.cli.inputs import known_cards, open_data, read_instructions, slug
    from mibench.cli.tables import print_scores
    from mibench.errors import InputError
    from mibench.scoring.report import write_scores
    from mibench.scoring.score import score_submission, worthwhile_processes
    from mibench.submissions.description import Model
    from mibench.submissions.reading import Submission
    from mibench.submissions.submitting import raw_tasks
    from mibench.submissions.submitting import submit as write_submission
    from mibench.submissions.writing import describe

    known = known_cards(data_choice)
    cards = raw_tasks(files, known)
    data = open_data(data_choice, cards)
    asked, own_words = read_instructions(set_file, known, cards)
    folder = output or Path("submissions") / slug(name)
    try:
        model = Model(
            name=model_name or name, revision=revision, parameters=parameters, url=url, open_weights=open_weights
        )
        description = describe(
            name, model, cards, data, seed=seed, limit=limit, instructions=asked.digest, own_words=own_words
        )
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise InputError(f"--{first['loc'][0]}: {first['msg']}", remedy="see 'mibench submit --help'") from None
    write_submission(files, folder, description, known, data)
    submission = Submission(folder, description, known, data)
    scores = score_submission(submission, load_cards(), processes=worthwhile_processes(submission))
    write_scores(folder, scores)
    print_scores(scores)
    click.echo(f"submission: {folder}", err=True)
