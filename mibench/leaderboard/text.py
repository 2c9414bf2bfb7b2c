"""How values are written on a page: numbers, intervals, and texts that others wrote."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from mibench.leaderboard.sheet import Bounds, Figures
from mibench.scoring.report import Interval
from mibench.visible import visible

DIGITS = 6
"""Decimals of numbers as data; pages show two, and would round twice what had three."""
UNITS = ((10**9, "B"), (10**6, "M"), (10**3, "K"))
"""In which weights are counted."""


def number(value: float | None) -> str:
    """Return a score with two decimals, or a dash where it is undefined."""
    return "–" if value is None else f"{value:.2f}".replace("-", "−")


def bounds(found: Interval | Sequence[float] | None) -> str:
    """Return a 95 % interval with two decimals, or nothing where there is none."""
    if found is None:
        return ""
    low, high = found.shown if isinstance(found, Interval) else found
    return f"{number(low)} to {number(high)}"


def rounded(value: float | None) -> float | None:
    """Return a number as data: with as many decimals as anybody may want."""
    return None if value is None else round(value, DIGITS)


def rounded_bounds(found: Interval | Bounds | None) -> Bounds | None:
    """Return a 95 % interval as data; None where there is none."""
    if found is None:
        return None
    low, high = found.shown if isinstance(found, Interval) else found
    return round(low, DIGITS), round(high, DIGITS)


def others(found: Figures, decimals: int) -> str:
    """Return the best and the worst wording of a column, each with its interval: six numbers, some of them empty."""
    numbers = [found.max, *(found.ci_max or (None, None)), found.worst, *(found.ci_worst or (None, None))]
    places = (2, decimals, decimals) * 2
    known = zip(numbers, places, strict=True)
    return ",".join("" if value is None else f"{value:.{digits}f}" for value, digits in known)


def size(parameters: int | None) -> str:
    """Return how many weights a model has, shortly, or nothing where nobody said.

    >>> size(472_000_000), size(7_241_732_096), size(72_000_000_000)
    ('472M', '7.2B', '72B')
    """
    if parameters is None:
        return ""
    unit, letter = next(((unit, letter) for unit, letter in UNITS if parameters >= unit), (1, ""))
    count = parameters / unit
    return f"{count:.1f}".removesuffix(".0") + letter if count < 10 else f"{count:,.0f}{letter}"


def percent(share: float | None, decimals: int = 0) -> str:
    """Return a share from 0 to 1 as a percentage, or a dash where it is undefined.

    >>> percent(0.075, 1).split()
    ['7.5', '%']
    """
    return "–" if share is None else f"{100 * share:.{decimals}f}\u00a0%"


def duration(seconds: float) -> str:
    """Return a time in the two units that tell most of it.

    >>> duration(0.25), duration(75), duration(7325)
    ('0.25 s', '1 min 15 s', '2 h 2 min')
    """
    if seconds < 60:
        return f"{seconds:.3g} s"
    minutes = round(seconds) // 60
    return f"{minutes} min {round(seconds) % 60} s" if minutes < 60 else f"{minutes // 60:,} h {minutes % 60} min"


def brief(text: str, length: int = 500) -> str:
    """Return a text that somebody else wrote, visible and no longer than a page can bear."""
    return visible(text if len(text) <= length else f"{text[:length]}…")


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


FILTERS: dict[str, Callable[..., Any]] = {
    "number": number,
    "bounds": bounds,
    "others": others,
    "size": size,
    "percent": percent,
    "duration": duration,
    "visible": visible,
    "brief": brief,
}
"""For templates."""
