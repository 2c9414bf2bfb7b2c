"""`mibench compare`: submissions beside each other."""

from pathlib import Path

import click

from mibench.cli.inputs import data_option, json_option


@click.command()
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path))
@data_option
@json_option
def compare(folders: tuple[Path, ...], data_choice: str, as_json: bool) -> None:
    """Compare two submission FOLDERS or more on the tasks that all of them answered.

    \b
    Examples:
      mibench compare submissions/random-option submissions/constant-yes
      mibench compare submissions/* --json
      mibench compare runs/a runs/b --data data

    Prints a verdict for each two: the difference of their aggregates and of their Sensitivities with 95 % intervals
    from paired resamples of pictures, for scores the p-value of a paired permutation test, and for each task the same
    with Holm's correction. "flips" is how often one wording alone would have ranked the two the other way round. With
    three or more, ranks come with their intervals as well.
    """
    from mibench.cards import load_cards
    from mibench.cli.comparison_tables import print_comparison
    from mibench.cli.inputs import open_submission, write_json
    from mibench.cli.progress import track
    from mibench.errors import InputError
    from mibench.scoring.compare import compare_submissions

    if len(folders) < 2:
        raise InputError("one submission alone", file=folders[0], remedy="name two folders or more")
    names = [folder.resolve().name for folder in folders]
    if len(set(names)) < len(names):
        names = [str(folder) for folder in folders]
    if len(set(names)) < len(names):
        raise InputError("a submission is named twice", remedy="name each folder once")
    submissions = {name: open_submission(folder, data_choice) for name, folder in zip(names, folders, strict=True)}
    found = compare_submissions(submissions, load_cards(), track("comparing"))
    if as_json:
        write_json(found)
    else:
        print_comparison(found)
