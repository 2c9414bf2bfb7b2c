"""What is tried again, and when."""

import math
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from random import uniform

from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception_type,
    stop_after_attempt,
    wait_exponential,
    wait_random,
)

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


def retrying(retries: int, first_pause: float, told: Callable[[], None]) -> AsyncRetrying:
    """Return what calls a function again after a transient error; the last one is raised.

    Args:
        retries: how often at most.
        first_pause: seconds before the first one; each further pause is twice as long, and a random part longer.
        told: called before each.

    """
    growing = wait_exponential(multiplier=first_pause, max=LONGEST_PAUSE) + wait_random(0, first_pause)

    def pause(state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, TransientError) and error.pause is not None:
            return error.pause + uniform(0, first_pause)
        return growing(state)

    return AsyncRetrying(
        stop=stop_after_attempt(1 + retries),
        wait=pause,
        retry=retry_if_exception_type(TransientError),
        before_sleep=lambda _: told(),
        reraise=True,
    )


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
