"""Images as OFA sees them: RGB, a square by bicubic resizing, normalised; the data code of OFA-Sys/OFA, by PIL."""

import struct
import warnings
from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError
from transformers import BatchFeature
from transformers.image_processing_utils import BaseImageProcessor

from mibench.errors import InputError

Picture = Image.Image | str | PathLike[str] | NDArray[Any]
"""An opened image, a file, or an array (height, width) or (height, width, channels) of whole numbers."""

SIDE = 384
"""Side of the square that the tiny to base models see; large and huge were tuned with 480."""

_SIXTEEN_BITS = ("I", "I;16", "I;16L", "I;16B", "I;16N")
_UNREADABLE = (OSError, SyntaxError, ValueError, TypeError, EOFError, struct.error)


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


def read_rgb(picture: Picture) -> Image.Image:
    """Return a picture in RGB, decoded.

    Raises:
        InputError: it cannot be read, is no image, or has more pixels than `PIL.Image.MAX_IMAGE_PIXELS`.

    """
    file = picture if isinstance(picture, str | PathLike) else None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            if file is not None:
                with Image.open(file) as image:
                    return _rgb(image)
            return _rgb(picture if isinstance(picture, Image.Image) else Image.fromarray(np.asarray(picture)))
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        limit = f"more than {Image.MAX_IMAGE_PIXELS:,} pixels, too many to decode"
        raise InputError(limit, file=_name(file), remedy="make the image smaller") from None
    except _UNREADABLE as error:
        unknown = isinstance(error, UnidentifiedImageError)
        reason = "of no known format" if unknown else getattr(error, "strerror", None) or error
        raise InputError(f"no readable image: {reason}", file=_name(file), remedy="replace the image") from None


def _rgb(image: Image.Image) -> Image.Image:
    if Image.MAX_IMAGE_PIXELS is not None and image.width * image.height > Image.MAX_IMAGE_PIXELS:
        raise Image.DecompressionBombError
    if not image.width or not image.height:
        raise ValueError("it has no pixels")
    if image.mode in _SIXTEEN_BITS:
        samples = np.asarray(image).astype(np.float64)
        image = Image.fromarray(np.clip(np.rint(samples / 257), 0, 255).astype(np.uint8))
    elif image.mode in ("P", "PA"):
        image = image.convert("RGBA")
    return image.convert("RGB")


def square(size: int | Mapping[str, int]) -> dict[str, int]:
    """Return a size as transformers writes it, from one side, or from an equal height and width.

    Raises:
        InputError: it is no square.

    """
    height, width = (size, size) if isinstance(size, int) else (size.get("height"), size.get("width"))
    if not isinstance(height, int) or height != width or height < 1:
        raise InputError(f"the image size {size!r} is no square", remedy="give one side in pixels")
    return {"height": height, "width": height}


def _name(file: str | PathLike[str] | None) -> str | None:
    return None if file is None else str(file)
