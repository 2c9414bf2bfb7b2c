"""Prompts that are longer than a model reads: what they lose, and who is told."""

import logging
from bisect import bisect_right
from collections.abc import Callable

from mibench.instances import Request

_log = logging.getLogger(__name__)


class Cutter:
    """Shortens prompts to what a model reads, logs each, and counts them."""

    def __init__(self, longest: int | None) -> None:
        """Set the limit.

        Args:
            longest: tokens that the model reads; None where there is no limit.

        """
        self.longest = longest
        self._shortened = 0

    def cut(self, request: Request, tokens: list[int], tokenise: Callable[[str], list[int]]) -> list[int]:
        """Return a prompt's tokens, as many as the model reads.

        What goes is the end of the part that the card names, so that the instruction and the options stay; where
        that is not enough, it is the end of the prompt.

        Args:
            request: whose prompt it is.
            tokens: of the whole prompt.
            tokenise: gives the tokens of a shorter one, special tokens included.

        """
        if self.longest is None or len(tokens) <= self.longest:
            return tokens
        self._shortened += 1
        _log.warning(
            "%s, instance %s, instruction %d: %d tokens cut to the %d that the model reads; prompts cut so far: %d",
            *(request.task, request.instance, request.instruction, len(tokens), self.longest, self._shortened),
        )
        if request.cut:
            before, _, after = request.prompt.partition(request.cut)
            fitting = _fitting(request.cut, lambda kept: tokenise(before + kept + after), self.longest)
            if fitting is not None:
                return fitting
        return _fitting(request.prompt, tokenise, self.longest) or tokenise("")


def _fitting(text: str, tokenise: Callable[[str], list[int]], longest: int) -> list[int] | None:
    """Return the tokens with as much of a text as fits, or None where there are too many without any of it."""
    kept = bisect_right(range(len(text) + 1), longest, key=lambda length: len(tokenise(text[:length]))) - 1
    return None if kept < 0 else tokenise(text[:kept])
