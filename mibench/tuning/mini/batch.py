"""A batch of rows for OFA, and what is to be made small: cross entropy, and the supervision of attention."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from mibench.ofa import OFAForConditionalGeneration
from mibench.tuning.loop import Loss
from mibench.tuning.mini.rows import Row
from mibench.tuning.mini.supervision import supervision_loss, watching
from mibench.tuning.padding import IGNORED, padded


class SupervisedAnswers:
    """The loss of answers about pictures whose trunk features are known, with supervised attention.

    Args:
        features: of the trunk by kind of picture, float16 [count, rows, columns, channels].
        weight: of the supervision, at the first and at the last step; between them it falls evenly.
        steps: of the training.

    """

    def __init__(self, features: Mapping[str, Tensor], weight: tuple[float, float], steps: int) -> None:
        self._features, self._weight, self._steps = features, weight, steps
        self.step = 0

    def __call__(self, model: nn.Module, rows: list[Row], device: torch.device) -> Loss:
        """Return the loss of rows that all have a picture, or none of which has one."""
        inner = model.module if hasattr(model, "module") else model
        assert isinstance(inner, OFAForConditionalGeneration)
        with watching(inner) as watched:
            inputs = inputs_of(inner, rows, self._features, device)
            labels = padded([row.labels for row in rows], IGNORED).to(device)
            logits = model(**inputs, labels=labels, use_cache=False).logits
        entropy = functional.cross_entropy(
            logits.flatten(0, 1).float(), labels.flatten(), ignore_index=IGNORED, reduction="sum"
        )
        count = int((labels != IGNORED).sum())
        right = float(((logits.argmax(-1) == labels) | (labels == IGNORED)).all(dim=1).sum())
        parts = {"entropy": float(entropy.detach()), "right": right, "rows": float(len(rows))}
        total = entropy
        if "image_features" in inputs and any(self._weight):
            grid = inputs["image_features"].shape[1:3]
            told = supervision_loss(inner, watched, rows, int(grid[0] * grid[1]))
            share = min(self.step / max(self._steps, 1), 1.0)
            total = total + (self._weight[0] + (self._weight[1] - self._weight[0]) * share) * told
            parts["supervision"] = float(told.detach())
        return Loss(total, count, parts)


def inputs_of(
    model: OFAForConditionalGeneration, rows: Sequence[Row], features: Mapping[str, Tensor], device: torch.device
) -> dict[str, Tensor]:
    """Return what the encoder reads: texts padded on the right, and each picture once."""
    inputs = {"input_ids": padded([row.tokens for row in rows], model.config.pad_token_id).to(device)}
    pictures = [row.picture for row in rows]
    if any(name for name, _ in pictures):
        known = torch.stack([features[name][number].to(model.dtype) for name, number in pictures])
        inputs["image_features"] = model.encoder.embed_features(known.to(device))
    return inputs
