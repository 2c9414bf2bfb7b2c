"""Models of pictures and texts as transformers loads them, with what they make of a picture shared by its wordings."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mibench.adapters.base import Sight
from mibench.adapters.loading import find_device, find_dtype, load, switch, whole_number
from mibench.adapters.memory import lacks_memory
from mibench.adapters.pictures import open_picture
from mibench.errors import InputError
from mibench.instances import Prediction, Request

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor

    from mibench.adapters.generation import FirstStep

POSITIONS = ("before", "after")
EXACT, ROUNDED = 1e-3, 0.05
"""By how much logits may differ where a picture is shared, as a share of their spread: in fp32, and in fewer bits."""
IMPOSSIBLE = 50.0
"""A token whose logit is so far below the greatest is no candidate, and its logit may be any number."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Question:
    """A request as the model reads it."""

    request: Request
    text: str
    picture: "Image | None"


_Look = Callable[["FirstStep"], None]
_Way = Callable[[Sequence[_Question], _Look | None], "Tensor"]


class ImageText:
    """Any model that `AutoModelForImageTextToText` loads, with the processor that `AutoProcessor` finds for it."""

    sight: Sight = "opens"

    def __init__(
        self,
        pretrained: str,
        revision: str = "",
        dtype: str = "auto",
        device: str = "auto",
        device_map: str = "",
        attn_implementation: str = "",
        trust_remote_code: str = "false",
        system: str = "",
        image_position: str = "before",
        beams: str = "1",
        share_image: str = "true",
        score_options: str = "false",
        **quantisation: str,
    ) -> None:
        """Load the model.

        Args:
            pretrained: a folder, or a name on the Hub.
            revision: branch, tag or commit on the Hub.
            dtype: auto, fp32, bf16 or fp16; auto means as stored, and fp32 on a CPU.
            device: auto, or what torch calls it.
            device_map: how accelerate spreads the model over devices, as `auto`; by default it is on one.
            attn_implementation: as transformers names it.
            trust_remote_code: whether code that comes with the model may run.
            system: what the system says before a prompt.
            image_position: whether the picture is before or after the prompt.
            beams: width of the search; 1 is greedy.
            share_image: whether a picture is read once for all its wordings in a batch; the answers are the same.
            score_options: whether to record the log-probability of each option as well.
            quantisation: arguments of transformers' BitsAndBytesConfig, as `load_in_4bit=true`.

        Raises:
            InputError: there is no such model or device, or its chat template refuses the picture or the system.
            ValueError: an argument is unknown, or its value is.

        """
        if image_position not in POSITIONS:
            raise ValueError(f"image_position={image_position} is not one of {', '.join(POSITIONS)}")
        self._beams = whole_number("beams", beams, least=1)
        self._scoring = switch("score_options", score_options)
        share = switch("share_image", share_image)
        source = {"revision": revision or "main", "trust_remote_code": switch("trust_remote_code", trust_remote_code)}

        from mibench.adapters.chat import Chat
        from mibench.adapters.processors import load_processor
        from mibench.adapters.quantisation import quantisation_config

        settings = {
            "device_map": device_map or find_device(device),
            "dtype": find_dtype(dtype, find_device(device)),
            "attn_implementation": attn_implementation or None,
            "quantization_config": quantisation_config(quantisation, type(self)),
        }
        self._processor = load_processor(pretrained, **source)
        self._chat = Chat(self._processor, system=system, image_first=image_position == "before")
        self._load(pretrained, **source, **settings)
        self._share = self._way_of_sharing() if share else None
        self._shares_rightly = False
        self.model_name = Path(pretrained).resolve().name
        chosen = {"revision": revision, "attn_implementation": attn_implementation, **quantisation}
        self.decoding: Mapping[str, str | int | bool | None] = {
            "beams": self._beams,
            "dtype": self._dtype(),
            "system": system,
            "image_position": image_position,
            "score_options": self._scoring,
            **{name: value for name, value in chosen.items() if value},
        }

    def _load(self, pretrained: str, **settings: Any) -> None:
        from transformers import AutoModelForImageTextToText

        from mibench.adapters.generation import decoder_of, make_deterministic, needs_picture
        from mibench.adapters.processors import image_token_ids

        model: Any = load(pretrained, lambda: AutoModelForImageTextToText.from_pretrained(pretrained, **settings))
        self._model = model.eval()
        self._image_tokens = image_token_ids(self._processor, self._model.config)
        self._needs_picture = needs_picture(self._model)
        tokenizer = self._processor.tokenizer
        if tokenizer.pad_token is None:
            tokenizer.pad_token = tokenizer.eos_token
        tokenizer.padding_side = "right" if decoder_of(self._model).config.is_encoder_decoder else "left"
        make_deterministic(self._model, tokenizer.pad_token_id)

    def _dtype(self) -> str:
        return str(self._model.dtype).removeprefix("torch.")

    def _way_of_sharing(self) -> _Way | None:
        """Return how the wordings of a picture share it; None where there is no way."""
        from mibench.adapters.generation import decoder_of
        from mibench.adapters.processors import ProcessingOnce
        from mibench.adapters.shared_tower import image_tower

        self._processor.image_processor = ProcessingOnce(self._processor.image_processor)
        if decoder_of(self._model) is self._model and not self._model.config.is_encoder_decoder:
            return self._with_shared_prefixes
        if image_tower(self._model) is not None:
            return self._with_shared_tower
        _log.warning(
            "%s: pictures are read once a wording: no part of it sees only pictures", type(self._model).__name__
        )
        return None

    def predict(self, requests: Sequence[Request]) -> list[Prediction]:
        """Answer a batch of requests; those about one picture share what the model makes of it."""
        import torch

        def kind(place: int) -> tuple[bool, int]:
            return requests[place].image is None, requests[place].max_new_tokens

        answers: dict[int, Prediction] = {}
        with torch.inference_mode():
            for _, alike in groupby(sorted(range(len(requests)), key=kind), key=kind):
                places = list(alike)
                answers |= zip(places, self._answers([requests[place] for place in places]), strict=True)
        return [answers[place] for place in range(len(requests))]

    def _answers(self, requests: Sequence[Request]) -> list[Prediction]:
        questions = self._questions(requests)
        scores: list[tuple[list[float] | None, list[float] | None]] = [(None, None)] * len(requests)

        def look(step: "FirstStep") -> None:
            scores[:] = self._option_scores(step, requests)

        tokens = self._generate(questions, look if self._scoring else None)
        texts = self._processor.tokenizer.batch_decode(tokens, skip_special_tokens=True)
        return [
            request.answered(text.strip(), *known) for request, text, known in zip(requests, texts, scores, strict=True)
        ]

    def _questions(self, requests: Sequence[Request]) -> list[_Question]:
        if self._needs_picture and requests[0].image is None:
            raise self._no_answer_without_picture()
        pictures = {image: open_picture(image) for image in {request.image for request in requests} if image}
        return [
            _Question(
                request,
                self._chat.text(request.prompt, with_picture=request.image is not None),
                None if request.image is None else pictures[request.image],
            )
            for request in requests
        ]

    def _no_answer_without_picture(self) -> InputError:
        message = f"a {type(self._model).__name__} answers nothing without a picture"
        return InputError(message, remedy="--tasks multimodal, and no blind run")

    def _option_scores(
        self, step: "FirstStep", requests: Sequence[Request]
    ) -> list[tuple[list[float] | None, list[float] | None]]:
        from mibench.adapters.option_scores import option_tokens, score_options

        ends = [None] * len(requests) if step.encoded else step.last_tokens
        options = [
            [option_tokens(self._processor.tokenizer, option, end) for option in request.options]
            for request, end in zip(requests, ends, strict=True)
        ]
        return [
            (sums, [score / max(1, len(tokens)) for score, tokens in zip(sums, known, strict=True)])
            if known
            else (None, None)
            for sums, known in zip(score_options(step, options), options, strict=True)
        ]

    def _generate(self, questions: Sequence[_Question], look: _Look | None) -> "Tensor":
        """Return the tokens of each answer, [N, T]."""
        if self._share is not None and len({question.request.image for question in questions}) < len(questions):
            try:
                return self._checked(self._share, questions, look)
            except InputError:
                raise
            except Exception as error:
                if lacks_memory(error):
                    raise
                kind, reason = type(self._model).__name__, str(error) or type(error).__name__
                _log.warning("%s: pictures are read once a wording from here on: %s", kind, reason)
                self._share = None
        return self._apart(questions, look)

    def _checked(self, share: _Way, questions: Sequence[_Question], look: _Look | None) -> "Tensor":
        """Answer in a way of sharing; the first time, compare one of the wordings with itself alone."""
        if self._shares_rightly:
            return share(questions, look)
        from mibench.adapters.generation import first_step
        from mibench.adapters.image_prefix import CannotShareError

        images = [question.request.image for question in questions]
        later = [place for place, image in enumerate(images) if image in images[:place]]
        place = min(later, key=lambda place: len(questions[place].text))
        alone = first_step(self._model, self._inputs([questions[place]])).logits[0].float()

        def compare(step: "FirstStep") -> None:
            shared = step.logits[step.rows[place]].float()
            possible = alone > alone.max() - IMPOSSIBLE
            difference = float((shared - alone)[possible].square().mean().sqrt() / alone[possible].std())
            if not difference <= (EXACT if self._dtype() == "float32" else ROUNDED):
                raise CannotShareError(f"it would change what follows, by {difference:.0%} of the logits' spread")
            if look is not None:
                look(step)

        found = share(questions, compare)
        self._shares_rightly = True
        return found

    def _apart(self, questions: Sequence[_Question], look: _Look | None) -> "Tensor":
        """Answer each question with its own picture."""
        from mibench.adapters.generation import generate

        limit = questions[0].request.max_new_tokens
        return generate(self._model, self._inputs(questions), beams=self._beams, max_new_tokens=limit, look=look)

    def _with_shared_tower(self, questions: Sequence[_Question], look: _Look | None) -> "Tensor":
        from mibench.adapters.shared_tower import image_tower, once_a_picture

        images = [question.request.image for question in questions]
        order = list(dict.fromkeys(images))
        with once_a_picture(image_tower(self._model), [order.index(image) for image in images]):
            return self._apart(questions, look)

    def _with_shared_prefixes(self, questions: Sequence[_Question], look: _Look | None) -> "Tensor":
        from mibench.adapters.generation import generate
        from mibench.adapters.image_prefix import ImagePrefix, continue_prefixes, read_prefix, shared_length

        alike: dict[str | None, list[int]] = {}
        for place, question in enumerate(questions):
            alike.setdefault(question.request.image, []).append(place)
        prefixes: list[ImagePrefix] = []
        prompts: dict[int, tuple[int, list[int]]] = {}
        for number, places in enumerate(alike.values()):
            read = [self._inputs([questions[place]]) for place in places]
            tokens = [inputs["input_ids"][0].tolist() for inputs in read]
            length = shared_length(tokens, self._image_tokens)
            prefixes.append(read_prefix(self._model, read[0], length, self._image_tokens))
            prompts |= {place: (number, known) for place, known in zip(places, tokens, strict=True)}
        limit = questions[0].request.max_new_tokens
        inputs = continue_prefixes(
            self._model, prefixes, [prompts[place] for place in range(len(questions))], beams=self._beams, room=limit
        )
        return generate(self._model, inputs, beams=self._beams, max_new_tokens=limit, look=look)

    def _inputs(self, questions: Sequence[_Question]) -> dict[str, Any]:
        """Return what the model takes, as its processor gives it; `input_ids` and `attention_mask` are [N, L]."""
        pictures = [[question.picture] for question in questions if question.picture is not None]
        texts = [question.text for question in questions]
        settings = {"add_special_tokens": False} if self._chat.begins_itself(texts[0]) else {}
        try:
            processed = self._processor(
                images=pictures or None, text=texts, padding=True, return_tensors="pt", **settings
            )
        except ValueError:
            if pictures:
                raise
            raise self._no_answer_without_picture() from None
        processed = processed.to(self._model.device, self._model.dtype)
        inputs = {name: value for name, value in processed.items() if name != "labels"}
        inputs["input_ids"] = _padded_with_own_tokens(inputs, self._image_tokens)
        return inputs


def _padded_with_own_tokens(inputs: Mapping[str, Any], image_tokens: frozenset[int]) -> "Tensor":
    """Return the tokens of prompts [N, L] with a token of its own in each one's padding.

    Penalties for repetition look at padding too, and shall find nothing there that depends on the batch.
    """
    import torch

    rows, masks = inputs["input_ids"], inputs["attention_mask"].bool()
    own = [
        next(token for token in reversed(row[mask].tolist()) if token not in image_tokens)
        for row, mask in zip(rows, masks, strict=True)
    ]
    padded: Tensor = torch.where(masks, rows, torch.tensor(own, device=rows.device)[:, None])
    return padded
