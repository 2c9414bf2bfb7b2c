"""The architecture of an OFA model, as the published `config.json` files of the Hugging Face form tell it."""

import math
from collections.abc import Sequence
from typing import Any, ClassVar, Self

from transformers import AutoConfig, PreTrainedConfig
from transformers.activations import ACT2FN

from mibench.errors import InputError
from mibench.ofa.sizes import SIZES

TRUNKS = {
    "resnet18": (2, 2, 2),
    "resnet34": (3, 4, 6),
    "resnet50": (3, 4, 6),
    "resnet101": (3, 4, 23),
    "resnet152": (3, 8, 36),
}
"""Bottleneck blocks in each of the three stages, by `resnet_type`."""

_UNSUPPORTED = {
    "add_cross_attention": False,
    "interpolate_position": False,
    "remove_decoder_type_embedding": False,
    "scale_resids": False,
    "share_attn_bias": False,
    "use_gamma_feature": False,
    "use_image_feature": True,
    "use_ofasys": False,
}
"""Switches of later OFA code that change the model, each with the one value that leaves it as it is here."""

_FRACTIONS = (
    "dropout",
    "attention_dropout",
    "activation_dropout",
    "encoder_layerdrop",
    "decoder_layerdrop",
    "encoder_drop_path_rate",
    "decoder_drop_path_rate",
    "resnet_drop_path_rate",
)

_COUNTS = (
    "vocab_size",
    "d_model",
    "max_position_embeddings",
    "encoder_layers",
    "encoder_ffn_dim",
    "encoder_attention_heads",
    "decoder_layers",
    "decoder_ffn_dim",
    "decoder_attention_heads",
    "image_bucket_size",
    "code_image_size",
)


class OFAConfig(PreTrainedConfig):  # type: ignore[no-untyped-call]
    """The architecture of an OFA model; names and defaults are those of OFA-Sys/OFA, `feature/add_transformers`.

    `entangle_position_embedding` adds the raw position embeddings to the inputs of the encoder and the decoder, and
    `entangle_decoder_positions` says it of the decoder alone (None: as the encoder), since fairseq models that were
    trained without `--disable-entangle` have it there only. `disable_entangle` of later configurations is read as
    that switch set to false. `resnet_widths`, the inner channels of the trunk's stages, is ours: no released model has
    others. `resnet_model_path` and `classifier_dropout` are kept but never used: a checkpoint holds
    the trunk.

    Raises:
        InputError: a value is out of range, or a switch asks for a model that is not supported.

    """

    model_type = "ofa"
    keys_to_ignore_at_inference: ClassVar[list[str]] = ["past_key_values", "cache"]
    attribute_map: ClassVar[dict[str, str]] = {
        "num_attention_heads": "encoder_attention_heads",
        "num_hidden_layers": "encoder_layers",
        "hidden_size": "d_model",
    }

    vocab_size: int = 59457
    max_position_embeddings: int = 1024
    encoder_layers: int = 4
    encoder_ffn_dim: int = 2048
    encoder_attention_heads: int = 8
    decoder_layers: int = 4
    decoder_ffn_dim: int = 2048
    decoder_attention_heads: int = 8
    encoder_layerdrop: float = 0.0
    decoder_layerdrop: float = 0.0
    use_cache: bool = True
    is_encoder_decoder: bool = True
    activation_function: str = "gelu"
    d_model: int = 512
    dropout: float = 0.1
    attention_dropout: float = 0.0
    activation_dropout: float = 0.0
    init_std: float = 0.02
    classifier_dropout: float = 0.0
    scale_embedding: bool = False
    pad_token_id: int = 1
    bos_token_id: int = 0
    eos_token_id: int = 2
    decoder_start_token_id: int = 0
    forced_eos_token_id: int | None = 2
    encoder_normalize_before: bool = True
    decoder_normalize_before: bool = True
    normformer: bool = True
    encoder_drop_path_rate: float = 0.0
    decoder_drop_path_rate: float = 0.0
    layernorm_embedding: bool = True
    patch_layernorm_embedding: bool = True
    resnet_type: str = "resnet101"
    resnet_widths: Sequence[int] = (64, 128, 256)
    resnet_model_path: str | None = None
    resnet_drop_path_rate: float = 0.0
    token_bucket_size: int = 256
    image_bucket_size: int = 42
    add_type_embedding: bool = True
    share_decoder_input_output_embed: bool = True
    attn_scale_factor: float = 2.0
    code_layernorm_embedding: bool = True
    code_image_size: int = 128
    entangle_position_embedding: bool = False
    entangle_decoder_positions: bool | None = None
    tie_word_embeddings: bool = True

    def __post_init__(self, **kwargs: Any) -> None:
        if kwargs.pop("disable_entangle", False) and self.entangle_decoder_positions is None:
            self.entangle_decoder_positions = False
        super().__post_init__(**kwargs)  # type: ignore[no-untyped-call]
        self._check()

    @classmethod
    def of_size(cls, size: str, **changes: Any) -> Self:
        """Return the configuration of a released size: tiny, medium, base, large or huge.

        Raises:
            InputError: there is no such size.

        """
        if size not in SIZES:
            raise InputError(f"no OFA size {size!r}", remedy=f"one of {', '.join(SIZES)}")
        return cls(**(SIZES[size].settings | changes))

    @property
    def decoder_is_entangled(self) -> bool:
        """Whether position embeddings are added to the decoder's input."""
        if self.entangle_decoder_positions is None:
            return self.entangle_position_embedding
        return self.entangle_decoder_positions

    @property
    def embedding_scale(self) -> float:
        """The factor of token embeddings and projected patches."""
        return math.sqrt(self.d_model) if self.scale_embedding else 1.0

    def _check(self) -> None:
        for name, supported in _UNSUPPORTED.items():
            value = getattr(self, name, None)
            if value is not None and value != supported:
                raise InputError(f"{name}={value!r} is not supported", remedy=f"only {name}={supported!r} is")
        for name in _COUNTS:
            if getattr(self, name) < 1:
                raise InputError(f"{name}={getattr(self, name)!r} must be at least 1")
        for name in _FRACTIONS:
            if not 0 <= getattr(self, name) < 1:
                raise InputError(f"{name}={getattr(self, name)!r} must be at least 0 and below 1")
        for heads in ("encoder_attention_heads", "decoder_attention_heads"):
            if self.d_model % getattr(self, heads):
                raise InputError(f"d_model={self.d_model} is not a multiple of {heads}={getattr(self, heads)}")
        if self.resnet_type not in TRUNKS:
            raise InputError(f"resnet_type={self.resnet_type!r} is not known", remedy=f"one of {', '.join(TRUNKS)}")
        if len(self.resnet_widths) != 3 or min(self.resnet_widths) < 1:
            raise InputError(f"resnet_widths={self.resnet_widths!r} must be three numbers of at least 1")
        if self.activation_function not in ACT2FN:
            raise InputError(
                f"activation_function={self.activation_function!r} is not known", remedy="a name that transformers has"
            )
        if not 4 <= self.token_bucket_size <= 1024:
            raise InputError(f"token_bucket_size={self.token_bucket_size} must be 4 to 1024")
        if self.attn_scale_factor <= 0:
            raise InputError(f"attn_scale_factor={self.attn_scale_factor} must be positive")
        if not self.is_encoder_decoder:
            raise InputError("is_encoder_decoder=False is not supported", remedy="OFA has an encoder and a decoder")


AutoConfig.register("ofa", OFAConfig, exist_ok=True)
