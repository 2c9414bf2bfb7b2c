"""OFA as an adapter: prompts as OFA reads them, five wordings of a picture encoded once, boxes in pixels again."""

import logging
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mibench.errors import InputError
from mibench.instances import Prediction, Request

if TYPE_CHECKING:
    import torch

DTYPES = {"fp32": "float32", "bf16": "bfloat16", "fp16": "float16"}
SWITCH = {"true": True, "false": False}

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Prompt:
    """A request as the model reads it.

    Attributes:
        place: of the request in its batch.
        size: width and height of its picture in pixels; None where it has none.

    """

    place: int
    request: Request
    tokens: list[int]
    size: tuple[int, int] | None


class OFA:
    """OFA (Wang et al., 2022) from a folder in Hugging Face form, as `mibench models convert` writes it."""

    def __init__(
        self,
        path: str,
        beams: str = "5",
        image_size: str = "",
        dtype: str = "fp32",
        device: str = "auto",
        rows: str = "40",
        no_repeat_ngram: str = "3",
        constrain: str = "false",
        score_options: str = "false",
        clean: str = "true",
    ) -> None:
        """Load the model.

        Args:
            path: the folder.
            beams: width of the search; 1 is greedy.
            image_size: side in pixels to which pictures are resized; by default as the folder says.
            dtype: fp32, bf16 or fp16.
            device: auto, or what torch calls it.
            rows: prompts that are answered together; fewer where memory runs out.
            no_repeat_ngram: no so many tokens occur twice in an answer; 0 allows it.
            constrain: whether an answer must be one of the options, where there are any.
            score_options: whether to record the log-probability of each option as well.
            clean: whether prompts are cleaned as OFA's data code cleans questions.

        """
        if dtype not in DTYPES:
            raise ValueError(f"dtype={dtype} is not one of {', '.join(DTYPES)}")
        switches = {"constrain": constrain, "score_options": score_options, "clean": clean}
        for name, value in switches.items():
            if value not in SWITCH:
                raise ValueError(f"{name}={value} is neither true nor false")
        if not Path(path).is_dir():
            raise InputError("no folder of a model", file=path, remedy="'mibench models convert' writes one")
        self.model_name = Path(path).resolve().name
        self.decoding: Mapping[str, str | int | bool] = {
            "beams": int(beams),
            "image_size": image_size or "as in the folder",
            "dtype": dtype,
            "no_repeat_ngram": int(no_repeat_ngram),
            **{name: SWITCH[value] for name, value in switches.items()},
        }
        self._rows, self._shortened = int(rows), 0
        self._load(path, image_size, dtype, device)

    def _load(self, path: str, image_size: str, dtype: str, device: str) -> None:
        import torch

        from mibench.ofa import OFAForConditionalGeneration, OFAProcessor

        self._device = _best_device() if device == "auto" else device
        settings: dict[str, Any] = {"size": int(image_size)} if image_size else {}
        self._processor = OFAProcessor.from_pretrained(path, local_files_only=True, **settings)
        model: Any = OFAForConditionalGeneration.from_pretrained(
            path, dtype=getattr(torch, DTYPES[dtype]), local_files_only=True
        )
        self._model = model.to(self._device).eval()
        self._longest = self._model.config.max_position_embeddings

    def predict(self, requests: Sequence[Request]) -> list[Prediction]:
        """Answer a batch of requests; those about one picture share its encoding."""
        prompts = [self._prompt(place, request) for place, request in enumerate(requests)]
        answers: dict[int, Prediction] = {}
        for _, alike in groupby(sorted(prompts, key=_together), key=_together):
            for part in _parts(sorted(alike, key=_by_picture_and_length), self._rows):
                answers |= self._answer(part)
        return [answers[place] for place in range(len(requests))]

    def _prompt(self, place: int, request: Request) -> _Prompt:
        from PIL import Image

        size = None
        if request.image is not None:
            try:
                with Image.open(request.image) as picture:
                    size = picture.size
            except OSError as error:
                reason = error.strerror or "of no known format"
                raise InputError(f"no readable image: {reason}", file=request.image) from None
        tokens = self._tokens(request.prompt, request, size)
        if len(tokens) > self._longest:
            tokens = self._cut(tokens, request, size)
        return _Prompt(place, request, tokens, size)

    def _tokens(self, text: str, request: Request, size: tuple[int, int] | None) -> list[int]:
        from mibench.ofa.tokenizer import clean_text

        if size is not None and _has_boxes(request):
            text = self._processor.boxes_to_bins(text, *size)
        if self.decoding["clean"]:
            text = clean_text(text)
        tokens: list[int] = self._processor.tokenizer(text)["input_ids"]
        return tokens

    def _cut(self, tokens: list[int], request: Request, size: tuple[int, int] | None) -> list[int]:
        """Return as many tokens as the model reads: of the part that the card names, or else of the end, some go."""
        self._shortened += 1
        _log.warning(
            "%s, instance %s, instruction %d: %d tokens cut to the %d that the model reads; prompts cut so far: %d",
            *(request.task, request.instance, request.instruction, len(tokens), self._longest, self._shortened),
        )
        before, _, after = request.prompt.partition(request.cut) if request.cut else (request.prompt, "", "")

        def shortened(kept: int) -> list[int]:
            return self._tokens(before + request.cut[:kept] + after, request, size)

        fitting = bisect_right(range(len(request.cut) + 1), self._longest, key=lambda kept: len(shortened(kept))) - 1
        if fitting >= 0:
            return shortened(fitting)
        return [*tokens[: self._longest - 1], tokens[-1]]

    def _answer(self, prompts: Sequence[_Prompt]) -> dict[int, Prediction]:
        """Answer prompts together, or in halves where memory runs out."""
        import torch

        try:
            return dict(self._generate(prompts))
        except (RuntimeError, MemoryError) as error:
            if len(prompts) == 1 or not _lacks_memory(error):
                raise
            self._rows = half = (len(prompts) + 1) // 2
            _log.warning("out of memory with %d prompts together; going on with %d", len(prompts), half)
        if self._device.startswith("cuda"):
            torch.cuda.empty_cache()
        return self._answer(prompts[:half]) | self._answer(prompts[half:])

    def _generate(self, prompts: Sequence[_Prompt]) -> Iterator[tuple[int, Prediction]]:
        import torch

        from mibench.ofa.scoring import OptionTries, score_options

        with torch.inference_mode():
            encoded = self._model.encoder(**self._inputs(prompts))
            options = [self._option_tokens(prompt) for prompt in prompts]
            constrained = {}
            if self.decoding["constrain"] and all(options):
                constrained["prefix_allowed_tokens_fn"] = OptionTries(options, self._model.config.eos_token_id)
            found = self._model.generate(
                encoder_outputs=encoded,
                num_beams=self.decoding["beams"],
                no_repeat_ngram_size=self.decoding["no_repeat_ngram"],
                max_new_tokens=prompts[0].request.max_new_tokens,
                do_sample=False,
                **constrained,
            )
            scores: Sequence[list[float] | None] = [None] * len(prompts)
            if self.decoding["score_options"] and all(options):
                scores = score_options(self._model, {"encoder_outputs": encoded}, options)
        for prompt, tokens, known in zip(prompts, found, scores, strict=True):
            text = self._processor.tokenizer.decode(tokens, skip_special_tokens=True).strip()
            if prompt.size is not None and _has_boxes(prompt.request):
                text = self._processor.bins_to_boxes(text, *prompt.size)
            yield prompt.place, prompt.request.answered(text, known)

    def _inputs(self, prompts: Sequence[_Prompt]) -> dict[str, "torch.Tensor"]:
        """Return what the encoder reads: texts padded on the right, and each picture once."""
        import torch

        padding, longest = self._model.config.pad_token_id, max(len(prompt.tokens) for prompt in prompts)
        ids = [prompt.tokens + [padding] * (longest - len(prompt.tokens)) for prompt in prompts]
        inputs = {"input_ids": torch.tensor(ids, device=self._device)}
        pictures = list(dict.fromkeys(prompt.request.image for prompt in prompts if prompt.request.image is not None))
        if pictures:
            pixels = self._processor(images=pictures)["pixel_values"].to(self._device, self._model.dtype)
            places = {picture: place for place, picture in enumerate(pictures)}
            index = [places[prompt.request.image] for prompt in prompts if prompt.request.image is not None]
            inputs["image_features"] = self._model.encode_image(pixels)
            inputs["image_index"] = torch.tensor(index, device=self._device)
        return inputs

    def _option_tokens(self, prompt: _Prompt) -> list[list[int]]:
        """Return the tokens of each option as an answer, without the start token."""
        texts: list[str] = list(prompt.request.options)
        if prompt.size is not None and _has_boxes(prompt.request):
            texts = [self._processor.boxes_to_bins(text, *prompt.size) for text in texts]
        return [self._processor.tokenizer(text)["input_ids"][1:] for text in texts]


def _lacks_memory(error: Exception) -> bool:
    """Tell whether an error means that memory ran out; on a CPU, torch has no class of its own for it."""
    return isinstance(error, MemoryError) or "memory" in str(error)


def _best_device() -> str:
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _has_boxes(request: Request) -> bool:
    """Tell whether the options are boxes, four numbers each."""
    return bool(request.options) and all(
        len(option.split()) == 4 and option.replace(" ", "").isdecimal() for option in request.options
    )


def _together(prompt: _Prompt) -> tuple[bool, int]:
    """Return what the prompts of one batch must share."""
    return prompt.request.image is None, prompt.request.max_new_tokens


def _by_picture_and_length(prompt: _Prompt) -> tuple[str, int, int]:
    return prompt.request.image or "", len(prompt.tokens), prompt.place


def _parts(prompts: Sequence[_Prompt], rows: int) -> Iterator[Sequence[_Prompt]]:
    for first in range(0, len(prompts), rows):
        yield prompts[first : first + rows]
