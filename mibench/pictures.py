"""Reading a picture, its size alone or decoded in RGB, and every way in which it may be broken told in one line."""

import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from mibench.errors import InputError

Picture = Image.Image | str | PathLike[str] | NDArray[Any]
"""An opened image, a file, or an array (height, width) or (height, width, channels) of whole numbers."""

FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
"""What data sets come in; others, as EPS, would start a program of their own to be decoded."""

_SIXTEEN_BITS = ("I", "I;16", "I;16L", "I;16B", "I;16N")
_UNREADABLE = (OSError, SyntaxError, ValueError, TypeError, EOFError, struct.error)


def read_rgb(picture: Picture) -> Image.Image:
    """Return a picture in RGB, decoded.

    Raises:
        InputError: it cannot be read, is no image, or has more pixels than `PIL.Image.MAX_IMAGE_PIXELS`.

    """
    file = picture if isinstance(picture, str | PathLike) else None
    with _told_in_one_line(file):
        if file is not None:
            with Image.open(file, formats=FORMATS) as image:
                return _rgb(image)
        return _rgb(picture if isinstance(picture, Image.Image) else Image.fromarray(np.asarray(picture)))


def picture_size(file: str | PathLike[str]) -> tuple[int, int]:
    """Return width and height by a picture's header, which is all that is read of it.

    Raises:
        InputError: as `read_rgb`, as far as a header tells.

    """
    with _told_in_one_line(file), Image.open(file, formats=FORMATS) as image:
        _check_pixels(image)
        return image.size


@contextmanager
def _told_in_one_line(file: str | PathLike[str] | None) -> Iterator[None]:
    """Turn whatever is wrong with a picture into one InputError."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            yield
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        limit = f"more than {Image.MAX_IMAGE_PIXELS:,} pixels, too many to decode"
        raise InputError(limit, file=_name(file), remedy="make the image smaller") from None
    except _UNREADABLE as error:
        unknown = isinstance(error, UnidentifiedImageError)
        reason = "of no known format" if unknown else getattr(error, "strerror", None) or error
        raise InputError(f"no readable image: {reason}", file=_name(file), remedy="replace the image") from None


def _check_pixels(image: Image.Image) -> None:
    if Image.MAX_IMAGE_PIXELS is not None and image.width * image.height > Image.MAX_IMAGE_PIXELS:
        raise Image.DecompressionBombError
    if not image.width or not image.height:
        raise ValueError("it has no pixels")


def _rgb(image: Image.Image) -> Image.Image:
    _check_pixels(image)
    if image.mode in _SIXTEEN_BITS:
        samples = np.asarray(image).astype(np.float64)
        image = Image.fromarray(np.clip(np.rint(samples / 257), 0, 255).astype(np.uint8))
    elif image.mode in ("P", "PA"):
        image = image.convert("RGBA")
    return image.convert("RGB")


def _name(file: str | PathLike[str] | None) -> str | None:
    return None if file is None else str(file)
