"""What a metric is: a rule, its name in signatures, and a way to apply it to a whole corpus."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import starmap
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mibench.metrics.references import References

Rule = Callable[[str, References], float]
Rules = Callable[[Sequence[str], Sequence[References]], NDArray[np.float64]]


@dataclass(frozen=True)
class Metric:
    """One prediction and its references give a score in [0, 1].

    Attributes:
        rule: from one prediction and its references to its score.
        version: counts changes of the rule that move a score.
        settings: what the rule does, in a few letters, for the signature.
        reads: the generated text, or the options that the model holds likeliest.
        rules: the same for many predictions at once, where that is faster; equal to the bit.

    """

    rule: Rule
    version: int
    settings: str
    reads: Literal["text", "likeliest"] = "text"
    rules: Rules | None = None

    @property
    def signature(self) -> str:
        """Version and settings: what a score depends on."""
        return f"v{self.version}+{self.settings}"

    def __call__(self, prediction: str, references: References) -> float:
        """Score one prediction."""
        return self.rule(prediction, references)

    def corpus(self, predictions: Sequence[str], references: Sequence[References]) -> NDArray[np.float64]:
        """Score many predictions; each distinct pair of prediction and references is computed once.

        Returns:
            One score a prediction, in [0, 1].

        """
        places: dict[tuple[str, References], int] = {}
        pairs = zip(predictions, references, strict=True)
        which = np.fromiter((places.setdefault(pair, len(places)) for pair in pairs), np.intp)
        return self.distinct([text for text, _ in places], [known for _, known in places])[which]

    def distinct(self, predictions: Sequence[str], references: Sequence[References]) -> NDArray[np.float64]:
        """Score predictions of which the caller knows that no pair repeats."""
        if self.rules is not None:
            return self.rules(predictions, references)
        return np.fromiter(starmap(self.rule, zip(predictions, references, strict=True)), np.float64)


@dataclass(frozen=True)
class CorpusMetric:
    """All answers to a task under one wording, and their references, give one score in [0, 1].

    Attributes:
        settings: what the score depends on, for the signature.
        rule: from the predictions and their references to the score.

    """

    settings: str
    rule: Callable[[Sequence[str], Sequence[References]], float]
