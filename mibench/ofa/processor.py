"""Texts and images to what OFA reads, and boxes in its words, `<bin_k>`, to boxes in pixels."""

import re
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any

from transformers import AutoImageProcessor, AutoProcessor, AutoTokenizer, BatchFeature, PretrainedConfig
from transformers.processing_utils import ProcessorMixin

from mibench.errors import InputError
from mibench.ofa.configuration import OFAConfig
from mibench.ofa.image_processor import OFAImageProcessor, square
from mibench.ofa.tokenizer import FOUR_BINS, OFATokenizer
from mibench.pictures import Picture

_IMAGE_SETTINGS = ("processor_config.json", "preprocessor_config.json")
_NUMBER = r"-?[0-9]{1,9}(?:\.[0-9]{1,9})?"
_NUMBERS = re.compile(rf"(?<![\w.,-])(?>{_NUMBER}(?: +{_NUMBER})*)(?![\w-]|[.,][0-9])")


class OFAProcessor(ProcessorMixin):
    """A tokenizer and an image processor as one.

    A folder without settings for images, as published, gets those of `OFAImageProcessor`; `size=480` with
    `from_pretrained` changes the side.
    """

    def __init__(self, image_processor: OFAImageProcessor, tokenizer: OFATokenizer) -> None:
        super().__init__(image_processor, tokenizer)  # type: ignore[no-untyped-call]

    def __call__(
        self,
        images: Picture | Sequence[Picture] | None = None,
        text: str | Sequence[str] | None = None,
        *,
        boxes_as_bins: bool = False,
        return_tensors: str | None = "pt",
        padding: bool | str = True,
        **kwargs: Any,
    ) -> BatchFeature:
        """Return `input_ids` and `attention_mask`, (n, longest), and `pixel_values`, float32 (n, 3, side, side).

        Args:
            images: one image for each text; without any, there are no `pixel_values`.
            text: one text or several; without any, there are only `pixel_values`.
            boxes_as_bins: whether boxes written as numbers are replaced by bins, see `boxes_to_bins`.
            return_tensors: as in transformers.
            padding: as in transformers; on the right.
            kwargs: what the tokenizer takes, such as `truncation` and `max_length`.

        Raises:
            InputError: an image that cannot be read, unequal numbers of texts and images, or neither.

        """
        if images is None and text is None:
            raise InputError("neither texts nor images to process", remedy="give text, images or both")
        seen = None if images is None else self.image_processor(images)
        texts = None if text is None else [text] if isinstance(text, str) else list(text)
        if seen is not None and texts is not None and len(texts) != len(seen["pixel_values"]):
            counts = f"{len(texts)} texts and {len(seen['pixel_values'])} images"
            raise InputError(f"{counts} do not pair", remedy="give one image for each text")
        features: dict[str, Any] = {}
        if texts is not None:
            if boxes_as_bins:
                if seen is None:
                    raise InputError("bins need the sizes of the images", remedy="give images, or call boxes_to_bins")
                sizes = seen["original_sizes"].tolist()
                texts = [self.boxes_to_bins(words, *size) for words, size in zip(texts, sizes, strict=True)]
            features |= self.tokenizer(texts, padding=padding, **kwargs)
        if seen is not None:
            features["pixel_values"] = seen["pixel_values"]
        return BatchFeature(features, tensor_type=return_tensors)

    def boxes_to_bins(self, text: str, width: float, height: float) -> str:
        """Return the text with each box of an image of this size, written `x1 y1 x2 y2`, as four bins.

        A box is four numbers with spaces between, neither more nor fewer in a row, its left edge not beyond its right
        nor its top below its bottom. Edges beyond the image are moved to its border.

        Raises:
            InputError: an image without extent, or a vocabulary without bins.

        """

        def bins(match: re.Match[str]) -> str:
            numbers = [float(number) for number in match[0].split()]
            if len(numbers) != 4 or numbers[0] > numbers[2] or numbers[1] > numbers[3]:
                return match[0]
            return " ".join(self.tokenizer.encode_box(numbers, width, height))

        return _NUMBERS.sub(bins, text)

    def bins_to_boxes(self, text: str, width: float, height: float, *, digits: int = 0) -> str:
        """Return the text with each box that is written as four bins as `x1 y1 x2 y2`, in pixels of this image.

        With 1,000 bins, a box in whole pixels of an image of up to 998 a side comes back unchanged.

        Raises:
            InputError: an image without extent, or a vocabulary without bins.

        """

        def numbers(match: re.Match[str]) -> str:
            box = self.tokenizer.box_of_bins(match, width, height)
            gap = " " if text.endswith(">", 0, match.start()) else ""
            return gap + " ".join(f"{edge:.{digits}f}" for edge in box)

        return FOUR_BINS.sub(numbers, text)

    @property
    def model_input_names(self) -> list[str]:
        """What the model reads."""
        return ["input_ids", "attention_mask", "pixel_values"]

    @classmethod
    def _get_arguments_from_pretrained(
        cls, pretrained_model_name_or_path: str | PathLike[str], processor_dict: Any = None, **kwargs: Any
    ) -> list[Any]:
        """Load both parts by their own classes, so that nothing need be registered first."""
        size, folder = kwargs.pop("size", None), Path(pretrained_model_name_or_path)
        if folder.is_dir() and not any((folder / name).exists() for name in _IMAGE_SETTINGS):
            image_processor = OFAImageProcessor()
        else:
            image_processor = OFAImageProcessor.from_pretrained(pretrained_model_name_or_path, **kwargs)
        if size is not None:
            image_processor.size = square(size)
        return [image_processor, OFATokenizer.from_pretrained(pretrained_model_name_or_path, **kwargs)]


def register_processing(config: type[PretrainedConfig]) -> None:
    """Let `AutoTokenizer`, `AutoImageProcessor` and `AutoProcessor` find OFA's classes by its configuration."""
    AutoTokenizer.register(config, tokenizer_class=OFATokenizer, exist_ok=True)  # type: ignore[no-untyped-call]
    AutoImageProcessor.register(config, image_processor_classes={"pil": OFAImageProcessor}, exist_ok=True)
    AutoProcessor.register(config, OFAProcessor, exist_ok=True)  # type: ignore[no-untyped-call]


register_processing(OFAConfig)
