"""Multi-head attention of OFA: an additive bias, and a learnt factor for each head (NormFormer)."""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedConfig
from transformers.cache_utils import Cache, CacheLayerMixin, EncoderDecoderCache

from mibench.errors import InputError

IMPLEMENTATIONS = ("sdpa", "eager")
"""Twins: torch's fused attention, and the formula written out, which also returns the weights."""


def implementation_of(config: PreTrainedConfig, output_attentions: bool | None) -> str:
    """Return the implementation that a configuration asks for; only one can return attention weights.

    Raises:
        InputError: OFA does not have it.

    """
    asked = config._attn_implementation or "sdpa"
    if asked not in IMPLEMENTATIONS:
        raise InputError(f"attn_implementation={asked!r} is not supported", remedy=" or ".join(IMPLEMENTATIONS))
    return "eager" if output_attentions else asked


class OFAAttention(nn.Module):
    """Attention within a sequence, or from the decoder to the encoder.

    Args:
        width: of the hidden states.
        heads: number of heads; divides width.
        factor: `attn_scale_factor`; scores are divided by the root of head width times factor.
        dropout: of the attention weights.
        layer_index: place of the layer's keys and values in a cache.

    """

    def __init__(self, width: int, heads: int, *, factor: float, dropout: float, layer_index: int = 0) -> None:
        super().__init__()
        self.heads = heads
        self.head_width = width // heads
        self.scaling = (self.head_width * factor) ** -0.5
        self.dropout = dropout
        self.layer_index = layer_index
        self.q_proj = nn.Linear(width, width)
        self.k_proj = nn.Linear(width, width)
        self.v_proj = nn.Linear(width, width)
        self.out_proj = nn.Linear(width, width)
        self.c_attn = nn.Parameter(torch.ones(heads))

    def forward(
        self,
        hidden_states: Tensor,
        bias: Tensor,
        *,
        source: Tensor | None = None,
        cache: EncoderDecoderCache | None = None,
        implementation: str = "sdpa",
    ) -> tuple[Tensor, Tensor | None]:
        """Return what each position gathers, [B, Q, D], and the weights, [B, heads, Q, K], if eager.

        Args:
            hidden_states: the queries' states, [B, Q, D].
            bias: added to the scores, [1 or S, heads, Q, K], masks included.
            source: states to attend to, [S, K, D], for attention to the encoder. B is a multiple of S: as many
                consecutive queries share a source, so that its keys and values exist once for all beams and options.
            cache: keys and values of the steps before, extended in place.
            implementation: one of `IMPLEMENTATIONS`.

        """
        queries = self._split(self.q_proj(hidden_states))
        keys, values = self._keys_and_values(hidden_states if source is None else source, source is not None, cache)
        rows, length, sources = queries.shape[0], queries.shape[2], keys.shape[0]
        if rows != sources:
            queries = _fold_rows(queries, sources)
            bias = _repeat_queries(bias, rows // sources)
        dropout = self.dropout if self.training else 0.0
        weights = None
        if implementation == "eager":
            scores = queries * self.scaling @ keys.transpose(2, 3) + bias
            weights = functional.softmax(scores, dim=-1, dtype=torch.float32).to(values.dtype)
            gathered = functional.dropout(weights, dropout) @ values
        else:
            gathered = functional.scaled_dot_product_attention(
                queries, keys, values, attn_mask=bias, dropout_p=dropout, scale=self.scaling
            )
        gathered = gathered * self.c_attn[:, None, None].to(gathered.dtype)
        if rows != sources:
            gathered = _unfold_rows(gathered, rows)
            weights = None if weights is None else _unfold_rows(weights, rows)
        joined = gathered.transpose(1, 2).reshape(rows, length, self.heads * self.head_width)
        return self.out_proj(joined), weights

    def _split(self, states: Tensor) -> Tensor:
        return states.view(*states.shape[:2], self.heads, self.head_width).transpose(1, 2)

    def _keys_and_values(
        self, states: Tensor, from_encoder: bool, cache: EncoderDecoderCache | None
    ) -> tuple[Tensor, Tensor]:
        if cache is not None and from_encoder and cache.is_updated.get(self.layer_index):
            known = cast(CacheLayerMixin, cache.cross_attention_cache.layers[self.layer_index])
            assert known.keys is not None
            assert known.values is not None
            return known.keys, known.values
        keys, values = self._split(self.k_proj(states)), self._split(self.v_proj(states))
        if cache is None:
            return keys, values
        part: Cache = cache.cross_attention_cache if from_encoder else cache.self_attention_cache
        keys, values = part.update(keys, values, self.layer_index)
        if from_encoder:
            cache.is_updated[self.layer_index] = True
        return keys, values


def _fold_rows(states: Tensor, sources: int) -> Tensor:
    """Turn rows [S * R, heads, Q, D] that share S sources into queries of them, [S, heads, R * Q, D]."""
    rows, heads, length, width = states.shape
    together = states.view(sources, rows // sources, heads, length, width).transpose(1, 2)
    return together.reshape(sources, heads, -1, width)


def _unfold_rows(states: Tensor, rows: int) -> Tensor:
    """Undo `_fold_rows`."""
    sources, heads, queries, width = states.shape
    repeats = rows // sources
    apart = states.view(sources, heads, repeats, queries // repeats, width).transpose(1, 2)
    return apart.reshape(rows, heads, -1, width)


def _repeat_queries(bias: Tensor, repeats: int) -> Tensor:
    """Return the bias [S, heads, Q, K] of queries that come `repeats` times, [S, heads, repeats * Q, K]."""
    return bias[:, :, None].expand(-1, -1, repeats, -1, -1).flatten(2, 3)
