"""The loss of an OFA on examples: cross entropy of the answers with label smoothing, summed over their tokens."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from PIL.Image import Image
from torch import Tensor, nn
from torch.nn import functional

from mibench.ofa import OFAForConditionalGeneration, OFAProcessor
from mibench.ofa.tokenizer import clean_text
from mibench.pictures import read_rgb
from mibench.tuning.examples import Example
from mibench.tuning.loop import Loss
from mibench.tuning.padding import IGNORED, padded

DECODERS = 8


class _Seen(NamedTuple):
    """A picture as the model reads it, float32 [3, side, side], and its true width and height."""

    pixels: Tensor
    size: tuple[int, int]


@dataclass(frozen=True)
class AnswerLoss:
    """What is minimised; prompts are read as the adapter `ofa` reads them.

    Attributes:
        processor: of the model.
        source: most tokens of a prompt, and
        target: of an answer, its end included.
        label_smoothing: share of the probability that is spread over the vocabulary.

    """

    processor: OFAProcessor
    source: int
    target: int
    label_smoothing: float
    _decoders: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(DECODERS), compare=False)

    def __call__(self, model: nn.Module, rows: list[Example], device: torch.device) -> Loss:
        """Return the loss, with the sums of its part without smoothing and of tokens that are likeliest.

        Raises:
            InputError: a picture cannot be read.

        """
        assert isinstance(model, OFAForConditionalGeneration)
        inputs, labels = self.collate(rows)
        count = int((labels != IGNORED).sum())
        inputs = {name: value.to(device, non_blocking=True) for name, value in inputs.items()}
        labels = labels.to(device, non_blocking=True)
        answers = model.prepare_decoder_input_ids_from_labels(labels)
        logits = model(**inputs, decoder_input_ids=answers, use_cache=False).logits.float().flatten(0, 1)
        flat = labels.flatten()
        total = functional.cross_entropy(
            logits, flat, ignore_index=IGNORED, reduction="sum", label_smoothing=self.label_smoothing
        )
        with torch.no_grad():
            plain = functional.cross_entropy(logits, flat, ignore_index=IGNORED, reduction="sum")
            right = (logits.argmax(1) == flat).sum()
        return Loss(total, count, {"cross_entropy": plain, "right": right})

    def collate(self, rows: Sequence[Example]) -> tuple[dict[str, Tensor], Tensor]:
        """Return what the model reads, padded on the right, and the labels [B, Q]."""
        seen = list(self._decoders.map(self._see, rows))
        sources = [self._source(row, picture) for row, picture in zip(rows, seen, strict=True)]
        targets = [self._target(row, picture) for row, picture in zip(rows, seen, strict=True)]
        padding = self.processor.tokenizer.pad_token_id
        ids = padded(sources, padding)
        inputs = {"input_ids": ids, "attention_mask": padded([[1] * len(source) for source in sources], 0).bool()}
        pictures = [picture.pixels for picture in seen if picture is not None]
        if pictures:
            inputs["pixel_values"] = torch.stack(pictures)
            numbers = iter(range(len(pictures)))
            inputs["image_index"] = torch.tensor([-1 if picture is None else next(numbers) for picture in seen])
        return inputs, padded(targets, IGNORED)

    def _see(self, row: Example) -> _Seen | None:
        if row.picture is None:
            return None
        image: Image = read_rgb(row.open_picture())
        return _Seen(self.processor(images=[image])["pixel_values"][0], image.size)

    def _source(self, row: Example, picture: _Seen | None) -> list[int]:
        tokens = self._tokens(clean_text(self._with_bins(row.source, row, picture)))
        return tokens if len(tokens) <= self.source else [*tokens[: self.source - 1], tokens[-1]]

    def _target(self, row: Example, picture: _Seen | None) -> list[int]:
        tokens = self._tokens(self._with_bins(row.target, row, picture))[1:]
        return tokens if len(tokens) <= self.target else [*tokens[: self.target - 1], tokens[-1]]

    def _with_bins(self, text: str, row: Example, picture: _Seen | None) -> str:
        return self.processor.boxes_to_bins(text, *picture.size) if row.boxes and picture is not None else text

    def _tokens(self, text: str) -> list[int]:
        tokens: list[int] = self.processor.tokenizer(text)["input_ids"]
        return tokens
