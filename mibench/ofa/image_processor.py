"""Images as OFA sees them: RGB, a square by bicubic resizing, normalised; the data code of OFA-Sys/OFA, by PIL."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from PIL import Image
from transformers import BatchFeature
from transformers.image_processing_utils import BaseImageProcessor

from mibench.errors import InputError
from mibench.pictures import Picture, read_rgb

SIDE = 384
"""Side of the square that the tiny to base models see; large and huge were tuned with 480."""


class OFAImageProcessor(BaseImageProcessor):
    """Images to `pixel_values` and their `original_sizes`.

    What lies behind transparency shows, and the orientation in EXIF is left alone, both as in the original. Samples of
    sixteen bits are scaled to eight.

    Args:
        size: side of the square, or `{"height": side, "width": side}`.
        image_mean: mean of each channel, of values in [0, 1].
        image_std: standard deviation of each channel.

    Raises:
        InputError: the size is no square.

    """

    model_input_names = ["pixel_values"]  # noqa: RUF012

    def __init__(
        self,
        size: int | Mapping[str, int] = SIDE,
        image_mean: Sequence[float] = (0.5, 0.5, 0.5),
        image_std: Sequence[float] = (0.5, 0.5, 0.5),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.size = square(size)
        self.image_mean = list(image_mean)
        self.image_std = list(image_std)

    def preprocess(
        self,
        images: Picture | Sequence[Picture],
        *,
        size: int | Mapping[str, int] | None = None,
        return_tensors: str | None = None,
    ) -> BatchFeature:
        """Return `pixel_values`, float32 (n, 3, side, side), and `original_sizes`, (n, 2), each width and height.

        Raises:
            InputError: an image that cannot be read, is no image, or is too large to be decoded safely.

        """
        several = images if isinstance(images, list | tuple) else [images]
        side = square(self.size if size is None else size)["height"]
        mean, std = (np.asarray(values, np.float32)[:, None, None] for values in (self.image_mean, self.image_std))
        pixels = np.empty((len(several), 3, side, side), np.float32)
        sizes = np.empty((len(several), 2), np.int64)
        for place, image in enumerate(several):
            rgb = read_rgb(image)
            sizes[place] = rgb.size
            resized = np.asarray(rgb.resize((side, side), Image.Resampling.BICUBIC), np.float32)
            pixels[place] = (resized.transpose(2, 0, 1) / 255 - mean) / std
        return BatchFeature({"pixel_values": pixels, "original_sizes": sizes}, tensor_type=return_tensors)


def square(size: int | Mapping[str, int]) -> dict[str, int]:
    """Return a size as transformers writes it, from one side, or from an equal height and width.

    Raises:
        InputError: it is no square.

    """
    height, width = (size, size) if isinstance(size, int) else (size.get("height"), size.get("width"))
    if not isinstance(height, int) or height != width or height < 1:
        raise InputError(f"the image size {size!r} is no square", remedy="give one side in pixels")
    return {"height": height, "width": height}
