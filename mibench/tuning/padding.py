"""Lists of tokens as one tensor."""

from collections.abc import Sequence

import torch
from torch import Tensor

IGNORED = -100
"""The label of what no loss counts."""


def padded(lists: Sequence[Sequence[int]], padding: int) -> Tensor:
    """Return lists of numbers as one tensor, padded on the right."""
    longest = max(map(len, lists))
    return torch.tensor([[*numbers, *[padding] * (longest - len(numbers))] for numbers in lists])
