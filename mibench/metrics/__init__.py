"""Metrics: one prediction and its references give a score in [0, 1].

Every metric is a function `(prediction, references, options) -> float`, registered under the name by which task
cards ask for it. The options are those of the instance, in any order; most metrics ignore them.
"""

from collections.abc import Callable, Mapping, Sequence

from mibench.metrics.accuracy import accuracy, accuracy_lenient, accuracy_strict
from mibench.metrics.rouge import rouge_l

Metric = Callable[[str, Sequence[str], Sequence[str]], float]

METRICS: Mapping[str, Metric] = {
    "accuracy": accuracy,
    "accuracy_strict": accuracy_strict,
    "accuracy_lenient": accuracy_lenient,
    "rouge_l": rouge_l,
}

SETTINGS: Mapping[str, str] = {
    "accuracy": "nfkc+lower+space+endpunct",
    "accuracy_strict": "raw",
    "accuracy_lenient": "first-option-named",
    "rouge_l": "f1+nostem+best-ref",
}
"""What each metric does, in a few letters, for the signature."""
