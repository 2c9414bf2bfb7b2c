"""Generation by transformers that is always the same, and a look at it between the prompts and the answers."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from transformers import GenerationMixin
from transformers.cache_utils import Cache

from mibench.adapters.key_values import CACHE_NAMES, select_rows
from mibench.errors import InputError

SAMPLING = ("temperature", "top_k", "top_p", "min_p", "top_h", "typical_p", "epsilon_cutoff", "eta_cutoff")


def make_deterministic(model: Any, padding: int | None) -> None:
    """Let generation depend on the prompt and on its limit alone, whatever came with the weights.

    Args:
        model: and any language model inside it.
        padding: the token to pad with where the model names none.

    """
    for part in model.modules():
        settings = getattr(part, "generation_config", None)
        if settings is None:
            continue
        for name in (*SAMPLING, "max_length", "max_new_tokens", "cache_implementation", "prefill_chunk_size"):
            setattr(settings, name, None)
        settings.do_sample = False
        if settings.pad_token_id is None:
            settings.pad_token_id = padding


def needs_picture(model: Any) -> bool:
    """Tell whether a model generates nothing without a picture."""
    pixels = inspect.signature(type(model).generate).parameters.get("pixel_values")
    return pixels is not None and pixels.default is inspect.Parameter.empty


def decoder_of(model: Any) -> Any:
    """Return the part whose steps a model's `generate` takes: the model itself, or a language model inside it."""
    if type(model).generate is GenerationMixin.generate:
        return model
    inside = (part for part in model.modules() if part is not model and isinstance(part, GenerationMixin))
    return next(inside, model)


@dataclass(frozen=True)
class FirstStep:
    """What a model has made of its prompts, when no token of an answer is there yet.

    Attributes:
        decoder: takes the steps.
        given: the arguments of its first step.
        logits: of the first token of each answer, [R, V]; with several beams, a prompt has so many equal rows.
        last_tokens: the last token of each prompt, [N].

    """

    decoder: Any
    given: Mapping[str, Any]
    logits: Tensor
    last_tokens: list[int]

    @property
    def rows(self) -> Tensor:
        """The row of each prompt, [N]."""
        each = len(self.logits) // len(self.last_tokens)
        return torch.arange(0, len(self.logits), each, device=self.logits.device)

    @property
    def cache(self) -> Cache | None:
        """Keys and values of the prompts."""
        return next((self.given[name] for name in CACHE_NAMES if self.given.get(name) is not None), None)

    @property
    def encoded(self) -> bool:
        """Whether an encoder has read the prompts, and the decoder starts anew."""
        return self.given.get("encoder_outputs") is not None

    def continued(self, rows: Tensor, tokens: Tensor) -> Tensor:
        """Return the logits after tokens that follow the prompts in some rows; generation goes on undisturbed.

        Args:
            rows: any number, in any order, repeated or not, [M].
            tokens: [M, T], with anything behind the end of a shorter one.

        Returns:
            [M, T, V].

        Raises:
            InputError: a model needs more for each token than is known here.

        """
        count = tokens.shape[1]
        inputs: dict[str, Any] = {"use_cache": True, "return_dict": True}
        for name, value in self.given.items():
            if name in CACHE_NAMES and value is not None:
                inputs[name] = select_rows(value, rows)
            elif name == "encoder_outputs" and value is not None:
                kept = {key: part[rows] for key, part in value.items() if isinstance(part, Tensor)}
                inputs[name] = type(value)(**kept)
            elif not isinstance(value, Tensor):
                continue
            elif name == "attention_mask" and self.encoded:
                inputs[name] = value[rows]
            elif name in ("attention_mask", "decoder_attention_mask"):
                inputs[name] = torch.cat([value[rows], value.new_ones(len(rows), count)], dim=1)
            elif name == "position_ids":
                following = torch.arange(1, count + 1, device=value.device)
                inputs[name] = value.expand(*value.shape[:-2], len(self.logits), -1)[..., rows, -1:] + following
            elif name.endswith("token_type_ids"):
                inputs[name] = value[rows, -1:].expand(-1, count)
            elif name.endswith("mask") and not name.startswith("pixel_"):
                message = f"a {type(self.decoder).__name__} has {name!r}, so that options cannot be scored"
                raise InputError(message, remedy="score_options=false in --model-args")
        inputs["decoder_input_ids" if self.encoded else "input_ids"] = tokens
        logits: Tensor = self.decoder(**inputs).logits
        return logits


def generate(
    model: Any,
    inputs: Mapping[str, Any],
    *,
    beams: int,
    max_new_tokens: int,
    look: Callable[[FirstStep], None] | None = None,
) -> Tensor:
    """Return the tokens of the most likely answers, as far as the search finds them, [N, T].

    Args:
        model: made deterministic.
        inputs: what its `generate` takes, with `input_ids`, [N, L].
        beams: width of the search; 1 is greedy.
        max_new_tokens: the answers' limit.
        look: called once, when the prompts are read; never where `generate` goes other ways than transformers.

    """
    prompts: Tensor = inputs["input_ids"]
    with _looking(decoder_of(model), prompts, look):
        found: Tensor = model.generate(**inputs, num_beams=beams, max_new_tokens=max_new_tokens, do_sample=False)
    repeats_prompt = torch.equal(found[:, : prompts.shape[1]], prompts)
    return found[:, prompts.shape[1] :] if repeats_prompt else found


def first_step(model: Any, inputs: Mapping[str, Any]) -> FirstStep:
    """Return what a model makes of prompts.

    Raises:
        RuntimeError: its `generate` goes other ways than those of transformers.

    """
    steps: list[FirstStep] = []
    generate(model, inputs, beams=1, max_new_tokens=1, look=steps.append)
    if not steps:
        raise RuntimeError("its way of generating does not show what it makes of a prompt")
    return steps[0]


@contextmanager
def _looking(decoder: Any, prompts: Tensor, look: Callable[[FirstStep], None] | None) -> Iterator[None]:
    def hook(_: Any, __: Any, given: dict[str, Any], output: Any) -> None:
        handle.remove()
        if look is not None:
            look(FirstStep(decoder, given, output.logits[:, -1], prompts[:, -1].tolist()))

    handle = decoder.register_forward_hook(hook, with_kwargs=True)
    try:
        yield
    finally:
        handle.remove()
