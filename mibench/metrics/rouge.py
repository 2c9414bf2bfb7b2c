"""ROUGE-L (Lin, 2004): F1 of the longest common subsequence of words, equal to the package `rouge_score`."""

import functools
import string
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import LCSseq
from rapidfuzz.process import cpdist

from mibench.errors import InputError
from mibench.metrics.references import References
from mibench.metrics.remember import remembered

WORDS_TOGETHER = 500_000
"""Distinct words from which a new block of comparisons begins; 1,112,064 characters are there to name them by."""

_WORD_BYTES = string.ascii_lowercase.encode() + string.digits.encode()
_ONLY_WORDS = bytes(byte if byte in _WORD_BYTES else ord(" ") for byte in range(256))

Words = list[bytes]
Cut = Callable[[str], Words]


def words(text: str) -> Words:
    """Return the words that ROUGE compares: lower-case runs of ASCII letters and digits, as `rouge_score` cuts."""
    return text.lower().encode("ascii", "replace").translate(_ONLY_WORDS).split()


def stems(text: str) -> Words:
    """Return the same words, those of more than three letters without their endings (Porter, by `nltk`)."""
    return [_stem(word) if len(word) > 3 else word for word in words(text)]


@functools.cache
def _stemmer() -> Callable[[str], str]:
    try:
        from nltk.stem.porter import PorterStemmer
    except ImportError:
        raise InputError("rouge_l_stem needs nltk", remedy="pip install 'mibench[metrics]'") from None
    stem: Callable[[str], str] = PorterStemmer().stem
    return stem


@remembered
def _stem(word: bytes) -> bytes:
    return _stemmer()(word.decode()).encode()


def rouge_l(prediction: str, references: References, cut: Cut = words) -> float:
    """Answer the question: how much of the answer's wording, in order, is a reference's?

    The best F1 over the references, without stemming: `rouge_score.RougeScorer(["rougeL"]).score_multi`. The
    operations and their order are that package's, so that the values agree to the last bit.
    """
    return max((_f1(cut(prediction), cut(reference)) for reference in references.targets), default=0.0)


def rouge_l_stem(prediction: str, references: References) -> float:
    """Answer the question of `rouge_l` when endings do not count: `RougeScorer(["rougeL"], use_stemmer=True)`."""
    return rouge_l(prediction, references, stems)


def _f1(hypothesis: Words, reference: Words) -> float:
    if not hypothesis or not reference:
        return 0.0
    common = LCSseq.similarity(hypothesis, reference)
    precision, recall = common / len(hypothesis), common / len(reference)
    return 2 * precision * recall / (precision + recall) if precision + recall > 0 else 0.0


def rouge_l_many(predictions: Sequence[str], references: Sequence[References], cut: Cut = words) -> NDArray[np.float64]:
    """Return `rouge_l` of each prediction, to the bit, many at a time.

    Each distinct word becomes one character, so that a text is a string and all pairs are compared in one call.
    """
    scores = np.zeros(len(predictions))
    for block in _blocks(predictions, references, cut):
        common = cpdist(block.hypotheses, block.references, scorer=LCSseq.similarity, dtype=np.int64)
        lengths = [np.fromiter(map(len, texts), np.int64, len(texts)) for texts in (block.hypotheses, block.references)]
        precision, recall = (common / np.maximum(length, 1) for length in lengths)
        both = precision + recall
        np.maximum.at(scores, block.places, 2 * precision * recall / np.where(both > 0, both, 1.0))
    return scores


def rouge_l_stem_many(predictions: Sequence[str], references: Sequence[References]) -> NDArray[np.float64]:
    """Return `rouge_l_stem` of each prediction, to the bit, many at a time."""
    return rouge_l_many(predictions, references, stems)


class _Names(dict[bytes, str]):
    """Names each new word by the next character, leaving out halves of surrogate pairs."""

    def __missing__(self, word: bytes) -> str:
        number = len(self)
        name = self[word] = chr(number if number < 0xD800 else number + 0x800)
        return name


class _Block(NamedTuple):
    """Pairs of texts in which each word is one character, and the predictions that they belong to."""

    places: list[int]
    hypotheses: list[str]
    references: list[str]


def _blocks(predictions: Sequence[str], references: Sequence[References], cut: Cut) -> Iterator[_Block]:
    block, names, encoded = _Block([], [], []), _Names(), dict[str, str]()
    for place, (prediction, known) in enumerate(zip(predictions, references, strict=True)):
        hypothesis = "".join(map(names.__getitem__, cut(prediction)))
        for target in known.targets:
            reference = encoded.get(target)
            if reference is None:
                reference = encoded[target] = "".join(map(names.__getitem__, cut(target)))
            block.places.append(place)
            block.hypotheses.append(hypothesis)
            block.references.append(reference)
        if len(names) > WORDS_TOGETHER:
            yield block
            block, names, encoded = _Block([], [], []), _Names(), {}
    if block.places:
        yield block
