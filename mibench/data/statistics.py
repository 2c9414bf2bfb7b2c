"""What a prepared task holds, in numbers: rows, groups, pictures, lengths, options and answers."""

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Self

import msgspec
import numpy as np

from mibench.data.store import DataFolder
from mibench.data.stored_pictures import picture_sizes
from mibench.instances import Instance

MOST_FREQUENT = 10
"""Answers whose shares are told."""


class Spread(msgspec.Struct, frozen=True, kw_only=True):
    """How some numbers lie."""

    min: float
    median: float
    mean: float
    max: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Self | None:
        """Return the spread of some values, the mean rounded to two decimals; None where there are none."""
        numbers = np.fromiter(values, np.float64)
        if not numbers.size:
            return None
        middle, mean = float(np.median(numbers)), round(float(numbers.mean()), 2)
        return cls(min=float(numbers.min()), median=middle, mean=mean, max=float(numbers.max()))


class Statistics(msgspec.Struct, frozen=True, kw_only=True):
    """One task; lengths are in words between white space, and None stands where there is nothing to measure.

    Attributes:
        digest: of the data that was described.
        rows: number of instances.
        groups: number of groups, which are resampled together.
        pictures: number of different pictures.
        picture_width: in pixels.
        picture_height: in pixels.
        field_words: by field.
        option_words: over all options of all rows.
        target_words: of the canonical reference.
        options_a_row: how many there are.
        references_a_row: how many there are.
        distinct_answers: different canonical references.
        answers: the most frequent of them, with their share of the rows.

    """

    digest: str
    rows: int
    groups: int
    pictures: int
    picture_width: Spread | None
    picture_height: Spread | None
    field_words: dict[str, Spread | None]
    option_words: Spread | None
    target_words: Spread | None
    options_a_row: Spread | None
    references_a_row: Spread | None
    distinct_answers: int
    answers: dict[str, float]


class _Counts:
    """What is collected, instance by instance."""

    def __init__(self) -> None:
        self.groups = set[str]()
        self.images = dict[str, None]()
        self.fields: defaultdict[str, array[int]] = defaultdict(lambda: array("l"))
        self.option_words, self.target_words = array("l"), array("l")
        self.options, self.references = array("l"), array("l")
        self.answers = Counter[str]()

    def add(self, instance: Instance) -> None:
        self.groups.add(instance.group)
        if instance.image is not None:
            self.images.setdefault(instance.image)
        for name, text in instance.fields.items():
            self.fields[name].append(len(text.split()))
        self.option_words.extend(len(option.split()) for option in instance.options)
        self.options.append(len(instance.options))
        self.references.append(len(instance.targets))
        for target in instance.targets[:1]:
            self.target_words.append(len(target.split()))
            self.answers[target] += 1


def describe_task(data: DataFolder, task: str) -> Statistics:
    """Count and measure a task.

    Raises:
        InputError: the folder does not hold it, or it is damaged.

    """
    counts = _Counts()
    for instance in data.instances(task):
        counts.add(instance)
    sizes = list(picture_sizes(data.folder(task), list(counts.images)))
    rows = len(counts.options)
    return Statistics(
        digest=data.entry(task).digest,
        rows=rows,
        groups=len(counts.groups),
        pictures=len(counts.images),
        picture_width=Spread.of(width for width, _ in sizes),
        picture_height=Spread.of(height for _, height in sizes),
        field_words={name: Spread.of(lengths) for name, lengths in counts.fields.items()},
        option_words=Spread.of(counts.option_words),
        target_words=Spread.of(counts.target_words),
        options_a_row=Spread.of(counts.options),
        references_a_row=Spread.of(counts.references),
        distinct_answers=len(counts.answers),
        answers=_shares(counts.answers, rows),
    )


def _shares(answers: Mapping[str, int], rows: int) -> dict[str, float]:
    return {text: round(count / rows, 4) for text, count in Counter(answers).most_common(MOST_FREQUENT)}
