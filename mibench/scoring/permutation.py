"""Paired permutation tests (Fisher, 1935; Noreen, 1989), corrected over tasks by Holm (1979).

A p-value asks how often a difference so large would arise if the answers of two models to each group were exchanged at
random. It is exact, up to the number of random exchanges, where the two models answer alike.
"""

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np

from mibench.scoring.comparison import Difference
from mibench.scoring.intervals import DIGITS
from mibench.scoring.resampling import Floats, over_blocks, signs
from mibench.scoring.spread import SPREAD, spread_of_sums


def exchange(
    sums: Floats, counts: Floats, pairs: Sequence[tuple[int, int]], seed: str, permutations: int
) -> dict[tuple[int, int], dict[str, Floats]]:
    """Return the differences of each pair, by `SPREAD`, when the answers to each group are exchanged or not at random.

    Args:
        sums: over groups, [submissions, instructions, groups].
        counts: rows of each group, [groups].
        pairs: two submissions each.
        seed: names the task and its data.
        permutations: how many.

    """
    differences = np.concatenate([sums[one] - sums[two] for one, two in pairs])
    by_group = np.ascontiguousarray(differences.T)
    groups = len(by_group)
    drawn = over_blocks(lambda block, count: signs(groups, seed, block)[:count] @ by_group, groups, permutations)
    total = np.full((1, permutations), counts.sum())
    found = {}
    for (one, two), gap in zip(pairs, np.split(drawn.T, len(pairs)), strict=True):
        both = (sums[one] + sums[two]).sum(axis=1, keepdims=True)
        left, right = (spread_of_sums(np.concatenate([(both + sign * gap) / 2, total])) for sign in (1, -1))
        found[one, two] = dict(zip(SPREAD, (left - right)[-len(SPREAD) :], strict=True))
    return found


def p_value(observed: float, exchanged: Floats) -> float | None:
    """Return the share of exchanges with a difference as large, the observed one among them."""
    if np.isnan(exchanged).any():
        return None
    as_large = np.count_nonzero(np.abs(exchanged) >= abs(observed) - 1e-9)
    return round((1 + float(as_large)) / (1 + len(exchanged)), DIGITS)


def holm(differences: Mapping[str, Difference]) -> dict[str, Difference]:
    """Return the differences with p-values corrected for their number; those without a p-value do not count."""
    tested = sorted((found.p, name) for name, found in differences.items() if found.p is not None)
    corrected, largest = dict(differences), 0.0
    for place, (p, name) in enumerate(tested):
        largest = max(largest, min(1.0, (len(tested) - place) * p))
        corrected[name] = msgspec.structs.replace(differences[name], p_holm=round(largest, DIGITS))
    return corrected
