"""What guessing scores: the floor above which a score begins to mean something."""

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
    at_random = math.fsum(
        count * sum(metric(option, known) for option in known.options) / len(known.options)
        for known, count in kinds.items()
    )
    common = set.intersection(*(set(known.options) for known in kinds))
    always = (math.fsum(count * metric(option, known) for known, count in kinds.items()) for option in sorted(common))
    return 100 * max([at_random, *always]) / len(references)
