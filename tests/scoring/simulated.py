"""Submissions made up at random, of which the truth is known."""

import numpy as np

from mibench.cards import INSTRUCTIONS


def draw_scores(random, truth, sizes, *, alike=0.6, spread=0.25):
    """Return right or wrong for each wording and row, whose expected values are `truth`.

    Rows of a group share their difficulty; a row is judged alike under all wordings with probability `alike`.
    """
    rows = int(sizes.sum())
    difficulty = np.repeat(random.uniform(-spread, spread, len(sizes)), sizes)
    luck = np.where(random.random(rows) < alike, random.random(rows), random.random((INSTRUCTIONS, rows)))
    return (luck < np.asarray(truth)[:, None] + difficulty).astype(np.float64)
