"""From what a user calls a model to the folder of its weights."""

import itertools
import shlex
from pathlib import Path

from mibench.adapters.base import parse_arguments
from mibench.adapters.ofa_mini import FOLDER, WEIGHTS
from mibench.errors import InputError
from mibench.running.record import read_record
from mibench.submissions.description import FILE_NAME, read_description

_FLAGS = ("--model-args", "--model_args")
_REMEDY = "give the folder of an OFA model, with config.json and its weights, or ofa-mini:tuned"
_BUNDLED = {f"ofa-mini:{weights}": FOLDER / weights for weights in WEIGHTS}


def model_folder(text: str) -> Path:
    """Return the folder of an OFA model in Hugging Face form.

    Args:
        text: that folder, or a submission folder of `mibench run --model ofa`, whose model is still where it was, or
            a submission of the bundled model, or its name, as ofa-mini:base.

    Raises:
        InputError: there is no such folder, or it leads to no model.

    """
    if text in _BUNDLED:
        return _BUNDLED[text]
    folder = Path(text)
    if not folder.is_dir():
        raise InputError("no such folder", file=text, remedy=_REMEDY)
    if (folder / "config.json").is_file():
        return folder
    if not (folder / FILE_NAME).is_file():
        raise InputError("neither a model nor a submission", file=text, remedy=_REMEDY)
    return _answering_model(folder)


def settings_of(folder: Path) -> dict[str, str]:
    """Return how the adapter `ofa` must be set to answer as the bundled model does; nothing for any other model."""
    return {"boxes": "all", "no_repeat_ngram": "0"} if folder in _BUNDLED.values() else {}


def _answering_model(submission: Path) -> Path:
    """Return the folder that the latest run of a submission loaded, if it is the model that the description names."""
    description = read_description(submission)
    if description.adapter == "ofa-mini":
        return FOLDER / str(description.model.name).removeprefix("ofa-mini-")
    if description.adapter != "ofa":
        message = f"was answered by {description.adapter or 'predictions from elsewhere'}, not by ofa"
        raise InputError(message, file=submission / FILE_NAME, remedy=_REMEDY)
    for session in reversed(read_record(submission)):
        path = _path_in(session.command)
        if path is not None and path.is_dir() and path.resolve().name == description.model.name:
            return path
    message = f"its model {description.model.name!r:.200} is not where the run found it"
    raise InputError(message, file=submission / FILE_NAME, remedy=_REMEDY)


def _path_in(command: str) -> Path | None:
    """Return the model argument `path` of a command; None where it has none."""
    try:
        words = shlex.split(command)
    except ValueError:
        return None
    words = [part for word in words for part in (word.split("=", 1) if word.startswith(_FLAGS) else [word])]
    for flag, value in itertools.pairwise(words):
        if flag in _FLAGS:
            path = parse_arguments(value).get("path")
            return None if path is None else Path(path)
    return None
