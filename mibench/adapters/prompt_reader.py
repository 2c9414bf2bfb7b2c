"""A model of pictures and texts with its processor: how it reads prompts, and shares a picture among its wordings."""

import logging
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

import torch
from PIL.Image import Image
from torch import Tensor
from transformers import BatchFeature

from mibench.adapters.generation import FirstStep, decoder_of, first_step, generate, needs_picture
from mibench.adapters.image_prefix import CannotShareError, continue_prefixes, read_prefixes, shared_length
from mibench.adapters.memory import lacks_memory
from mibench.adapters.processors import ProcessingOnce, image_token_ids
from mibench.adapters.shared_tower import image_tower, once_a_picture
from mibench.errors import InputError

EXACT, ROUNDED = 1e-3, 0.05
"""By how much logits may differ where a picture is shared, as a share of their spread: in fp32, and in fewer bits."""
IMPOSSIBLE = 50.0
"""A token whose logit is so far below the greatest is no candidate, and its logit may be any number."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Prompt:
    """What a model is asked.

    Attributes:
        text: as the processor reads it.
        image: by what a picture is known, as its file; None where there is none.
        picture: the picture itself.

    """

    text: str
    image: str | None
    picture: Image | None


Look = Callable[[FirstStep], None]
_Way = Callable[[Sequence[Prompt], int, Look | None], Tensor]


class PromptReader:
    """Generates answers to prompts.

    Wordings of one picture share as much of it as the model allows: a decoder reads the beginning of their prompts once
    (`image_prefix`); of another model, the tower for pictures runs once (`shared_tower`). The first time, the logits of
    one wording are compared with those of the same wording alone; where they differ, or anything else fails, this is
    logged, and from there on nothing is shared.
    """

    def __init__(
        self,
        model: Any,
        processor: Any,
        *,
        beams: int = 1,
        share: bool = True,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        """Take a model and its processor.

        Args:
            model: made deterministic.
            processor: of pictures and texts.
            beams: width of the search; 1 is greedy.
            share: whether wordings share their picture.
            settings: what the processor is told with each text.

        """
        self.model, self.processor = model, processor
        self._beams, self._settings = beams, settings or {}
        self._image_tokens = image_token_ids(processor, model.config)
        self._share = self._way_of_sharing() if share else None
        self.shares_rightly = False

    def _way_of_sharing(self) -> _Way | None:
        self.processor.image_processor = ProcessingOnce(self.processor.image_processor)
        if decoder_of(self.model) is self.model and not self.model.config.is_encoder_decoder:
            return self._with_shared_prefixes
        if image_tower(self.model) is not None:
            return self._with_shared_tower
        self._tell_that_nothing_is_shared("it has no tower that sees pictures alone")
        return None

    def _tell_that_nothing_is_shared(self, reason: str) -> None:
        kind = type(self.model).__name__
        _log.warning("%s: a picture is read anew for each wording from here on: %s", kind, reason)

    def generate(self, prompts: Sequence[Prompt], max_new_tokens: int, look: Look | None = None) -> Tensor:
        """Return the tokens of each answer, [N, T].

        Args:
            prompts: all with a picture, or all without.
            max_new_tokens: the answers' limit.
            look: called when the prompts are read; more than once where sharing fails after it.

        Raises:
            InputError: the model answers nothing without a picture.

        """
        images = {prompt.image for prompt in prompts} - {None}
        if self._share is not None and 0 < len(images) < len(prompts):
            try:
                return self._checked(self._share, prompts, max_new_tokens, look)
            except InputError:
                raise
            except Exception as error:
                if lacks_memory(error):
                    raise
                self._tell_that_nothing_is_shared(str(error) or type(error).__name__)
                self._share = None
        return self._apart(prompts, max_new_tokens, look)

    def _checked(self, share: _Way, prompts: Sequence[Prompt], max_new_tokens: int, look: Look | None) -> Tensor:
        if self.shares_rightly:
            return share(prompts, max_new_tokens, look)
        images = [prompt.image for prompt in prompts]
        later = [place for place, image in enumerate(images) if image in images[:place]]
        place = min(later, key=lambda place: len(prompts[place].text))
        alone = first_step(self.model, self.inputs([prompts[place]])).logits[0]

        def compare(step: FirstStep) -> None:
            difference = _difference(alone, step.logits[step.rows[place]])
            if not difference <= (EXACT if self.model.dtype == torch.float32 else ROUNDED):
                raise CannotShareError(f"it would change what follows, by {difference:.0%} of the logits' spread")
            if look is not None:
                look(step)

        found = share(prompts, max_new_tokens, compare)
        self.shares_rightly = True
        return found

    def _apart(self, prompts: Sequence[Prompt], max_new_tokens: int, look: Look | None) -> Tensor:
        inputs = self.inputs(prompts)
        return generate(self.model, inputs, beams=self._beams, max_new_tokens=max_new_tokens, look=look)

    def _with_shared_tower(self, prompts: Sequence[Prompt], max_new_tokens: int, look: Look | None) -> Tensor:
        numbers = {image: number for number, image in enumerate(dict.fromkeys(prompt.image for prompt in prompts))}
        with once_a_picture(image_tower(self.model), [numbers[prompt.image] for prompt in prompts]):
            return self._apart(prompts, max_new_tokens, look)

    def _with_shared_prefixes(self, prompts: Sequence[Prompt], max_new_tokens: int, look: Look | None) -> Tensor:
        inputs = self._continued(prompts, max_new_tokens)
        return generate(self.model, inputs, beams=self._beams, max_new_tokens=max_new_tokens, look=look)

    def _continued(self, prompts: Sequence[Prompt], max_new_tokens: int) -> dict[str, Any]:
        """Return what the model takes of prompts whose beginnings it reads here."""
        firsts: list[tuple[dict[str, Any], int]] = []
        wordings: dict[int, tuple[int, list[int]]] = {}
        for number, image in enumerate(dict.fromkeys(prompt.image for prompt in prompts)):
            places = [place for place, prompt in enumerate(prompts) if prompt.image == image]
            processed = [self._processed([prompts[place]]) for place in places]
            tokens = [each["input_ids"][0].tolist() for each in processed]
            firsts.append((self._moved(processed[0]), shared_length(tokens, self._image_tokens)))
            wordings |= {place: (number, known) for place, known in zip(places, tokens, strict=True)}
        prefixes = read_prefixes(self.model, firsts, self._image_tokens)
        ordered = [wordings[place] for place in range(len(prompts))]
        return continue_prefixes(self.model, prefixes, ordered, beams=self._beams, room=max_new_tokens)

    def inputs(self, prompts: Sequence[Prompt]) -> dict[str, Any]:
        """Return what the model takes; `input_ids` and `attention_mask` are [N, L]."""
        return self._moved(self._processed(prompts))

    def _processed(self, prompts: Sequence[Prompt]) -> BatchFeature:
        pictures = [[prompt.picture] for prompt in prompts if prompt.picture is not None]
        message = f"a {type(self.model).__name__} answers nothing without a picture"
        nothing = InputError(message, remedy="--tasks multimodal, and no blind run")
        if not pictures and needs_picture(self.model):
            raise nothing
        texts = [prompt.text for prompt in prompts]
        try:
            processed: BatchFeature = self.processor(
                images=pictures or None, text=texts, padding=True, return_tensors="pt", **self._settings
            )
        except ValueError:
            if pictures:
                raise
            raise nothing from None
        return processed

    def _moved(self, processed: BatchFeature) -> dict[str, Any]:
        """Return what the processor gives as the model takes it, where the model is."""
        moved = processed.to(self.model.device, self.model.dtype)
        inputs = {name: value for name, value in moved.items() if name != "labels"}
        inputs["input_ids"] = _padded_with_own_tokens(inputs, self._image_tokens)
        return inputs


def _difference(alone: Tensor, shared: Tensor) -> float:
    """Return how far logits are from others, [V] both, as a share of the spread of those that are candidates."""
    possible = alone > alone.max() - IMPOSSIBLE
    distance = (shared.float() - alone.float())[possible].square().mean().sqrt()
    return float(distance / alone.float()[possible].std())


def _padded_with_own_tokens(inputs: Mapping[str, Any], image_tokens: Set[int]) -> Tensor:
    """Return the tokens of prompts [N, L] with a token of its own in each one's padding.

    Penalties for repetition look at padding too, and shall find nothing there that depends on the batch.
    """
    rows, masks = inputs["input_ids"], inputs["attention_mask"].bool()
    own = [
        next(token for token in reversed(row[mask].tolist()) if token not in image_tokens)
        for row, mask in zip(rows, masks, strict=True)
    ]
    return torch.where(masks, rows, torch.tensor(own, device=rows.device)[:, None])
