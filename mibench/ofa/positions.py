"""Positions of OFA: they enter attention as biases, which depend on lengths and the patch grid, never on content.

So a bias is computed once for a shape, shared by all rows and steps, and cut to size where a call needs less of it.
"""

import functools
import math
from collections import OrderedDict
from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn
from torch.nn import functional

MOST_TOKENS = 1024
"""Tokens of a text for which the relative buckets are defined, whatever the size of the position table."""

REMEMBERED_BYTES = 2**30
"""Memory that a model's encoder and decoder may each spend on biases between calls."""

_STEP = 32
_ALIGNED = 8

Grid = tuple[int, int]
"""Rows and columns of patches; (0, 0) is a text without image."""

Stamp = tuple[tuple[int, int, torch.dtype], ...]

NO_PATCHES: Grid = (0, 0)


@functools.lru_cache(maxsize=16)
def token_buckets(length: int, bucket_size: int, device: torch.device) -> Tensor:
    """Return the bucket of each pair of tokens, [length, length], of 2 * bucket_size - 1 buckets.

    Distances up to bucket_size // 2 have one each, longer ones share them by their logarithm. The logarithms are taken
    in single precision, as in the original, so that no distance falls into a neighbouring bucket.
    """
    middle = bucket_size // 2
    with torch.inference_mode(False):
        distance = torch.arange(1 - length, length, device="cpu")
        far = distance.abs().clamp(min=middle)
        logarithm = torch.log(far / middle) / math.log((MOST_TOKENS - 1) / middle) * (middle - 1)
        shared = torch.ceil(logarithm).int() + middle
        bucket = torch.where(distance.abs() <= middle, distance, shared * distance.sign()) + bucket_size - 1
        places = torch.arange(length, device="cpu")
        return bucket[places[:, None] - places + length - 1].to(device)


@functools.lru_cache(maxsize=16)
def patch_buckets(grid: Grid, bucket_size: int, device: torch.device) -> Tensor:
    """Return the bucket of each pair of patches in row-major order, [P, P]: one for each step between two cells."""
    with torch.inference_mode(False):
        rows, columns = (part.flatten() for part in _cells(grid))
        down, across = rows[:, None] - rows, columns[:, None] - columns
        return ((down + bucket_size - 1) * (2 * bucket_size - 1) + across + bucket_size - 1).to(device)


@functools.lru_cache(maxsize=16)
def patch_ids(grid: Grid, bucket_size: int, device: torch.device) -> Tensor:
    """Return the position id of each patch in row-major order, [P]; 0 is left for what is no patch."""
    with torch.inference_mode(False):
        rows, columns = _cells(grid)
        return (rows * bucket_size + columns + 1).flatten().to(device)


def _cells(grid: Grid) -> tuple[Tensor, Tensor]:
    rows, columns = torch.meshgrid(
        torch.arange(grid[0], device="cpu"), torch.arange(grid[1], device="cpu"), indexing="ij"
    )
    return rows, columns


def patch_table_size(bucket_size: int) -> int:
    """Return the number of buckets of a patch table: one for each step, and three for what is no patch."""
    return (2 * bucket_size - 1) ** 2 + 3


class BiasTable(nn.Embedding):
    """The bias of each bucket for each head, [N, heads]; all zero in a new model."""


def absolute_bias(
    query_positions: Tensor, key_positions: Tensor, query: nn.Linear, key: nn.Linear, heads: int, factor: float
) -> Tensor:
    """Return the bias of positions [Q, D] towards positions [K, D], [heads, Q, K].

    Args:
        query_positions: embedded and normalised positions of the queries.
        key_positions: the same of the keys.
        query: projection of the queries.
        key: projection of the keys.
        heads: number of heads.
        factor: `attn_scale_factor`; the bias is divided by the root of head width times factor.

    """
    width = query_positions.shape[-1] // heads
    queries = query(query_positions).view(-1, heads, width).transpose(0, 1)
    keys = key(key_positions).view(-1, heads, width).transpose(0, 1)
    bias: Tensor = (queries * (width * factor) ** -0.5) @ keys.transpose(1, 2)
    return bias


