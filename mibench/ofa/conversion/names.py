"""The names of OFA's weights, as fairseq and the Hugging Face form call them."""

import re
from collections.abc import Mapping
from typing import TypeVar

from mibench.errors import InputError

Value = TypeVar("Value")

EMBEDDING = "encoder.embed_tokens.weight"
TIED = ("decoder.embed_tokens.weight", "decoder.output_projection.weight", "shared.weight", "lm_head.weight")
"""Copies of the embedding."""
REBUILDABLE = re.compile(r"(^|\.)(\w*_rp_bucket|image_position_idx|version|num_batches_tracked)$")
"""Buffers that hold nothing learned."""

_LAYER_NAME = re.compile(r"(encoder|decoder)\.layers\.(\d+)\.([^.]+)\.(.+)", re.DOTALL)
_FAIRSEQ_PARTS: Mapping[str, Mapping[str, str]] = {
    "encoder": {"self_attn_mid_layer_norm": "attn_ln", "ffn_layer_norm": "ffn_layernorm"},
    "decoder": {
        "self_attn_mid_layer_norm": "self_attn_ln",
        "ffn_layer_norm": "ffn_layernorm",
        "cross_attn": "encoder_attn",
        "cross_attn_layer_norm": "encoder_attn_layer_norm",
        "cross_attn_mid_layer_norm": "cross_attn_ln",
    },
}
_HUGGING_FACE_PARTS: Mapping[str, Mapping[str, str]] = {
    stack: {theirs: ours for ours, theirs in parts.items()} for stack, parts in _FAIRSEQ_PARTS.items()
}


def to_hugging_face_names(state: Mapping[str, Value]) -> dict[str, Value]:
    """Rename a fairseq state dict's entries as the Hugging Face form calls them; names that are equal in both stay.

    Raises:
        InputError: two entries would get one name.

    """
    return _renamed(state, _HUGGING_FACE_PARTS)


def to_fairseq_names(state: Mapping[str, Value]) -> dict[str, Value]:
    """Rename a Hugging Face state dict's entries as fairseq calls them: the inverse of `to_hugging_face_names`.

    Raises:
        InputError: two entries would get one name.

    """
    return _renamed(state, _FAIRSEQ_PARTS)


def _renamed(state: Mapping[str, Value], parts: Mapping[str, Mapping[str, str]]) -> dict[str, Value]:
    renamed: dict[str, Value] = {}
    for name, value in state.items():
        new = name
        if found := _LAYER_NAME.fullmatch(name):
            stack, number, part, rest = found.groups()
            new = f"{stack}.layers.{number}.{parts[stack].get(part, part)}.{rest}"
        if new in renamed:
            raise InputError(
                f"two tensors are named {shown(new)}", remedy="the checkpoint mixes fairseq's and our names"
            )
        renamed[new] = value
    return renamed


def shown(name: str) -> str:
    """Return a name from a file so that it can stand in a line on a terminal."""
    return name if name.isprintable() and len(name) <= 120 else ascii(name[:120])
