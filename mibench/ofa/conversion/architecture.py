"""The architecture that tensors' shapes tell, and the shapes that an architecture needs."""

import math
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from mibench.errors import InputError
from mibench.ofa.conversion.names import EMBEDDING, REBUILDABLE, TIED
from mibench.ofa.sizes import SIZES

if TYPE_CHECKING:
    from torch import Tensor

Setting = str | int | float | bool


def infer_config(tensors: Mapping[str, "Tensor"]) -> dict[str, Setting]:
    """Read the architecture from the shapes of a state dict with Hugging Face names.

    Raises:
        InputError: a tensor that it is read from is missing or has an impossible shape.

    """
    from mibench.ofa.configuration import TRUNKS

    embedding = _shape(tensors, EMBEDDING, 2)
    trunk = tuple(_count(tensors, rf"encoder\.embed_images\.layer{stage}\.(\d+)\.") for stage in (1, 2, 3))
    names = sorted(name for name, blocks in TRUNKS.items() if blocks == trunk)
    if not names:
        blocks_found = "-".join(map(str, trunk))
        raise InputError(f"no known image trunk has {blocks_found} blocks", remedy="give an OFA checkpoint")
    relative = _shape(tensors, "encoder.token_rel_pos_table_list.0.weight", 2)[0]
    image_relative = _shape(tensors, "encoder.image_rel_pos_table_list.0.weight", 2)[0]
    config: dict[str, Setting] = {
        "vocab_size": embedding[0],
        "d_model": embedding[1],
        "max_position_embeddings": _shape(tensors, "encoder.embed_positions.weight", 2)[0] - 2,
        "resnet_type": names[-1],
        "token_bucket_size": (relative + 1) // 2,
        "image_bucket_size": (math.isqrt(max(0, image_relative - 3)) + 1) // 2,
    }
    for stack in ("encoder", "decoder"):
        config[f"{stack}_layers"] = _count(tensors, rf"{stack}\.layers\.(\d+)\.")
        config[f"{stack}_ffn_dim"] = _shape(tensors, f"{stack}.layers.0.fc1.weight", 2)[0]
        config[f"{stack}_attention_heads"] = _shape(tensors, f"{stack}.layers.0.self_attn.c_attn", 1)[0]
    return config


def _shape(tensors: Mapping[str, "Tensor"], name: str, dimensions: int) -> tuple[int, ...]:
    found = tensors.get(name)
    if found is None or found.dim() != dimensions:
        fault = "is missing" if found is None else f"has {found.dim()} dimensions, not {dimensions}"
        raise InputError(f"{name} {fault}, and the architecture is read from it", remedy="give an OFA checkpoint")
    return tuple(found.shape)


def _count(names: Iterable[str], pattern: str) -> int:
    compiled = re.compile(pattern)
    return len({found[1] for name in names if (found := compiled.match(name))})


def expected_shapes(config: Mapping[str, Setting]) -> dict[str, tuple[int, ...]]:
    """Return the shapes of the weights that the model of a config needs, by name, without making any of them."""
    import torch

    from mibench.ofa.configuration import OFAConfig
    from mibench.ofa.modeling import OFAForConditionalGeneration

    settings: dict[str, Any] = dict(config)
    try:
        with torch.device("meta"):
            model = OFAForConditionalGeneration(OFAConfig(**settings))
    except InputError:
        raise
    except Exception as error:  # torch and transformers check settings by exceptions of many kinds
        fault = " ".join(str(error).split())[:200]
        raise InputError(f"its settings make no model: {fault}", remedy="mend config.json or --set") from None
    state = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    return {name: shape for name, shape in state.items() if name not in TIED and not REBUILDABLE.search(name)}


def size_name(config: Mapping[str, Setting]) -> str:
    """Return the name of the released size that a config describes, or `custom`."""
    from mibench.ofa.configuration import TRUNKS

    for name, size in SIZES.items():
        wanted = size.settings
        same = all(config[key] == value for key, value in wanted.items() if key != "resnet_type")
        if same and TRUNKS[str(config["resnet_type"])] == TRUNKS[size.trunk]:
            return name
    return "custom"
