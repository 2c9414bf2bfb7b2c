"""What an official template is made of: literal text, and places of a row."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mibench.errors import InputError

LISTS = frozenset({("options",), ("region",), ("meta_data",)})
"""Places of a row that hold no text."""


@dataclass(frozen=True)
class Slot:
    """A place of an official row that a template shows.

    Attributes:
        path: keys and positions that lead to it from the row, or from an item of a list.
        item: how each item of the list at that place is written, where it is more than a text.
        pairs: whether the items are the keys and values of a mapping.
        separator: what joins the items, where all are shown.
        at: which one is shown, where it is only one.

    """

    path: tuple[str | int, ...]
    item: "Text | None" = None
    pairs: bool = False
    separator: str | None = None
    at: int | None = None

    @property
    def is_text(self) -> bool:
        """Whether the place can be shown as it is, as far as the template tells."""
        if self.separator is not None or self.at is not None:
            return True
        return self.item is None and self.path not in LISTS

    def __str__(self) -> str:
        keys = (str(key) if str(key).isidentifier() or isinstance(key, int) else repr(key) for key in self.path)
        place = ".".join(keys)
        return place if self.at is None else f"{place}[{self.at}]"

    def read(self, row: Any) -> str:
        """Return the text at this place.

        Raises:
            InputError: the row has no such place, or something else than text there.

        """
        try:
            value = row
            for key in self.path:
                value = value[key]
            if self.separator is None and self.at is None:
                return _text(value)
            items = list(value.items() if self.pairs else value)
            chosen = items if self.at is None else [items[self.at]]
            return (self.separator or "").join(self.item.fill(one) if self.item else _text(one) for one in chosen)
        except (KeyError, IndexError, TypeError, AttributeError):
            raise InputError(f"the row has no text at {self}", remedy="prepare the official rows anew") from None


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


@dataclass(frozen=True)
class Text:
    """Literal text and places, one after another; no two literal parts stand side by side, and none is empty."""

    parts: tuple[str | Slot, ...] = ()

    @property
    def slots(self) -> tuple[Slot, ...]:
        """The places, in order."""
        return tuple(part for part in self.parts if isinstance(part, Slot))

    @property
    def literal(self) -> str | None:
        """The text itself, where it shows nothing of a row."""
        return None if self.slots else "".join(map(str, self.parts))

    def __str__(self) -> str:
        return "".join(f"{{{part}}}" if isinstance(part, Slot) else escaped(part) for part in self.parts)

    def fill(self, row: Any) -> str:
        """Return the text for a row.

        Raises:
            InputError: the row lacks a place.

        """
        return "".join(part if isinstance(part, str) else part.read(row) for part in self.parts)


def escaped(text: str) -> str:
    """Return literal text as it stands in a template: with its braces doubled."""
    return text.replace("{", "{{").replace("}", "}}")


def joined(texts: Iterable[Text]) -> Text:
    """Return texts one after another."""
    parts: list[str | Slot] = []
    for part in (part for text in texts for part in text.parts):
        if isinstance(part, str) and parts and isinstance(last := parts[-1], str):
            parts[-1] = last + part
        else:
            parts.append(part)
    return Text(tuple(parts))


@dataclass(frozen=True)
class OfficialTemplate:
    """One wording of the official file, and the line on which it begins."""

    line: int
    text: Text

    def fill(self, row: Mapping[str, Any]) -> str:
        """Return the prompt for a row of the official preparation, whose regions are texts already.

        Raises:
            InputError: the row lacks a place that the template shows.

        """
        return self.text.fill(row)


@dataclass(frozen=True)
class OfficialTask:
    """One task of the official file.

    Attributes:
        name: its `task_name` there.
        line: where its templates stand.
        templates: five or more, in the file's order.
        notes: what the file does besides, and these templates do not.

    """

    name: str
    line: int
    templates: tuple[OfficialTemplate, ...]
    notes: tuple[str, ...] = ()
