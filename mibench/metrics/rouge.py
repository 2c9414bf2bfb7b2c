"""ROUGE-L (Lin, 2004): F1 of the longest common subsequence of words, equal to the package `rouge_score`."""

import functools
import re
from collections.abc import Sequence

from rapidfuzz.distance import LCSseq

LONGEST_REMEMBERED = 1000
"""Characters; longer texts would fill the memory."""

_NOT_A_WORD = re.compile(r"[^a-z0-9]+")


def words(text: str) -> tuple[str, ...]:
    """Return the words that ROUGE compares: lower-case runs of ASCII letters and digits, as `rouge_score` cuts."""
    return _remembered(text) if len(text) <= LONGEST_REMEMBERED else _cut(text)


def _cut(text: str) -> tuple[str, ...]:
    return tuple(_NOT_A_WORD.sub(" ", text.lower()).split())


_remembered = functools.lru_cache(maxsize=1 << 14)(_cut)


def rouge_l(prediction: str, references: Sequence[str], options: Sequence[str]) -> float:
    """Answer the question: how much of the answer's wording, in order, is a reference's?

    The best F1 over the references, without stemming: `rouge_score.RougeScorer(["rougeL"]).score_multi`. The
    operations and their order are that package's, so that the values agree to the last bit.
    """
    return max((_f1(words(prediction), words(reference)) for reference in references), default=0.0)


def _f1(hypothesis: tuple[str, ...], reference: tuple[str, ...]) -> float:
    if not hypothesis or not reference:
        return 0.0
    common = LCSseq.similarity(hypothesis, reference)
    precision, recall = common / len(hypothesis), common / len(reference)
    return 2 * precision * recall / (precision + recall) if precision + recall > 0 else 0.0
