"""What guessing scores: the floor above which a score begins to mean something."""

import itertools
import math
from collections import Counter
from collections.abc import Sequence

from mibench.metrics.metric import Metric
from mibench.metrics.references import References


def chance(metric: Metric, references: Sequence[References]) -> float | None:
    """Return the better of two ways to guess, 0 to 100: an option at random, or always the same one.

    Always the same is possible only for an option that every row offers. None where a row offers no options.
    """
    kinds = Counter(references)
    if not kinds or not all(known.options for known in kinds):
        return None
    options = [option for known in kinds for option in known.options]
    scores = iter(metric.distinct(options, [known for known in kinds for _ in known.options]).tolist())
    everywhere = set.intersection(*(set(known.options) for known in kinds))
    at_random, always = list[float](), {option: list[float]() for option in everywhere}
    for known, count in kinds.items():
        own = list(itertools.islice(scores, len(known.options)))
        at_random.append(count * math.fsum(own) / len(own))
        found = dict(zip(known.options, own, strict=True))
        for option, parts in always.items():
            parts.append(count * found[option])
    return 100 * max(map(math.fsum, [at_random, *always.values()])) / len(references)
