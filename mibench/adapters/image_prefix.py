"""The wordings about one picture share what a model makes of the picture.

All prompts about a picture begin with the same tokens, those of the picture among them. A decoder whose tokens see only
what stands before them makes the same of this beginning whatever follows. So it is read once, and its keys and values
are repeated for the wordings:

    padding | beginning, once a picture | padding | rest of each wording | answer

Whether a model is such a decoder is not known for certain from its configuration; who shares must compare.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

import torch
from torch import Tensor
from transformers.cache_utils import DynamicCache

from mibench.adapters.generation import first_step
from mibench.adapters.key_values import PLAIN_LAYERS, cache_name, repeat_rows, single_rows


class CannotShareError(Exception):
    """Why wordings do not share what a model makes of a picture."""


@dataclass(frozen=True)
class ImagePrefix:
    """The beginning of all prompts about one picture, as a model has read it.

    Attributes:
        tokens: L of them.
        cache: their keys and values, [1, H, L, D] a layer.
        position: of the last, as the model counts, [..., 1, 1]; None where it counts itself.

    """

    tokens: list[int]
    cache: DynamicCache
    position: Tensor | None


def shared_length(prompts: Sequence[Sequence[int]], image_tokens: Set[int]) -> int:
    """Return how many tokens all prompts about a picture begin with; of each, one at least is left.

    Raises:
        CannotShareError: there are tokens of the picture behind.

    """
    alike = sum(1 for _ in takewhile(lambda tokens: len(set(tokens)) == 1, zip(*prompts, strict=False)))
    length = min(alike, *(len(prompt) - 1 for prompt in prompts))
    first, rest = prompts[0][:length], [token for prompt in prompts for token in prompt[length:]]
    if image_tokens.isdisjoint(first) or not image_tokens.isdisjoint(rest):
        raise CannotShareError("the prompts about a picture differ before it ends")
    return length


def read_prefixes(
    model: Any, prompts: Sequence[tuple[Mapping[str, Any], int]], image_tokens: Set[int]
) -> list[ImagePrefix]:
    """Let a model read the beginnings of prompts, those of one shape together.

    Args:
        model: generates by `GenerationMixin.generate`.
        prompts: of each picture the inputs of one whole prompt, as its processor gives them, and the length of their
            beginning, L.
        image_tokens: those in whose places the model puts what it sees.

    Raises:
        CannotShareError: what the model keeps is not one key and value a token.

    """
    beginnings = [_beginning(inputs, length) for inputs, length in prompts]
    shapes = [_shapes(inputs) for inputs in beginnings]
    prefixes: dict[int, ImagePrefix] = {}
    for shape in dict.fromkeys(shapes):
        places = [place for place, other in enumerate(shapes) if other == shape]
        read = _read([beginnings[place] for place in places], model, image_tokens)
        prefixes |= zip(places, read, strict=True)
    return [prefixes[place] for place in range(len(prompts))]


def _beginning(inputs: Mapping[str, Any], length: int) -> dict[str, Any]:
    whole = inputs["input_ids"]
    return {
        name: value[:, :length] if isinstance(value, Tensor) and value.shape == whole.shape else value
        for name, value in inputs.items()
    }


def _shapes(inputs: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return what inputs must have in common to be read together."""
    return tuple((name, value.shape[1:] if isinstance(value, Tensor) else id(value)) for name, value in inputs.items())


def _read(beginnings: Sequence[Mapping[str, Any]], model: Any, image_tokens: Set[int]) -> list[ImagePrefix]:
    together = {
        name: torch.cat([inputs[name] for inputs in beginnings]) if isinstance(value, Tensor) else value
        for name, value in beginnings[0].items()
    }
    ids = together["input_ids"].tolist()
    step = first_step(model, together)
    if type(step.cache) is not DynamicCache:
        raise CannotShareError(f"its cache is a {type(step.cache).__name__}")
    layers: list[Any] = step.cache.layers
    for layer in layers:
        if type(layer) not in PLAIN_LAYERS or (layer.keys.shape[0], layer.keys.shape[2]) != (len(ids), len(ids[0])):
            raise CannotShareError(
                f"a {type(layer).__name__} of its cache does not hold the {len(ids[0])} tokens as such"
            )
    positions = step.given.get("position_ids")
    if positions is not None:
        if positions.ndim > 2 and any(tokens[-1] in image_tokens for tokens in ids):
            raise CannotShareError("where the text goes on after the picture is not known")
        positions = positions.expand(*positions.shape[:-2], len(ids), -1)[..., -1:]
    return [
        ImagePrefix(tokens, part, None if positions is None else positions[..., row : row + 1, :])
        for row, (tokens, part) in enumerate(zip(ids, single_rows(step.cache), strict=True))
    ]


def continue_prefixes(
    model: Any, prefixes: Sequence[ImagePrefix], prompts: Sequence[tuple[int, Sequence[int]]], *, beams: int, room: int
) -> dict[str, Any]:
    """Return what `generate` takes for prompts whose beginnings are read.

    Args:
        model: that has read them.
        prefixes: one a picture.
        prompts: the place of its prefix and the tokens of each whole prompt, [N].
        beams: width of the search, for each of which the cache has a row.
        room: tokens that an answer may have.

    Raises:
        CannotShareError: padding between the tokens would change what the model sees, or what it may repeat.

    """
    if model.generation_config.no_repeat_ngram_size:
        raise CannotShareError("no_repeat_ngram_size of its generation_config would look at padding")
    device, longest = model.device, max(len(prefix.tokens) for prefix in prefixes)
    rests = [list(tokens[len(prefixes[place].tokens) :]) for place, tokens in prompts]
    width = max(map(len, rests))
    slots = longest + width + room
    windows = [getattr(layer, "sliding_window", slots) for layer in prefixes[0].cache.layers]
    if slots > min(windows):
        raise CannotShareError(f"it sees {min(windows)} tokens back, and there are {slots}")
    ids, mask = [], []
    for (place, tokens), rest in zip(prompts, rests, strict=True):
        beginning, padding = prefixes[place].tokens, tokens[-1]  # no token that penalties for repetition did not know
        gaps = longest - len(beginning), width - len(rest)
        ids.append([padding] * gaps[0] + beginning + [padding] * gaps[1] + rest)
        mask.append([0] * gaps[0] + [1] * len(beginning) + [0] * gaps[1] + [1] * len(rest))
    rows = torch.tensor([place for place, _ in prompts], device=device)
    inputs: dict[str, Any] = {
        "input_ids": torch.tensor(ids, device=device),
        "attention_mask": torch.tensor(mask, device=device),
        cache_name(model): repeat_rows([prefix.cache for prefix in prefixes], rows.repeat_interleave(beams), slots),
    }
    if prefixes[0].position is not None:
        last = torch.cat([prefix.position for prefix in prefixes if prefix.position is not None], dim=-2)
        ahead = torch.tensor([range(len(rest) - width + 1, len(rest) + 1) for rest in rests], device=device)
        inputs["position_ids"] = (last[..., rows, :] + ahead).clamp_min(0)
    return inputs
