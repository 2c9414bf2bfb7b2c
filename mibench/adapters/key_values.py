"""Keys and values of earlier tokens, as transformers caches them: rows of them, and room for more."""

import copy
import inspect
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad
from transformers.cache_utils import DynamicCache, DynamicLayer, DynamicSlidingWindowLayer, EncoderDecoderCache

CACHE_NAMES = ("cache", "past_key_values")
"""How versions of transformers call them, the newest first."""
PLAIN_LAYERS = (DynamicLayer, DynamicSlidingWindowLayer)
"""Layers of a cache that are keys and values, [B, H, L, D], and nothing else."""


class RoomyLayer(DynamicLayer):  # type: ignore[no-untyped-call]
    """A layer with room for the tokens that will come, so that those before are not copied at each step.

    Where there are more than expected, it grows as a plain one.
    """

    def __init__(self, keys: Tensor, values: Tensor, length: int) -> None:
        """Take keys and values, [B, H, room, D], of which `length` tokens are known."""
        super().__init__()  # type: ignore[no-untyped-call]
        self.dtype, self.device = keys.dtype, keys.device
        self.is_initialized = True
        self._take(keys, values, length)

    def _take(self, keys: Tensor, values: Tensor, length: int) -> tuple[Tensor, Tensor]:
        self._room = keys, values
        self.keys, self.values = known = keys[:, :, :length], values[:, :, :length]
        return known

    def update(self, key_states: Tensor, value_states: Tensor, *_: Any, **__: Any) -> tuple[Tensor, Tensor]:
        """Add tokens, [B, H, T, D], and return all, [B, H, L + T, D]."""
        start = self.get_seq_length()
        end = start + key_states.shape[-2]
        if end > self._room[0].shape[-2]:
            known = zip(self._room, (key_states, value_states), strict=True)
            keys, values = (torch.cat([room[:, :, :start], new], dim=-2) for room, new in known)
            return self._take(keys, values, end)
        for room, new in zip(self._room, (key_states, value_states), strict=True):
            room[:, :, start:end] = new
        return self._take(*self._room, end)

    def reorder_cache(self, beam_idx: Tensor) -> None:
        """Keep some rows, in that order."""
        keys, values = (room.index_select(0, beam_idx.to(room.device)) for room in self._room)
        self._take(keys, values, self.get_seq_length())


def cache_name(model: Any) -> str:
    """Return how a model calls the cache that it takes."""
    known = inspect.signature(model.forward).parameters
    return next(name for name in CACHE_NAMES if name in known)


def single_rows(cache: DynamicCache) -> list[DynamicCache]:
    """Return each row of a cache of plain layers as a cache of its own, without copying it."""
    layers: list[Any] = cache.layers
    rows = []
    for row in range(len(layers[0].keys)):
        single = copy.copy(cache)
        parts = [copy.copy(layer) for layer in layers]
        for part in parts:
            part.keys, part.values = part.keys[row : row + 1], part.values[row : row + 1]
        single.layers = parts
        rows.append(single)
    return rows


def repeat_rows(caches: Sequence[DynamicCache], rows: Tensor, room: int) -> DynamicCache:
    """Return a cache of rows that are those of others, padded on the left to the longest.

    Args:
        caches: of plain layers, one row each.
        rows: which cache each row is from, [R].
        room: tokens that there will be in all.

    """
    longest = max(cache.get_seq_length() for cache in caches)
    repeated = DynamicCache()
    for layers in zip(*(cache.layers for cache in caches), strict=True):
        keys, values = (
            _repeated([getattr(layer, name) for layer in layers], rows, longest, room) for name in ("keys", "values")
        )
        repeated.layers.append(RoomyLayer(keys, values, longest))
    return repeated


def _repeated(states: Sequence[Tensor], rows: Tensor, longest: int, room: int) -> Tensor:
    padded = torch.cat([pad(each, (0, 0, longest - each.shape[-2], 0)) for each in states])
    repeated = padded.new_empty(len(rows), padded.shape[1], room, padded.shape[3])
    repeated[:, :, :longest] = padded[rows.to(padded.device)]
    return repeated


def select_rows(cache: Any, rows: Tensor) -> Any:
    """Return a cache of some rows of another, which stays as it is."""
    if isinstance(cache, EncoderDecoderCache):
        return EncoderDecoderCache(
            select_rows(cache.self_attention_cache, rows), select_rows(cache.cross_attention_cache, rows)
        )
    selected = copy.copy(cache)
    selected.layers = [
        copy.copy(layer) if type(layer) in (*PLAIN_LAYERS, RoomyLayer) else copy.deepcopy(layer)
        for layer in cache.layers
    ]
    selected.reorder_cache(rows)
    return selected
