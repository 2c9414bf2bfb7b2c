"""What a task gives away without its pictures: to chance, to one answer for everything, and to its text.

A score begins to say something about sight above the highest of the three.
"""

import hashlib
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from mibench.cards import TaskCard
from mibench.instances import Instance
from mibench.metrics import METRICS
from mibench.metrics.boxes import read_box
from mibench.metrics.metric import Metric
from mibench.metrics.references import References
from mibench.scoring.chance import chance

FOLDS = 5
"""Parts into which the groups fall; the text baseline learns from four and answers the fifth."""
CONSTANTS = 10
"""Most frequent references that are tried as the one answer to everything."""
CLASSES = 50
"""Most frequent answers among which the text baseline chooses where a task offers no options."""
PRIOR = 20
"""Rows by which a word must outweigh the shares of all rows."""
ANY = ""
"""Stands for a word that every row has."""
DIGITS = 4

Floats = NDArray[np.float64]

_WORD = re.compile(r"\w+")


class Constant(msgspec.Struct, frozen=True, kw_only=True):
    """The best answer to everything, of the most frequent references."""

    answer: str
    score: float


class Floors(msgspec.Struct, frozen=True, kw_only=True):
    """Scores by the primary metric, 0 to 100.

    Attributes:
        metric: its name.
        chance: of guessing; None where the answer is free text.
        constant: of one answer to everything.
        text_alone: of a simple rule that learns from other groups' texts and answers; None for a task of text.

    """

    metric: str
    chance: float | None
    constant: Constant
    text_alone: float | None


class _Row(NamedTuple):
    """What the floors need of an instance."""

    words: frozenset[str]
    fold: int
    references: References


def measure_floors(card: TaskCard, instances: Iterable[Instance]) -> Floors:
    """Return the floors of a task from its instances, of which there is at least one."""
    rows = [
        _Row(
            _words(" ".join(instance.fields.values())),
            _digest(instance.group) % FOLDS,
            References(instance.targets, instance.options, instance.answers),
        )
        for instance in instances
    ]
    metric, references = METRICS[card.primary_metric], [row.references for row in rows]
    guess = chance(metric, references) if card.answer.kind != "text" else None
    text_alone = None
    if card.suite == "multimodal":
        text_alone = _rounded(100 * float(metric.corpus(_answers_from_text(rows), references).mean()))
    return Floors(
        metric=card.primary_metric,
        chance=None if guess is None else _rounded(guess),
        constant=_best_constant(metric, references),
        text_alone=text_alone,
    )


def _best_constant(metric: Metric, references: Sequence[References]) -> Constant:
    kinds = Counter(references)
    weights = np.fromiter(kinds.values(), np.float64) / len(references)
    targets = Counter(target for known in references for target in dict.fromkeys(known.targets))
    found = [
        Constant(
            answer=answer, score=_rounded(100 * float(weights @ metric.distinct([answer] * len(kinds), list(kinds))))
        )
        for answer, _ in targets.most_common(CONSTANTS)
    ]
    return max(found, key=lambda constant: constant.score)


def _answers_from_text(rows: Sequence[_Row]) -> list[str]:
    """Answer each row by what the rows of other groups teach."""
    if len({frozenset(row.references.options) for row in rows}) > 1:
        return _by_options(rows)
    options = rows[0].references.options
    frequent = Counter(row.references.targets[0] for row in rows).most_common(CLASSES)
    return _by_words(rows, options or [answer for answer, _ in frequent])


def _by_words(rows: Sequence[_Row], classes: Sequence[str]) -> list[str]:
    """Choose among the same classes everywhere: the one that goes most surely with a single word of a row's text."""
    numbers, vocabulary = {answer: number for number, answer in enumerate(classes)}, {ANY: 0}
    texts = [
        np.fromiter((vocabulary.setdefault(word, len(vocabulary)) for word in (ANY, *sorted(row.words))), np.int64)
        for row in rows
    ]
    counts = np.zeros((FOLDS, len(vocabulary), len(classes) + 1))
    for row, text in zip(rows, texts, strict=True):
        counts[row.fold, text, numbers.get(row.references.targets[0], len(classes))] += 1
    taught = [_classes_of_words(counts, fold) for fold in range(FOLDS)]
    found = []
    for row, text in zip(rows, texts, strict=True):
        best, surety = taught[row.fold]
        found.append(classes[best[text[np.argmax(surety[text])]]])
    return found


