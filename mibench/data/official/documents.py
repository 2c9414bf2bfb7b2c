"""One large JSON document of an owner, decoded member by member.

The file is mapped and not read, and only what a layout names is decoded, so that memory stays near the file's size.
"""

import mmap
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import msgspec

from mibench.errors import InputError

MAX_DOCUMENT = 1 << 30
"""Bytes; the largest owner's file that is read here has under a tenth of it."""

Layout = TypeVar("Layout")


class Document:
    """A JSON document. A part of it that is long stays `msgspec.Raw` in its layout, and goes through `members`.

    Places are JSON paths, as `images[17].qa_pairs[3]`; every fault names one.
    """

    def __init__(self, file: Path, dataset: str) -> None:
        """Map the file.

        Args:
            file: holds one JSON value.
            dataset: its name, for messages.

        Raises:
            InputError: the file is empty, too large, or cannot be read.

        """
        self.file, self.dataset = file, dataset
        try:
            with file.open("rb") as content:
                size = content.seek(0, 2)
                if not size:
                    raise InputError("the file is empty", file=file, remedy="get it anew")
                if size > MAX_DOCUMENT:
                    limit = f"{size:,} bytes, and {dataset} has no document of over {MAX_DOCUMENT:,}"
                    raise InputError(limit, file=file, remedy="get the file anew")
                self._content = mmap.mmap(content.fileno(), 0, access=mmap.ACCESS_READ)
        except OSError as error:
            raise InputError(f"cannot be read: {error.strerror}", file=file) from None

    def decode(self, layout: type[Layout], part: msgspec.Raw | None = None, place: str = "") -> Layout:
        """Return a part of the document, or all of it.

        Args:
            layout: what it holds; what the layout does not name is passed over.
            part: of this document, left raw by another layout; None for all of it.
            place: where the part stands.

        Raises:
            InputError: the part is something else.

        """
        try:
            return msgspec.json.decode(self._content if part is None else part, type=layout)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            message, _, inside = str(error).partition(" - at `$")
            raise self.fault(f"{place}{inside[:-1]}", message) from None

    def members(self, layout: type[Layout], part: msgspec.Raw, place: str) -> Iterator[tuple[str, Layout]]:
        """Stream (place, member) of a list, each member decoded on its own.

        Raises:
            InputError: the part is no list, or at the first member that is something else than the layout.

        """
        for number, member in enumerate(self.decode(list[msgspec.Raw], part, place)):
            where = f"{place}[{number}]"
            yield where, self.decode(layout, member, where)

    def fault(self, place: str, message: str, remedy: str = "get the file anew") -> InputError:
        """Return an error that names the file and a place in it."""
        where = f"{place.removeprefix('.')}: " if place else f"not a document of {self.dataset}: "
        return InputError(f"{where}{message}", file=self.file, remedy=remedy)
