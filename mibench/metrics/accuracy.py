"""The accuracy family: is the answer the right one, and if not, was it the format that failed?"""

import re
import unicodedata
from collections.abc import Sequence

from mibench.metrics.references import References
from mibench.metrics.remember import remembered

_PIECE = re.compile(r"\S{1,256}")


@remembered
def normalise(text: str) -> str:
    """Return the text in Unicode NFKC, lower case, white space collapsed, final punctuation stripped.

    A text of nothing but punctuation stays, so that it cannot equal an empty answer.
    """
    plain = " ".join(_nfkc(text).lower().split())
    end = len(plain)
    while end and (unicodedata.category(plain[end - 1])[0] == "P" or plain[end - 1] == " "):
        end -= 1
    return plain[:end] or plain


def _nfkc(text: str) -> str:
    """Return the text in NFKC; words of over 256 characters are cut, for sorting their accents takes the square."""
    return text if text.isascii() else _PIECE.sub(lambda piece: unicodedata.normalize("NFKC", piece[0]), text)


def accuracy(prediction: str, references: References) -> float:
    """Answer the question: is the answer right, whatever its case, spacing and final full stop?

    Exact match with any reference after `normalise`. The paper matches the free generation as a string; its
    normalisation is not documented.
    """
    answer = normalise(prediction)
    return float(any(answer == normalise(reference) for reference in references.targets))


def accuracy_strict(prediction: str, references: References) -> float:
    """Answer the question: is the answer right to the letter? Raw equality with any reference."""
    return float(prediction in references.targets)


def accuracy_lenient(prediction: str, references: References) -> float:
    """Answer the question: does a right answer stand inside a longer one?

    The first option that the answer names, as whole words, must be a reference; of two options that begin at
    the same place, the longer one counts. Beside `accuracy` it tells format failures from wrong answers.
    """
    named = _first_named(normalise(prediction), references.options)
    return float(named is not None and any(named == normalise(reference) for reference in references.targets))


def _first_named(answer: str, options: Sequence[str]) -> str | None:
    """Return the normalised option that the answer names first, or None."""
    plain_options = [normalise(option) for option in options]
    if answer in plain_options:
        return answer
    best: tuple[int, int, str] | None = None
    for plain in plain_options:
        place = _place(plain, answer)
        if place >= 0 and (best is None or (place, -len(plain)) < best[:2]):
            best = (place, -len(plain), plain)
    return best[2] if best else None


def _place(words: str, text: str) -> int:
    """Return where a text holds some words and not only a part of a longer one; -1 where it does not."""
    place = text.find(words)
    while place >= 0 and (
        _in_a_word(text[place - 1 : place]) or _in_a_word(text[place + len(words) : place + len(words) + 1])
    ):
        place = text.find(words, place + 1)
    return place


def _in_a_word(letter: str) -> bool:
    return letter.isalnum() or letter == "_"
