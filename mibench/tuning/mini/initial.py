"""Where a small OFA starts from when nothing pretrained is at hand.

Only initial values: the architecture and the forward pass stay those of OFA, and everything below trains on. Location
bins and image positions start with codes whose products tell how near two places are; and three heads of the first
encoder layer start by looking one, two and three tokens back, which gathers the four bins of a box at its last.
"""

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor, nn

from mibench.ofa import OFAForConditionalGeneration
from mibench.ofa.attention import OFAAttention

WIDTH = 0.09
"""Of the Gaussian by which products of codes fall off, as a part of the picture's side."""
BACK = 8.0
"""Initial bias of the heads that look back."""
GATHERING = 3
LOUD = 3.0
"""Initial factor of the heads whose attention is supervised."""


def start(model: OFAForConditionalGeneration, *, bins: int, side: int, seed: int, plain: tuple[str, ...] = ()) -> None:
    """Give a new model its initial values.

    Args:
        model: of any size; its trunk is left alone.
        bins: number of location bins, the last pieces of the vocabulary.
        side: rows, and columns, of patches in a picture.
        seed: of what is drawn.
        plain: parts of the recipe that are left out, for ablations: codes, tables, wide, loud.

    """
    generator = torch.Generator().manual_seed(seed)
    width = model.config.d_model
    with torch.no_grad():
        if "wide" not in plain:
            _widen(model, generator)
        if "tables" not in plain:
            table = model.encoder.token_rel_pos_table_list[0].get_parameter("weight")
            for head in range(GATHERING):
                table[model.config.token_bucket_size + head, head] = BACK
        if "codes" not in plain:
            shared = torch.randn(width, generator=generator) / width**0.5
            codes = torch.cat([place_codes(torch.arange(bins) / (bins - 1), width // 2)] * 2, dim=1) / math.sqrt(2)
            model.encoder.embed_tokens.weight[-bins:] = codes + shared
            model.encoder.embed_image_positions.weight.copy_(
                _image_codes(model.config.image_bucket_size, side, model.encoder.embed_image_positions.weight)
            )
        if "loud" not in plain:
            for module, head in supervised_heads(model):
                module.c_attn[head] = LOUD


def place_codes(places: Tensor, width: int) -> Tensor:
    """Return codes of places in [0, 1], [N, width]; their products fall off as a Gaussian of `WIDTH`."""
    count = width // 2
    normal = NormalDist()
    frequencies = torch.tensor(
        [normal.inv_cdf(0.5 + (index + 0.5) / count / 2) / (2 * math.pi * WIDTH) for index in range(count)]
    )
    angles = 2 * math.pi * places[:, None] * frequencies
    return torch.cat([angles.cos(), angles.sin()], dim=1) / math.sqrt(count)


class SupervisedHeads(NamedTuple):
    """Heads whose attention is supervised, each as its module and number; see `mibench.tuning.mini.supervision`."""

    box: tuple[OFAAttention, int]
    name: tuple[OFAAttention, int]
    pair: tuple[OFAAttention, int]
    first: tuple[OFAAttention, int]
    second: tuple[OFAAttention, int]
    read: tuple[OFAAttention, int]


def supervised_heads(model: OFAForConditionalGeneration) -> SupervisedHeads:
    """Return the heads of a model whose attention is supervised."""
    encoder, decoder = (cast(Sequence[Any], part.layers) for part in (model.encoder, model.decoder))
    seeing, joining = (encoder[min(layer, len(encoder) - 1)].self_attn for layer in (1, 2))
    pointing, reading = decoder[0].cross_attn, decoder[-1].cross_attn
    return SupervisedHeads((seeing, 0), (seeing, 1), (joining, 2), (pointing, 0), (pointing, 2), (reading, 1))


def _image_codes(buckets: int, side: int, like: Tensor) -> Tensor:
    codes = torch.zeros_like(like)
    middles = (torch.arange(side) + 0.5) / side
    along = place_codes(middles, like.shape[1] // 2)
    for row in range(side):
        for column in range(side):
            codes[1 + row * buckets + column] = torch.cat([along[column], along[row]]) / math.sqrt(2)
    return codes


def _widen(model: OFAForConditionalGeneration, generator: torch.Generator) -> None:
    """Draw maps and embeddings wider than by the usual 0.02, which suits large models."""
    for name, module in model.named_modules():
        if name.startswith("encoder.embed_images"):
            continue
        if isinstance(module, nn.Linear) and module is not model.decoder.output_projection:
            bound = math.sqrt(6 / sum(module.weight.shape))
            module.weight.uniform_(-bound, bound, generator=generator)
        elif isinstance(module, nn.Embedding) and "rel_pos_table" not in name:
            module.weight.normal_(0, module.weight.shape[1] ** -0.5, generator=generator)
    model.encoder.embed_tokens.weight[model.config.pad_token_id] = 0
