"""OFA as an adapter: prompts as OFA reads them, five wordings of a picture encoded once, boxes in pixels again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mibench.adapters.base import Sight
from mibench.adapters.cutting import Cutter
from mibench.adapters.loading import find_device, find_dtype, load, load_weights, switch, whole_number
from mibench.adapters.pictures import open_picture
from mibench.errors import InputError
from mibench.instances import Prediction, Request

if TYPE_CHECKING:
    import torch
    from PIL.Image import Image


BOXES = ("options", "all")
"""Which boxes a model reads and writes as location bins."""


@dataclass(frozen=True)
class _Prompt:
    """A request as the model reads it.

    Attributes:
        place: of the request in its batch.
        picture: None where it has none.

    """

    place: int
    request: Request
    tokens: list[int]
    picture: "Image | None"

    @property
    def size(self) -> tuple[int, int] | None:
        """Width and height of the picture in pixels."""
        return None if self.picture is None else self.picture.size


class OFA:
    """OFA (Wang et al., 2022) from a folder in Hugging Face form, as `mibench models convert` writes it."""

    sight: Sight = "opens"

    def __init__(
        self,
        path: str,
        beams: str = "5",
        image_size: str = "",
        dtype: str = "fp32",
        device: str = "auto",
        no_repeat_ngram: str = "3",
        constrain: str = "false",
        score_options: str = "false",
        clean: str = "true",
        boxes: str = "options",
    ) -> None:
        """Load the model.

        Args:
            path: the folder.
            beams: width of the search; 1 is greedy.
            image_size: side in pixels to which pictures are resized; by default as the folder says.
            dtype: auto, fp32, bf16 or fp16.
            device: auto, or what torch calls it.
            no_repeat_ngram: no so many tokens occur twice in an answer; 0 allows it.
            constrain: whether an answer must be one of the options, where there are any.
            score_options: whether to record the log-probability of each option as well.
            clean: whether prompts are cleaned as OFA's data code cleans questions.
            boxes: which boxes become location bins: those of requests whose options are boxes (options), or every one
                in a prompt about a picture (all).

        Raises:
            InputError: there is no model in the folder, or it cannot be loaded.
            ValueError: an argument has a wrong value.

        """
        if boxes not in BOXES:
            raise ValueError(f"boxes={boxes} is not one of {', '.join(BOXES)}")
        switches = {"constrain": constrain, "score_options": score_options, "clean": clean}
        if not Path(path).is_dir():
            raise InputError("no folder of a model", file=path, remedy="'mibench models convert' writes one")
        self.model_name = Path(path).resolve().name
        self.decoding: Mapping[str, str | int | bool] = {
            "beams": whole_number("beams", beams, 1),
            "image_size": image_size or "as in the folder",
            "dtype": dtype,
            "no_repeat_ngram": whole_number("no_repeat_ngram", no_repeat_ngram),
            **{name: switch(name, value) for name, value in switches.items()},
            "boxes": boxes,
        }
        self._load(path, image_size, dtype, device)

    def _load(self, path: str, image_size: str, dtype: str, device: str) -> None:
        from mibench.ofa import OFAForConditionalGeneration, OFAProcessor

        self._device = find_device(device)
        settings: dict[str, Any] = {"size": whole_number("image_size", image_size, 1)} if image_size else {}
        self._processor = load(path, lambda: OFAProcessor.from_pretrained(path, local_files_only=True, **settings))
        numbers = find_dtype(dtype, self._device)
        model = load_weights(path, OFAForConditionalGeneration, dtype=numbers, local_files_only=True)
        self._model = model.to(self._device).eval()
        self.parameters = sum(parameter.numel() for parameter in self._model.parameters())
        self._cutter = Cutter(self._model.config.max_position_embeddings)

    def predict(self, requests: Sequence[Request]) -> list[Prediction]:
        """Answer a batch of requests; those about one picture share its encoding."""
        paths = dict.fromkeys(request.image for request in requests if request.image is not None)
        pictures = {path: open_picture(path) for path in paths}
        prompts = [self._prompt(place, request, pictures) for place, request in enumerate(requests)]
        answers: dict[int, Prediction] = {}
        for _, alike in groupby(sorted(prompts, key=_together), key=_together):
            answers |= self._answer(list(alike))
        return [answers[place] for place in range(len(requests))]

    def _prompt(self, place: int, request: Request, pictures: "Mapping[str, Image]") -> _Prompt:
        picture = None if request.image is None else pictures[request.image]
        size = None if picture is None else picture.size

        def tokenise(text: str) -> list[int]:
            return self._tokens(text, request, size)

        tokens = self._cutter.cut(request, tokenise(request.prompt), tokenise)
        return _Prompt(place, request, tokens, picture)

    def _tokens(self, text: str, request: Request, size: tuple[int, int] | None) -> list[int]:
        from mibench.ofa.tokenizer import clean_text

        if size is not None and self._speaks_in_bins(request):
            text = self._processor.boxes_to_bins(text, *size)
        if self.decoding["clean"]:
            text = clean_text(text)
        tokens: list[int] = self._processor.tokenizer(text)["input_ids"]
        return tokens

    def _answer(self, prompts: Sequence[_Prompt]) -> dict[int, Prediction]:
        """Answer prompts together, by their places."""
        import torch

        from mibench.ofa.scoring import score_options

        with torch.inference_mode():
            encoded = self._model.encoder(**self._inputs(prompts))
            options = [self._option_tokens(prompt) for prompt in prompts]
            found = self._model.generate(
                encoder_outputs=encoded,
                num_beams=self.decoding["beams"],
                do_sample=False,
                **self._bounds(prompts, options),
            )
            scores: Sequence[list[float]] = [[]] * len(prompts)
            if self.decoding["score_options"] and options[0]:
                scores = score_options(self._model, {"encoder_outputs": encoded}, options)
        answers = dict[int, Prediction]()
        for prompt, tokens, known, scored in zip(prompts, found, options, scores, strict=True):
            text = self._text(prompt, tokens[1:].tolist(), known)
            per_token = [score / len(option) for score, option in zip(scored, known, strict=False)]
            answers[prompt.place] = prompt.request.answered(text, scored or None, per_token or None)
        return answers

    def _bounds(self, prompts: Sequence[_Prompt], options: Sequence[list[list[int]]]) -> dict[str, Any]:
        """Return what bounds the answers: their length and repetitions, or the options that they are held to."""
        from mibench.ofa.scoring import OptionTries

        if self.decoding["constrain"] and options[0]:
            tries = OptionTries(options, self._model.config.eos_token_id)
            longest = max(len(option) for known in options for option in known)
            return {"prefix_allowed_tokens_fn": tries, "max_new_tokens": longest}
        return {
            "no_repeat_ngram_size": self.decoding["no_repeat_ngram"],
            "max_new_tokens": prompts[0].request.max_new_tokens,
        }

    def _text(self, prompt: _Prompt, tokens: Sequence[int], known: Sequence[list[int]]) -> str:
        """Return an answer from its tokens after the start: the option itself where it was held to the options."""
        if self.decoding["constrain"]:
            for option, own in zip(prompt.request.options, known, strict=True):
                if tokens[: len(own)] == own:
                    return option
        text: str = self._processor.tokenizer.decode(tokens, skip_special_tokens=True).strip()
        if prompt.size is not None and self._speaks_in_bins(prompt.request):
            text = self._processor.bins_to_boxes(text, *prompt.size)
        return text

    def _speaks_in_bins(self, request: Request) -> bool:
        return self.decoding["boxes"] == "all" or _has_boxes(request)

    def _inputs(self, prompts: Sequence[_Prompt]) -> dict[str, "torch.Tensor"]:
        """Return what the encoder reads: texts padded on the right, and each picture once."""
        import torch

        padding, longest = self._model.config.pad_token_id, max(len(prompt.tokens) for prompt in prompts)
        ids = [prompt.tokens + [padding] * (longest - len(prompt.tokens)) for prompt in prompts]
        inputs = {"input_ids": torch.tensor(ids, device=self._device)}
        pictures = {prompt.request.image: prompt.picture for prompt in prompts if prompt.picture is not None}
        if pictures:
            pixels = self._processor(images=list(pictures.values()))["pixel_values"]
            pixels = pixels.to(self._device, self._model.dtype)
            places = {path: place for place, path in enumerate(pictures)}
            index = [places[prompt.request.image] for prompt in prompts]
            inputs["image_features"] = self._model.encode_image(pixels)
            inputs["image_index"] = torch.tensor(index, device=self._device)
        return inputs

    def _option_tokens(self, prompt: _Prompt) -> list[list[int]]:
        """Return the tokens of each option as an answer, without the start token."""
        texts: list[str] = list(prompt.request.options)
        if prompt.size is not None and self._speaks_in_bins(prompt.request):
            texts = [self._processor.boxes_to_bins(text, *prompt.size) for text in texts]
        return [self._processor.tokenizer(text)["input_ids"][1:] for text in texts]


def _has_boxes(request: Request) -> bool:
    """Tell whether the options are boxes, four numbers each."""
    return bool(request.options) and all(
        len(option.split()) == 4 and option.replace(" ", "").isdecimal() for option in request.options
    )


def _together(prompt: _Prompt) -> tuple[bool, bool, int]:
    """Return what the prompts that are answered together must share."""
    return prompt.picture is None, not prompt.request.options, prompt.request.max_new_tokens
