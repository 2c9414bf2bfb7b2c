"""How values are written on a page: numbers, intervals, and texts that others wrote."""

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

from mibench.scoring.report import Interval

_UNSEEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)
"""Control characters, and those that turn the direction of what stands around them, or show nothing."""


def number(value: float | None) -> str:
    """Return a score with two decimals, or a dash where it is undefined."""
    return "–" if value is None else f"{value:.2f}"


def bounds(found: Interval | Sequence[float] | None) -> str:
    """Return a 95 % interval with two decimals, or nothing where there is none."""
    if found is None:
        return ""
    low, high = found.shown if isinstance(found, Interval) else found
    return f"{low:.2f} to {high:.2f}"


def visible(text: str) -> str:
    """Return a text whose invisible characters are written out, so that none can disguise it.

    >>> visible("a\\u202eb")
    'a⟨U+202E⟩b'
    """
    return _UNSEEN.sub(lambda found: f"⟨U+{ord(found[0]):04X}⟩", text)


def visible_throughout(value: Any) -> Any:
    """Return a value as JSON has them, every text in it made visible."""
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, dict):
        return {visible(key): visible_throughout(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [visible_throughout(item) for item in value]
    return value


def data_script(key: str, value: object) -> str:
    """Return a script that hands a value to the page under a key: data that a page from the disk can load too.

    The value is JSON, which is JavaScript as well, with what could end a script or a line written as escapes.
    """
    text = json.dumps([key, visible_throughout(value)], ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return f"mibench.take(...{text});\n"


FILTERS: dict[str, Callable[..., Any]] = {"number": number, "bounds": bounds, "visible": visible}
"""For templates."""
