"""What is tried again, and when."""

from collections.abc import Callable
from random import uniform

from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception_type,
    stop_after_attempt,
    wait_exponential,
    wait_random,
)

from mibench.transient import LONGEST_PAUSE, TransientError


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