def relative_bias(table: nn.Module, buckets: Tensor) -> Tensor:
    """Return the entries of a `BiasTable` [N, heads] for buckets [Q, K], [heads, Q, K]."""
    return functional.embedding(buckets, table.get_parameter("weight")).permute(2, 0, 1)


def causal(bias: Tensor) -> Tensor:
    """Return a bias [..., T, T] that no position after the query's own can overcome."""
    length = bias.shape[-1]
    later = torch.ones(length, length, dtype=torch.bool, device=bias.device).triu(1)
    return bias.masked_fill(later, torch.finfo(bias.dtype).min)


def hide(bias: Tensor, mask: Tensor | None) -> Tensor:
    """Return a bias [1, heads, Q, K] that no key can overcome where a mask [B, K] is false, [B or 1, heads, Q, K]."""
    if mask is None:
        return bias
    return torch.where(mask[:, None, None, :].bool(), bias, torch.finfo(bias.dtype).min)


def stamp_of(tensors: Iterable[Tensor]) -> Stamp:
    """Return what changes when a tensor is replaced, moved or written to in place (but not through `.data`)."""
    return tuple(
        (tensor.data_ptr(), 0 if tensor.is_inference() else tensor._version, tensor.dtype) for tensor in tensors
    )


class RememberedBiases:
    """Biases of the shapes seen lately, for as long as the parameters that they came from stay the same.

    Nothing is remembered while gradients are recorded. A remembered bias is somewhat larger than was asked for, so that
    texts of about one length share it; the oldest are forgotten where `REMEMBERED_BYTES` would not hold all.
    """

    def __init__(self) -> None:
        self._stamp: object = None
        self._biases: OrderedDict[object, Tensor] = OrderedDict()
        self._sizes: dict[object, tuple[int, ...]] = {}

    def __reduce__(self) -> tuple[type["RememberedBiases"], tuple[()]]:
        return (RememberedBiases, ())

    def refresh(self, sources: Iterable[Tensor]) -> None:
        """Forget everything if a source is not what it was at the last call; called once in each pass."""
        if torch.is_grad_enabled():
            return
        stamp = (torch.is_autocast_enabled("cuda"), torch.is_autocast_enabled("cpu"), stamp_of(sources))
        if stamp != self._stamp:
            self.forget()
            self._stamp = stamp

    def forget(self) -> None:
        """Forget everything."""
        self._stamp = None
        self._biases.clear()
        self._sizes.clear()

    def get(self, key: object, sizes: tuple[int, ...], limit: int, build: Callable[..., Tensor]) -> Tensor:
        """Return the bias of a key for at least these numbers of tokens; the caller cuts it to size.

        Args:
            key: what the bias depends on besides numbers of tokens.
            sizes: numbers of tokens.
            limit: a size that is never exceeded.
            build: makes the bias, given sizes.

        """
        if torch.is_grad_enabled():
            return build(*sizes)
        known = self._sizes.get(key)
        if known is not None and all(have >= need for have, need in zip(known, sizes, strict=True)):
            self._biases.move_to_end(key)
            return self._biases[key]
        sizes = tuple(max(have, min(limit, _rounded(need))) for have, need in zip(known or sizes, sizes, strict=True))
        bias = build(*sizes)
        bias = functional.pad(bias, (0, -bias.shape[-1] % _ALIGNED))
        self._biases[key], self._sizes[key] = bias, sizes
        self._biases.move_to_end(key)
        held = sum(kept.nbytes for kept in self._biases.values())
        while held > REMEMBERED_BYTES:
            oldest, dropped = self._biases.popitem(last=False)
            del self._sizes[oldest]
            held -= dropped.nbytes
        return bias


def _rounded(size: int) -> int:
    return -(-size // _STEP) * _STEP
