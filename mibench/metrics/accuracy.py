"""The accuracy family: is the answer the right one, and if not, was it the format that failed?"""

import functools
import re
import unicodedata
from collections.abc import Sequence

LONGEST_REMEMBERED = 200
"""Characters; answers repeat if they are short, and longer ones would fill the memory."""


def normalise(text: str) -> str:
    """Return the text in Unicode NFKC, lower case, white space collapsed, final punctuation stripped.

    A text of nothing but punctuation stays, so that it cannot equal an empty answer.
    """
    return _remembered(text) if len(text) <= LONGEST_REMEMBERED else _normalise(text)


def _normalise(text: str) -> str:
    plain = " ".join(unicodedata.normalize("NFKC", text).lower().split())
    end = len(plain)
    while end and (unicodedata.category(plain[end - 1])[0] == "P" or plain[end - 1] == " "):
        end -= 1
    return plain[:end] or plain


_remembered = functools.lru_cache(maxsize=1 << 14)(_normalise)


def accuracy(prediction: str, references: Sequence[str], options: Sequence[str]) -> float:
    """Answer the question: is the answer right, whatever its case, spacing and final full stop?

    Exact match with any reference after `normalise`. The paper matches the free generation as a string; its
    normalisation is not documented.
    """
    answer = normalise(prediction)
    return float(any(answer == normalise(reference) for reference in references))


def accuracy_strict(prediction: str, references: Sequence[str], options: Sequence[str]) -> float:
    """Answer the question: is the answer right to the letter? Raw equality with any reference."""
    return float(prediction in references)


def accuracy_lenient(prediction: str, references: Sequence[str], options: Sequence[str]) -> float:
    """Answer the question: does a right answer stand inside a longer one?

    The first option that the answer names, as whole words, must be a reference; of two options that begin at
    the same place, the longer one counts. Beside `accuracy` it tells format failures from wrong answers.
    """
    named = _first_named(normalise(prediction), options)
    return float(named is not None and any(named == normalise(reference) for reference in references))


def _first_named(answer: str, options: Sequence[str]) -> str | None:
    """Return the normalised option that the answer names first, or None."""
    best: tuple[int, int, str] | None = None
    for option in options:
        plain = normalise(option)
        found = _whole_words(plain).search(answer)
        if found and (best is None or (found.start(), -len(plain)) < best[:2]):
            best = (found.start(), -len(plain), plain)
    return best[2] if best else None


@functools.lru_cache(maxsize=1 << 12)
def _whole_words(text: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(text)}(?!\w)")
