"""Models of pictures and texts as transformers loads them, with what they make of a picture shared by its wordings."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mibench.adapters.base import Sight
from mibench.adapters.loading import find_device, find_dtype, load_weights, switch, whole_number
from mibench.adapters.pictures import open_picture
from mibench.errors import InputError
from mibench.instances import Prediction, Request

if TYPE_CHECKING:
    from mibench.adapters.generation import FirstStep
    from mibench.adapters.prompt_reader import Prompt

POSITIONS = ("before", "after")

Scores = tuple[list[float] | None, list[float] | None]


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
        from mibench.adapters.prompt_reader import PromptReader
        from mibench.adapters.quantisation import quantisation_config

        device = find_device(device)
        settings = {
            "device_map": device_map or device,
            "dtype": find_dtype(dtype, device),
            "attn_implementation": attn_implementation or None,
            "quantization_config": quantisation_config(quantisation, type(self)),
        }
        processor = load_processor(pretrained, **source)
        self._tokenizer = processor.tokenizer
        self._chat = Chat(processor, system=system, image_first=image_position == "before")
        model = self._load(pretrained, **source, **settings)
        self._reader = PromptReader(model, processor, beams=self._beams, share=share, settings=self._chat.settings)
        self.model_name = Path(pretrained).resolve().name
        chosen = {"revision": revision, "attn_implementation": attn_implementation, **quantisation}
        self.decoding: Mapping[str, str | int | bool | None] = {
            "beams": self._beams,
            "dtype": str(model.dtype).removeprefix("torch."),
            "system": system,
            "image_position": image_position,
            "score_options": self._scoring,
            **{name: value for name, value in chosen.items() if value},
        }

    def _load(self, pretrained: str, **settings: Any) -> Any:
        from transformers import AutoModelForImageTextToText

        from mibench.adapters.generation import decoder_of, make_deterministic

        model = load_weights(pretrained, AutoModelForImageTextToText, **settings)
        if self._tokenizer.pad_token is None:
            self._tokenizer.pad_token = self._tokenizer.eos_token
        self._tokenizer.padding_side = "right" if decoder_of(model).config.is_encoder_decoder else "left"
        make_deterministic(model, self._tokenizer.pad_token_id)
        return model.eval()

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
        scores: list[Scores] = []

        def look(step: "FirstStep") -> None:
            scores[:] = self._option_scores(step, requests)

        tokens = self._reader.generate(
            self._prompts(requests), requests[0].max_new_tokens, look if self._scoring else None
        )
        if self._scoring and not scores:
            message = "the model does not show what it makes of a prompt, so that options cannot be scored"
            raise InputError(message, remedy="score_options=false in --model-args")
        texts = self._tokenizer.batch_decode(tokens, skip_special_tokens=True)
        return [
            request.answered(text.strip(), *known)
            for request, text, known in zip(requests, texts, scores or [(None, None)] * len(requests), strict=True)
        ]

    def _prompts(self, requests: Sequence[Request]) -> list["Prompt"]:
        from mibench.adapters.prompt_reader import Prompt

        pictures = {
            image: open_picture(image) for image in {request.image for request in requests} if image is not None
        }
        return [
            Prompt(
                self._chat.text(request.prompt, with_picture=request.image is not None),
                request.image,
                None if request.image is None else pictures[request.image],
            )
            for request in requests
        ]

    def _option_scores(self, step: "FirstStep", requests: Sequence[Request]) -> list[Scores]:
        from mibench.adapters.option_scores import option_tokens, score_options

        ends = [None] * len(requests) if step.encoded else step.last_tokens
        options = [
            [option_tokens(self._tokenizer, option, end) for option in request.options]
            for request, end in zip(requests, ends, strict=True)
        ]
        return [
            (sums, [score / max(1, len(tokens)) for score, tokens in zip(sums, known, strict=True)])
            if known
            else (None, None)
            for sums, known in zip(score_options(step, options), options, strict=True)
        ]
