"""What every source of data is told, and what it yields: an instance and where its picture comes from."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from mibench.instances import Instance


class Row(NamedTuple):
    """An instance and its picture, before both are stored in a prepared folder.

    Attributes:
        instance: `image` is the name under which the picture will be stored, as `images/0001.png`.
        picture: a file to copy, a function that returns a file's bytes, or None where there is no picture.
            Rows that share a picture name the same `instance.image`; it is then stored once.

    """

    instance: Instance
    picture: Path | Callable[[], bytes] | None = None


class ReaderOptions(NamedTuple):
    """What a user may choose about a reader.

    Attributes:
        seed: seed of what the reader draws.
        all_permutations: NLVR: six instances a row instead of one.
        pictures: whether pictures are prepared; without them, instances are text alone.
        faithful_quirks: whether to do as the official preparation does where this harness would do better.

    """

    seed: int = 0
    all_permutations: bool = False
    pictures: bool = True
    faithful_quirks: bool = False