def _classes_of_words(counts: Floats, fold: int) -> tuple[NDArray[np.intp], Floats]:
    """Return the class that each word speaks for, and how surely, learnt from the other folds.

    How surely is the class's share of the rows with the word, to which `PRIOR` rows are added in which the classes have
    their shares of all rows.
    """
    others = counts.sum(axis=0) - counts[fold]
    overall = others[0] / max(others[0].sum(), 1)
    shares = (others + PRIOR * overall) / (others.sum(axis=1, keepdims=True) + PRIOR)
    best = shares[:, :-1].argmax(axis=1)
    return best, shares[np.arange(len(best)), best]


def _by_options(rows: Sequence[_Row]) -> list[str]:
    """Choose among a row's own options: naive Bayes over what tells right options from wrong ones."""
    features = [_features(row) for row in rows]
    counts = defaultdict[str, Floats](lambda: np.zeros((2, FOLDS)))
    totals = np.zeros((2, FOLDS))
    for row, found in zip(rows, features, strict=True):
        for option, names in found.items():
            right = int(option in row.references.targets)
            totals[right, row.fold] += 1
            for name in names:
                counts[name][right, row.fold] += 1
    weights = [_weights(counts, totals, fold) for fold in range(FOLDS)]
    return [
        max(found, key=lambda option: (math.fsum(map(weights[row.fold].__getitem__, found[option])), _digest(option)))
        for row, found in zip(rows, features, strict=True)
    ]


def _weights(counts: Mapping[str, Floats], totals: Floats, fold: int) -> dict[str, float]:
    """Return by how much each feature speaks for an option, learnt from the other folds."""
    wrong, right = totals.sum(axis=1) - totals[:, fold]
    found = np.stack(list(counts.values()))
    others = found.sum(axis=2) - found[:, :, fold]
    values = np.log((others[:, 1] + 0.5) / (right + 1)) - np.log((others[:, 0] + 0.5) / (wrong + 1))
    return dict(zip(counts, values.tolist(), strict=True))


def _features(row: _Row) -> dict[str, list[str]]:
    """Return what is looked at in each option.

    Of a box, its ranks by area, by left and by top edge among the row's; of a text, its words, its rank by length, and
    how many words, up to three, it shares with the row's text.
    """
    options = list(dict.fromkeys(row.references.options))
    boxes = {option: box for option in options if (box := read_box(option))}
    if len(boxes) == len(options):
        areas = {option: (box[2] - box[0]) * (box[3] - box[1]) for option, box in boxes.items()}
        lefts, tops = ({option: box[edge] for option, box in boxes.items()} for edge in (0, 1))
        ranks = [(name, _ranks(values)) for name, values in (("area", areas), ("left", lefts), ("top", tops))]
        return {option: [f"{name} {rank[option]}" for name, rank in ranks] for option in options}
    words = {option: _words(option) for option in options}
    lengths = _ranks({option: len(option) for option in options})
    return {
        option: [
            f"length {lengths[option]}",
            f"shared {min(len(words[option] & row.words), 3)}",
            *(f"word {word}" for word in sorted(words[option])),
        ]
        for option in options
    }


def _ranks(values: Mapping[str, float]) -> dict[str, int]:
    """Return the place of each among the different values, the smallest first."""
    places = {value: place for place, value in enumerate(sorted(set(values.values())))}
    return {name: places[value] for name, value in values.items()}


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text.lower()))


def _digest(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])


def _rounded(value: float) -> float:
    return round(value, DIGITS)
