"""Failures of a server that may soon be over, and how long it asks to be left alone."""

import math
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LONGEST_PAUSE = 120.0
"""Seconds; a server that asks for more is asked again all the same."""


class TransientError(Exception):
    """A failure that may soon be over.

    Attributes:
        pause: seconds after which the server wants to be asked again, where it says so.

    """

    def __init__(self, reason: str, pause: float | None = None) -> None:
        super().__init__(reason)
        self.pause = pause


def read_pause(retry_after: str) -> float | None:
    """Return the seconds that a Retry-After header means, the longest pause at most; None where it means nothing."""
    try:
        seconds = float(retry_after)
    except ValueError:
        seconds = _until(retry_after)
    return min(max(seconds, 0.0), LONGEST_PAUSE) if math.isfinite(seconds) else None


def _until(date: str) -> float:
    try:
        then = parsedate_to_datetime(date)
    except ValueError:
        return math.nan
    return (then.replace(tzinfo=then.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
