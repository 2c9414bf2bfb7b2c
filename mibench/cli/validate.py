"""`mibench validate`: everything that is wrong with a submission."""

from pathlib import Path

import click

from mibench.cli.inputs import data_option, json_option


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@data_option
@json_option
def validate(folder: Path, data_choice: str, as_json: bool) -> None:
    """Check the submission FOLDER: every line of every file, and that nothing is missing.

    \b
    Examples:
      mibench validate submissions/my-model
      mibench validate submissions/my-model --data data

    Faults are told with file and line, the first twenty in full. Exit status 2 if there are any.
    """
    from mibench.cli.faults import tell_faults
    from mibench.cli.inputs import open_submission
    from mibench.cli.progress import track
    from mibench.errors import InputError
    from mibench.faults import Faults
    from mibench.submissions.faults import InvalidSubmissionError
    from mibench.submissions.reading import validate as validate_submission

    faults = Faults()
    try:
        validate_submission(open_submission(folder, data_choice), track("checking"))
    except InvalidSubmissionError as error:
        faults = error.faults
    except InputError as error:
        faults.note(error)
    tell_faults(faults, folder, as_json=as_json)
