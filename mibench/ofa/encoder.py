"""The encoder of OFA: the patches of an image, then the tokens of a text."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers.activations import ACT2FN
from transformers.modeling_layers import GradientCheckpointingLayer
from transformers.utils.generic import ModelOutput

from mibench.errors import InputError
from mibench.ofa.attention import OFAAttention, implementation_of
from mibench.ofa.configuration import TRUNKS, OFAConfig
from mibench.ofa.positions import (
    MOST_TOKENS,
    NO_PATCHES,
    BiasTable,
    Grid,
    RememberedBiases,
    absolute_bias,
    hide,
    patch_buckets,
    patch_ids,
    patch_table_size,
    relative_bias,
    token_buckets,
)
from mibench.ofa.trunk import Trunk, drop_path

_TEXT, _IMAGE = 0, 1


@dataclass
class OFAEncoderOutput(ModelOutput):
    """What the encoder tells the decoder.

    `last_hidden_state` is [B, P + T, D]; `attention_mask`, [B, P + T], is false where there is nothing to see, or None
    where all is seen; `patch_grid` gives the rows and columns of the P patches, if any.
    """

    last_hidden_state: Tensor | None = None
    attention_mask: Tensor | None = None
    patch_grid: Grid | None = None
    hidden_states: tuple[Tensor, ...] | None = None
    attentions: tuple[Tensor, ...] | None = None


class OFALayer(GradientCheckpointingLayer):  # type: ignore[no-untyped-call]
    """What layers of the encoder and of the decoder share: residual connections and the two linear maps."""

    def __init__(self, config: OFAConfig, inner: int, *, normalize_before: bool, drop_path_rate: float) -> None:
        super().__init__()
        self.fc1 = nn.Linear(config.d_model, inner)
        self.fc2 = nn.Linear(inner, config.d_model)
        self.ffn_layer_norm = nn.LayerNorm(inner) if config.normformer else None
        self.final_layer_norm = nn.LayerNorm(config.d_model)
        self.activation = ACT2FN[config.activation_function]
        self.dropout = config.dropout
        self.activation_dropout = config.activation_dropout
        self.normalize_before = normalize_before
        self.drop_path = drop_path_rate

    def before(self, states: Tensor, norm: nn.LayerNorm) -> Tensor:
        """Return the states that a branch reads, [B, T, D]."""
        return norm(states) if self.normalize_before else states

    def after(self, states: Tensor, branch: Tensor, norm: nn.LayerNorm) -> Tensor:
        """Return the states with a branch added to them, [B, T, D]."""
        branch = functional.dropout(branch, self.dropout, self.training)
        states = states + drop_path(branch, self.drop_path if self.training else 0.0)
        return states if self.normalize_before else norm(states)

    def feed_forward(self, states: Tensor) -> Tensor:
        """Return the states after the two linear maps, [B, T, D]."""
        inner: Tensor = self.activation(self.fc1(self.before(states, self.final_layer_norm)))
        inner = functional.dropout(inner, self.activation_dropout, self.training)
        if self.ffn_layer_norm is not None:
            inner = self.ffn_layer_norm(inner)
        return self.after(states, self.fc2(inner), self.final_layer_norm)


class OFAEncoderLayer(OFALayer):  # type: ignore[no-untyped-call]
    """Self-attention, then two linear maps."""

    def __init__(self, config: OFAConfig, drop_path_rate: float) -> None:
        super().__init__(
            config,
            config.encoder_ffn_dim,
            normalize_before=config.encoder_normalize_before,
            drop_path_rate=drop_path_rate,
        )
        self.self_attn = OFAAttention(
            config.d_model,
            config.encoder_attention_heads,
            factor=config.attn_scale_factor,
            dropout=config.attention_dropout,
        )
        self.self_attn_layer_norm = nn.LayerNorm(config.d_model)
        self.self_attn_mid_layer_norm = nn.LayerNorm(config.d_model) if config.normformer else None

    def forward(self, states: Tensor, bias: Tensor, implementation: str = "sdpa") -> tuple[Tensor, Tensor | None]:
        """Return states [B, N, D] and, if eager, attention weights [B, heads, N, N]."""
        branch, weights = self.self_attn(
            self.before(states, self.self_attn_layer_norm), bias, implementation=implementation
        )
        if self.self_attn_mid_layer_norm is not None:
            branch = self.self_attn_mid_layer_norm(branch)
        states = self.feed_forward(self.after(states, branch, self.self_attn_layer_norm))
        if states.dtype == torch.float16:
            most = torch.finfo(torch.float16).max - 1000
            states = states.clamp(-most, most)
        return states, weights


class OFAEncoder(nn.Module):
    """Patches and tokens, their positions, and the layers over both."""

    main_input_name = "input_ids"

    def __init__(self, config: OFAConfig, embed_tokens: nn.Embedding) -> None:
        super().__init__()
        width, heads, layers = config.d_model, config.encoder_attention_heads, config.encoder_layers
        self.config = config
        self.embed_tokens = embed_tokens
        self.type_embedding = nn.Embedding(2, width) if config.add_type_embedding else None
        self.layernorm_embedding = nn.LayerNorm(width) if config.layernorm_embedding else None
        self.embed_images = Trunk(TRUNKS[config.resnet_type], config.resnet_drop_path_rate, config.resnet_widths)
        self.image_proj = nn.Linear(self.embed_images.channels, width)
        self.patch_layernorm_embedding = nn.LayerNorm(width) if config.patch_layernorm_embedding else None
        self.embed_positions = nn.Embedding(config.max_position_embeddings + 2, width)
        self.embed_image_positions = nn.Embedding(config.image_bucket_size**2 + 1, width)
        self.pos_ln = nn.LayerNorm(width)
        self.image_pos_ln = nn.LayerNorm(width)
        self.pos_q_linear = nn.Linear(width, width)
        self.pos_k_linear = nn.Linear(width, width)
        rates = [config.encoder_drop_path_rate * index / max(layers - 1, 1) for index in range(layers)]
        self.layers = nn.ModuleList(OFAEncoderLayer(config, rate) for rate in rates)
        self.layer_norm = nn.LayerNorm(width) if config.encoder_normalize_before else None
        self.token_rel_pos_table_list = nn.ModuleList(
            BiasTable(2 * config.token_bucket_size - 1, heads) for _ in range(layers)
        )
        self.image_rel_pos_table_list = nn.ModuleList(
            BiasTable(patch_table_size(config.image_bucket_size), heads) for _ in range(layers)
        )
        self.biases = RememberedBiases()

    def train(self, mode: bool = True) -> "OFAEncoder":
        """Switch the mode, as `nn.Module.train`; remembered biases are forgotten."""
        self.biases.forget()
        return super().train(mode)

    @property
    def most_tokens(self) -> int:
        """The longest text."""
        return min(MOST_TOKENS, self.config.max_position_embeddings)

    def encode_image(self, pixel_values: Tensor) -> Tensor:
        """Return what of images [I, 3, H, W] enters the layers, [I, rows, columns, D].

        Raises:
            InputError: an image has more rows or columns of patches than there are positions for.

        """
        features = self.embed_images(pixel_values.to(self.image_proj.weight.dtype)).permute(0, 2, 3, 1)
        return self.embed_features(features)

    def embed_features(self, features: Tensor) -> Tensor:
        """Return what of the trunk's features [I, rows, columns, channels] enters the layers, [I, rows, columns, D].

        Raises:
            InputError: there are more rows or columns of patches than there are positions for.

        """
        grid = (features.shape[1], features.shape[2])
        most = self.config.image_bucket_size
        if max(grid) > most:
            raise InputError(f"an image of {grid[0]} x {grid[1]} patches; the most is {most} x {most}")
        patches: Tensor = self.image_proj(features) * self.config.embedding_scale
        if self.config.entangle_position_embedding:
            patches = patches + self.embed_image_positions(self._patch_ids(grid)).view(*grid, -1)
        if self.type_embedding is not None:
            patches = patches + self.type_embedding.weight[_IMAGE]
        if self.patch_layernorm_embedding is not None:
            patches = self.patch_layernorm_embedding(patches)
        return patches

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        pixel_values: Tensor | None = None,
        image_features: Tensor | None = None,
        image_index: Tensor | None = None,
        output_attentions: bool | None = None,
        output_hidden_states: bool | None = None,
        return_dict: bool | None = None,
    ) -> OFAEncoderOutput:
        """Encode texts [B, T] with their images; see `OFAForConditionalGeneration.forward`."""
        del return_dict
        patches, has_image = self._patches(len(input_ids), pixel_values, image_features, image_index)
        grid = NO_PATCHES if patches is None else (patches.shape[1], patches.shape[2])
        seen = input_ids != self.config.pad_token_id if attention_mask is None else attention_mask.bool()
        states = self._embed(input_ids)
        if patches is not None:
            shown = functional.dropout(patches.flatten(1, 2), self.config.dropout, self.training)
            states = torch.cat((shown, states), dim=1)
            seen = torch.cat((has_image[:, None].expand(-1, shown.shape[1]), seen), dim=1)
        mask = None if seen.all() else seen
        if mask is not None:
            states = states * mask[:, :, None].to(states.dtype)

        implementation = implementation_of(self.config, output_attentions)
        kept: list[Tensor] = [states]
        attentions: list[Tensor] = []
        for layer, bias in zip(self.layers, self._layer_biases(input_ids.shape[1], grid), strict=True):
            if self.training and torch.rand(()) < self.config.encoder_layerdrop:
                continue
            states, weights = layer(states, hide(bias[None], mask), implementation)
            kept.append(states)
            if weights is not None:
                attentions.append(weights)
        if self.layer_norm is not None:
            states = self.layer_norm(states)
        return OFAEncoderOutput(
            last_hidden_state=states,
            attention_mask=mask,
            patch_grid=None if patches is None else grid,
            hidden_states=tuple(kept) if output_hidden_states else None,
            attentions=tuple(attentions) if output_attentions else None,
        )

    def positions(self, length: int, grid: Grid) -> Tensor:
        """Return the embedded and normalised positions of patches and tokens, [P + length, D]."""
        tokens: Tensor = self.pos_ln(self.embed_positions.weight[:length])
        if grid == NO_PATCHES:
            return tokens
        return torch.cat((self.image_pos_ln(self.embed_image_positions(self._patch_ids(grid))), tokens))

    def position_sources(self) -> Iterator[Tensor]:
        """Yield the parameters that `positions` depends on."""
        for module in (self.embed_positions, self.embed_image_positions, self.pos_ln, self.image_pos_ln):
            yield from module.parameters()

    def _embed(self, input_ids: Tensor) -> Tensor:
        length = input_ids.shape[1]
        if length > self.most_tokens:
            raise InputError(f"a text of {length} tokens; the most is {self.most_tokens}", remedy="shorten it")
        states = self.embed_tokens(input_ids) * self.config.embedding_scale
        if self.config.entangle_position_embedding:
            states = states + self.embed_positions.weight[:length]
        if self.type_embedding is not None:
            states = states + self.type_embedding.weight[_TEXT]
        if self.layernorm_embedding is not None:
            states = self.layernorm_embedding(states)
        return functional.dropout(states, self.config.dropout, self.training)

    def _patches(
        self, rows: int, pixel_values: Tensor | None, features: Tensor | None, index: Tensor | None
    ) -> tuple[Tensor | None, Tensor]:
        """Return the patches of each row, [B, rows, columns, D], and whether it has an image, [B]."""
        device = self.embed_tokens.weight.device
        if pixel_values is not None and features is not None:
            raise InputError("both pixel_values and image_features", remedy="give one of them")
        if pixel_values is not None:
            features = self.encode_image(pixel_values)
        if features is None:
            return None, torch.zeros(rows, dtype=torch.bool, device=device)
        if index is None:
            if len(features) != rows:
                raise InputError(f"{len(features)} images for {rows} texts", remedy="say by image_index whose is whose")
            return features, torch.ones(rows, dtype=torch.bool, device=device)
        if index.shape != (rows,):
            raise InputError(f"image_index has shape {tuple(index.shape)} for {rows} texts")
        return features[index.clamp(min=0)], index >= 0

    def _patch_ids(self, grid: Grid) -> Tensor:
        return patch_ids(grid, self.config.image_bucket_size, self.image_proj.weight.device)

    def _layer_biases(self, length: int, grid: Grid) -> Iterator[Tensor]:
        """Yield the bias of each layer, [heads, P + length, P + length]."""
        self.biases.refresh(self._bias_sources())
        size = grid[0] * grid[1] + length
        absolute = self._absolute_bias(length, grid) if torch.is_grad_enabled() else None
        for index in range(len(self.layers)):

            def build(tokens: int, index: int = index) -> Tensor:
                return self._layer_bias(index, tokens, grid, absolute)

            yield self.biases.get((index, grid), (length,), self.most_tokens, build)[:, :size, :size]

    def _layer_bias(self, index: int, length: int, grid: Grid, absolute: Tensor | None) -> Tensor:
        device, patches = self.image_proj.weight.device, grid[0] * grid[1]
        if absolute is None:
            absolute = self.biases.get(
                ("absolute", grid), (length,), self.most_tokens, lambda tokens: self._absolute_bias(tokens, grid)
            )[:, : patches + length, : patches + length]
        bias = absolute.clone()
        tokens = token_buckets(length, self.config.token_bucket_size, device)
        bias[:, patches:, patches:] += relative_bias(self.token_rel_pos_table_list[index], tokens)
        if patches:
            pairs = patch_buckets(grid, self.config.image_bucket_size, device)
            bias[:, :patches, :patches] += relative_bias(self.image_rel_pos_table_list[index], pairs)
        return bias

    def _absolute_bias(self, length: int, grid: Grid) -> Tensor:
        positions = self.positions(length, grid)
        return absolute_bias(
            positions,
            positions,
            self.pos_q_linear,
            self.pos_k_linear,
            self.config.encoder_attention_heads,
            self.config.attn_scale_factor,
        )

    def _bias_sources(self) -> Iterator[Tensor]:
        yield from self.position_sources()
        for module in (
            self.pos_q_linear,
            self.pos_k_linear,
            self.token_rel_pos_table_list,
            self.image_rel_pos_table_list,
        ):
            yield from module.parameters()
