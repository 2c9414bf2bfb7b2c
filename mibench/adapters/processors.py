"""Processors of pictures and texts: loading them, and each picture processed once."""

import copy
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from transformers import AutoConfig, AutoProcessor, BatchFeature
from transformers.processing_utils import ProcessorMixin
from transformers.utils.import_utils import is_torchvision_available

from mibench.adapters.loading import load
from mibench.errors import InputError


def load_processor(pretrained: str, **source: Any) -> Any:
    """Load the processor of a model of pictures and texts.

    Raises:
        InputError: it cannot be loaded, or takes no pictures or no texts.

    """
    auto: Any = AutoProcessor
    load(
        pretrained, lambda: AutoConfig.from_pretrained(pretrained, **source)
    )  # one file, so what is absent is told soon
    with without_videos():
        processor = load(pretrained, lambda: auto.from_pretrained(pretrained, **source))
    for part in ("image_processor", "tokenizer"):
        if getattr(processor, part, None) is None:
            message = f"its processor, a {type(processor).__name__}, has no {part}"
            raise InputError(message, file=pretrained, remedy="a model of pictures and texts is needed")
    return processor


@contextmanager
def without_videos() -> Iterator[None]:
    """Let processors do without their part for videos, which only torchvision can load."""
    whole: Any = ProcessorMixin.__dict__["get_attributes"]
    if not is_torchvision_available():
        ProcessorMixin.get_attributes = classmethod(  # type: ignore[method-assign, assignment]
            lambda kind: [name for name in whole.__func__(kind) if name != "video_processor"]
        )
    try:
        yield
    finally:
        ProcessorMixin.get_attributes = whole  # type: ignore[method-assign]


def image_token(processor: Any) -> str:
    """Return what stands for a picture in a text; nothing where a processor knows no such thing."""
    token = getattr(processor, "image_token", None) or getattr(processor.tokenizer, "image_token", None) or ""
    return str(getattr(token, "content", token))


def image_token_ids(processor: Any, config: Any) -> frozenset[int]:
    """Return the tokens in whose places a model puts what it sees."""
    named = [getattr(config, name, None) for name in ("image_token_id", "image_token_index")]
    named.append(getattr(processor, "image_token_id", None))
    if token := image_token(processor):
        named.append(processor.tokenizer.convert_tokens_to_ids(token))
    return frozenset(token for token in named if token is not None)


class ProcessingOnce:
    """An image processor that processes each picture of a call once, and not again in the next call.

    Pictures are the same where they are the same object. Where what comes out is not one row a picture, those that
    occur twice in a call are processed twice.
    """

    def __init__(self, image_processor: Any) -> None:
        self._whole = image_processor
        self._last: tuple[Sequence[Any], Mapping[str, Any], BatchFeature] | None = None

    def __getattr__(self, name: str) -> Any:
        if name == "_whole":  # while a copy is made
            raise AttributeError(name)
        return getattr(self._whole, name)

    def __call__(self, images: Any, **settings: Any) -> BatchFeature:
        """Return what the image processor makes of pictures, or of lists of pictures."""
        samples = images if isinstance(images, list | tuple) else [images]
        keys = [tuple(map(id, sample)) if isinstance(sample, list | tuple) else id(sample) for sample in samples]
        distinct = [samples[keys.index(key)] for key in dict.fromkeys(keys)]
        if len(distinct) == len(samples):
            return self._remembered(samples, settings)
        places = [list(dict.fromkeys(keys)).index(key) for key in keys]
        processed = self._remembered(distinct, settings)
        if any(len(values) != len(distinct) for values in processed.values()):
            return self._remembered(samples, settings)
        return BatchFeature({name: _select(values, places) for name, values in processed.items()})

    def _remembered(self, samples: Sequence[Any], settings: Mapping[str, Any]) -> BatchFeature:
        if self._last is None or not _same(self._last[0], samples) or self._last[1] != settings:
            self._last = samples, settings, self._whole(samples, **settings)
        return copy.copy(self._last[2])


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    return one is other


def _select(values: Any, places: list[int]) -> Any:
    if isinstance(values, torch.Tensor | np.ndarray):
        return values[places]
    return [values[place] for place in places]
