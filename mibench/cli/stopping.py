"""Ctrl-C, once to stop in good order, twice to stop at once."""

import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_log = logging.getLogger(__name__)


class Stopping:
    """Tells whether the user, or the system, has asked to stop."""

    def __init__(self) -> None:
        self.signal: int | None = None

    def __call__(self) -> bool:
        """Tell whether to stop."""
        return self.signal is not None

    @property
    def status(self) -> int:
        """The exit status that says which signal it was."""
        return 128 + (self.signal or signal.SIGINT)


@contextmanager
def graceful_stop(told: str = "stopping when this batch is done; once more to stop at once") -> Iterator[Stopping]:
    """Turn the first SIGINT or SIGTERM into a wish, and tell so; the second is an interrupt as ever."""
    stopping = Stopping()

    def wish(number: int, frame: FrameType | None) -> None:
        if stopping():
            raise KeyboardInterrupt
        stopping.signal = number
        _log.warning(told)

    earlier = {number: signal.signal(number, wish) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stopping
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)
