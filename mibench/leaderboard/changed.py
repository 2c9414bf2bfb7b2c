"""Which submissions a proposed change touches, from the list of its paths; whatever else it touches is refused."""

import re
from collections.abc import Iterable
from pathlib import Path

from mibench.errors import InputError
from mibench.leaderboard.entries import SLUG
from mibench.running.record import FILE_NAME as RUN
from mibench.scoring.report import FILE_NAME as SCORES
from mibench.submissions.description import FILE_NAME as DESCRIPTION
from mibench.submissions.reading import PREDICTIONS

MAX_BYTES = 16 << 20
"""Of a list; one of a thousand submissions has two."""

_FILES = "|".join(map(re.escape, (DESCRIPTION, SCORES, RUN)))
_PREDICTIONS = rf"{PREDICTIONS}/[A-Za-z0-9_][A-Za-z0-9._-]*\.jsonl(?:\.zst)?"
_PATH = re.compile(rf"submissions/(?P<slug>{SLUG})/(?:{_FILES}|{_PREDICTIONS})")


def read_changed(file: Path) -> list[str]:
    """Return the submissions among the changed paths that `git diff --name-only -z` wrote to a file.

    Raises:
        InputError: it cannot be read, or a path is not that of a submission's own files.

    """
    try:
        with file.open("rb") as content:
            listed = content.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", file=file, remedy="git diff --name-only -z") from None
    if len(listed) > MAX_BYTES:
        raise InputError("too many changed paths", file=file, remedy="propose fewer submissions at once")
    if listed and not listed.endswith(b"\0"):
        raise InputError("not a list of paths that each end in NUL", file=file, remedy="git diff --name-only -z")
    return changed_submissions(listed.decode("utf-8", "backslashreplace").split("\0")[:-1])


def changed_submissions(paths: Iterable[str]) -> list[str]:
    """Return the names of the submissions to which these paths belong, in order.

    >>> changed_submissions(["submissions/mine/submission.yaml", "submissions/mine/predictions/nlvr.jsonl.zst"])
    ['mine']

    Raises:
        InputError: a path is not that of a submission's own files.

    """
    found = set[str]()
    for path in paths:
        match = _PATH.fullmatch(path)
        if match is None:
            message = f"{path!r:.200} is none of a submission's files"
            remedy = f"change nothing but submissions/NAME/{{{DESCRIPTION},{SCORES},{RUN},{PREDICTIONS}/TASK.jsonl}}"
            raise InputError(message, remedy=remedy)
        found.add(match["slug"])
    return sorted(found)
