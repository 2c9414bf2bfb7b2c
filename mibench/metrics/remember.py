"""Remembering what a rule returned: answers repeat."""

import functools
from collections.abc import Callable
from typing import TypeVar

LONGEST_REMEMBERED = 200
"""Characters; answers repeat if they are short, and longer ones would fill the memory."""

Text = TypeVar("Text", str, bytes)
Result = TypeVar("Result")


def remembered(rule: Callable[[Text], Result]) -> Callable[[Text], Result]:
    """Make a rule remember what it returned for the last short texts."""
    remembering = functools.lru_cache(maxsize=1 << 14)(rule)

    @functools.wraps(rule)
    def remember(text: Text) -> Result:
        return remembering(text) if len(text) <= LONGEST_REMEMBERED else rule(text)

    return remember
