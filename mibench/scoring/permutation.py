"""Paired permutation tests (Fisher, 1935; Noreen, 1989), corrected over tasks by Holm (1979).

A p-value asks how often two models that answer alike would differ by so much: the answers of the two to each group are
exchanged or not, at random.
"""

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np

from mibench.cards import INSTRUCTIONS
from mibench.scoring.comparison import Difference
from mibench.scoring.intervals import DIGITS
from mibench.scoring.resampling import Floats, over_blocks, signs


def exchange(
    sums: Floats, counts: Floats, pairs: Sequence[tuple[int, int]], seed: str, permutations: int
) -> dict[tuple[int, int], Floats]:
    """Return the differences of the means of each pair, 0 to 100, under random exchanges, [permutations].

    Args:
        sums: over groups, [submissions, instructions, groups].
        counts: rows of each group, [groups].
        pairs: two submissions each.
        seed: names the task and its data.
        permutations: how many.

    """
    over_wordings = sums.sum(axis=1)
    by_group = np.stack([over_wordings[one] - over_wordings[two] for one, two in pairs], axis=1)
    groups = len(by_group)
    drawn = over_blocks(lambda block, count: signs(groups, seed, block)[:count] @ by_group, groups, permutations)
    return dict(zip(pairs, 100 * drawn.T / (INSTRUCTIONS * counts.sum()), strict=True))


def p_value(observed: float, exchanged: Floats) -> float:
    """Return the share of exchanges with a difference as large, the observed one among them."""
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
