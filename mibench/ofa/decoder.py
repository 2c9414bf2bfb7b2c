"""The decoder of OFA: tokens that see those before them, and what the encoder tells."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers.cache_utils import EncoderDecoderCache
from transformers.modeling_outputs import BaseModelOutputWithPastAndCrossAttentions

from mibench.errors import InputError
from mibench.ofa.attention import OFAAttention, implementation_of
from mibench.ofa.configuration import OFAConfig
from mibench.ofa.encoder import OFAEncoder, OFAEncoderOutput, OFALayer
from mibench.ofa.positions import (
    MOST_TOKENS,
    NO_PATCHES,
    BiasTable,
    RememberedBiases,
    absolute_bias,
    causal,
    hide,
    patch_table_size,
    relative_bias,
    token_buckets,
)


class OFADecoderLayer(OFALayer):  # type: ignore[no-untyped-call]
    """Self-attention, attention to the encoder, then two linear maps."""

    def __init__(self, config: OFAConfig, index: int, drop_path_rate: float) -> None:
        super().__init__(
            config,
            config.decoder_ffn_dim,
            normalize_before=config.decoder_normalize_before,
            drop_path_rate=drop_path_rate,
        )
        self.self_attn = _attention(config, index)
        self.self_attn_layer_norm = nn.LayerNorm(config.d_model)
        self.self_attn_mid_layer_norm = nn.LayerNorm(config.d_model) if config.normformer else None
        self.cross_attn = _attention(config, index)
        self.cross_attn_layer_norm = nn.LayerNorm(config.d_model)
        self.cross_attn_mid_layer_norm = nn.LayerNorm(config.d_model) if config.normformer else None

    def forward(
        self,
        states: Tensor,
        bias: Tensor,
        source: Tensor,
        cross_bias: Tensor,
        implementation: str = "sdpa",
        *,
        cache: EncoderDecoderCache | None = None,
    ) -> tuple[Tensor, Tensor | None, Tensor | None]:
        """Return states [B, Q, D] and, if eager, the weights of self-attention and of that to the encoder."""
        branch, weights = self.self_attn(
            self.before(states, self.self_attn_layer_norm), bias, cache=cache, implementation=implementation
        )
        if self.self_attn_mid_layer_norm is not None:
            branch = self.self_attn_mid_layer_norm(branch)
        states = self.after(states, branch, self.self_attn_layer_norm)
        branch, cross_weights = self.cross_attn(
            self.before(states, self.cross_attn_layer_norm),
            cross_bias,
            source=source,
            cache=cache,
            implementation=implementation,
        )
        if self.cross_attn_mid_layer_norm is not None:
            branch = self.cross_attn_mid_layer_norm(branch)
        states = self.after(states, branch, self.cross_attn_layer_norm)
        return self.feed_forward(states), weights, cross_weights


def _attention(config: OFAConfig, index: int) -> OFAAttention:
    return OFAAttention(
        config.d_model,
        config.decoder_attention_heads,
        factor=config.attn_scale_factor,
        dropout=config.attention_dropout,
        layer_index=index,
    )


class OFADecoder(nn.Module):
    """Embedded tokens, their positions, the layers, and the projection to the vocabulary.

    The parameters for drawing images by their codes (`embed_image_positions`, `image_pos_ln`,
    `image_rel_pos_table_list`, `code_layernorm_embedding`) are there for checkpoints to load and save; nothing uses
    them.
    """

    def __init__(self, config: OFAConfig, embed_tokens: nn.Embedding) -> None:
        super().__init__()
        width, heads, layers = config.d_model, config.decoder_attention_heads, config.decoder_layers
        self.config = config
        self.embed_tokens = embed_tokens
        self.layernorm_embedding = nn.LayerNorm(width) if config.layernorm_embedding else None
        self.code_layernorm_embedding = nn.LayerNorm(width) if config.code_layernorm_embedding else None
        self.embed_positions = nn.Embedding(config.max_position_embeddings + 2, width)
        self.embed_image_positions = nn.Embedding(config.image_bucket_size**2 + 1, width)
        self.pos_ln = nn.LayerNorm(width)
        self.image_pos_ln = nn.LayerNorm(width)
        self.self_pos_q_linear = nn.Linear(width, width)
        self.self_pos_k_linear = nn.Linear(width, width)
        self.cross_pos_q_linear = nn.Linear(width, width)
        self.cross_pos_k_linear = nn.Linear(width, width)
        rates = [config.decoder_drop_path_rate * index / max(layers - 1, 1) for index in range(layers)]
        self.layers = nn.ModuleList(OFADecoderLayer(config, index, rate) for index, rate in enumerate(rates))
        self.layer_norm = nn.LayerNorm(width) if config.decoder_normalize_before else None
        self.output_projection = nn.Linear(width, config.vocab_size, bias=False)
        self.token_rel_pos_table_list = nn.ModuleList(
            BiasTable(2 * config.token_bucket_size - 1, heads) for _ in range(layers)
        )
        self.image_rel_pos_table_list = nn.ModuleList(
            BiasTable(patch_table_size(config.image_bucket_size), heads) for _ in range(layers)
        )
        self.biases = RememberedBiases()

    def train(self, mode: bool = True) -> "OFADecoder":
        """Switch the mode, as `nn.Module.train`; remembered biases are forgotten."""
        self.biases.forget()
        return super().train(mode)

    @property
    def most_tokens(self) -> int:
        """The longest answer."""
        return min(MOST_TOKENS, self.config.max_position_embeddings)

    def forward(
        self,
        input_ids: Tensor,
        encoder_outputs: OFAEncoderOutput,
        encoder: OFAEncoder,
        attention_mask: Tensor | None = None,
        cache: EncoderDecoderCache | None = None,
        output_attentions: bool | None = None,
        output_hidden_states: bool | None = None,
    ) -> BaseModelOutputWithPastAndCrossAttentions:
        """Return the states of tokens [B, Q] that follow those in the cache, [B, Q, D], before the projection.

        Args:
            input_ids: the tokens.
            encoder_outputs: of S rows; B is a multiple of S, and as many consecutive rows share one of them.
            encoder: whose positions the cross-attention refers to.
            attention_mask: false at padded tokens, those in the cache included, [B, K].
            cache: keys and values of earlier tokens and of the encoder's states; extended in place.
            output_attentions: whether to return attention weights.
            output_hidden_states: whether to return the states before and after each layer.

        Raises:
            InputError: the answer is longer than there are positions for, or B is no multiple of S.

        """
        source = encoder_outputs.last_hidden_state
        assert source is not None
        if len(input_ids) % len(source):
            raise InputError(f"{len(input_ids)} answers do not share out among {len(source)} encoded rows")
        start = 0 if cache is None else cache.get_seq_length()
        end = start + input_ids.shape[1]
        if end > self.most_tokens:
            raise InputError(f"an answer of {end} tokens; the most is {self.most_tokens}", remedy="generate fewer")
        self.biases.refresh(self._bias_sources(encoder))
        cross_bias = self._cross_bias(start, end, encoder_outputs, encoder)
        states = self._embed(input_ids, start)

        implementation = implementation_of(self.config, output_attentions)
        kept: list[Tensor] = [states]
        attentions: list[Tensor] = []
        cross_attentions: list[Tensor] = []
        for layer, bias in zip(self.layers, self._layer_biases(start, end), strict=True):
            if self.training and torch.rand(()) < self.config.decoder_layerdrop:
                continue
            states, weights, cross_weights = layer(
                states, hide(bias[None], attention_mask), source, cross_bias, implementation, cache=cache
            )
            kept.append(states)
            if weights is not None and cross_weights is not None:
                attentions.append(weights)
                cross_attentions.append(cross_weights)
        if self.layer_norm is not None:
            states = self.layer_norm(states)
        return BaseModelOutputWithPastAndCrossAttentions(
            last_hidden_state=states,
            hidden_states=tuple(kept) if output_hidden_states else None,
            attentions=tuple(attentions) if output_attentions else None,
            cross_attentions=tuple(cross_attentions) if output_attentions else None,
        )

    def _embed(self, input_ids: Tensor, start: int) -> Tensor:
        states = self.embed_tokens(input_ids) * self.config.embedding_scale
        if self.config.decoder_is_entangled:
            states = states + self.embed_positions.weight[start : start + input_ids.shape[1]]
        if self.layernorm_embedding is not None:
            states = self.layernorm_embedding(states)
        return functional.dropout(states, self.config.dropout, self.training)

    def _positions(self, length: int) -> Tensor:
        positions: Tensor = self.pos_ln(self.embed_positions.weight[:length])
        return positions

    def _layer_biases(self, start: int, end: int) -> Iterator[Tensor]:
        """Yield the bias of each layer for tokens start to end, [heads, end - start, end]."""
        absolute = self._absolute_bias(end) if torch.is_grad_enabled() else None
        for index in range(len(self.layers)):

            def build(length: int, index: int = index) -> Tensor:
                table = self.token_rel_pos_table_list[index]
                buckets = token_buckets(length, self.config.token_bucket_size, self.embed_positions.weight.device)
                positions = self._absolute_bias(length) if absolute is None else absolute
                return causal(positions + relative_bias(table, buckets))

            yield self.biases.get(("self", index), (end,), self.most_tokens, build)[:, start:end, :end]

    def _absolute_bias(self, length: int) -> Tensor:
        positions = self._positions(length)
        return absolute_bias(
            positions,
            positions,
            self.self_pos_q_linear,
            self.self_pos_k_linear,
            self.config.decoder_attention_heads,
            self.config.attn_scale_factor,
        )

    def _cross_bias(self, start: int, end: int, outputs: OFAEncoderOutput, encoder: OFAEncoder) -> Tensor:
        """Return the bias of tokens start to end towards the encoder's states, [1 or S, heads, end - start, K]."""
        assert outputs.last_hidden_state is not None
        grid, size = outputs.patch_grid or NO_PATCHES, outputs.last_hidden_state.shape[1]

        def build(length: int, tokens: int) -> Tensor:
            return absolute_bias(
                self._positions(length),
                encoder.positions(tokens, grid),
                self.cross_pos_q_linear,
                self.cross_pos_k_linear,
                self.config.decoder_attention_heads,
                self.config.attn_scale_factor,
            )

        sizes = (end, size - grid[0] * grid[1])
        bias = self.biases.get(("cross", grid), sizes, self.most_tokens, build)[None, :, start:end, :size]
        return hide(bias, outputs.attention_mask)

    def _bias_sources(self, encoder: OFAEncoder) -> Iterator[Tensor]:
        yield from encoder.position_sources()
        for module in (
            self.embed_positions,
            self.pos_ln,
            self.self_pos_q_linear,
            self.self_pos_k_linear,
            self.cross_pos_q_linear,
            self.cross_pos_k_linear,
            self.token_rel_pos_table_list,
        ):
            yield from module.parameters()
