"""Whether a published score still holds: computed again, what differs?"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from mibench.scoring.report import Scores

SHOWN = 20


def differences(published: Scores, again: Scores) -> list[str]:
    """Return a line for each value in which two reports differ, what they were computed from first; none if they hold.

    The version of mibench in signatures does not count, for it changes no score by itself.
    """
    one, two = (_values(scores) for scores in (published, again))
    found = [
        f"{place}: published {_shown(one.get(place))}, now {_shown(two.get(place))}"
        for place in sorted(one | two, key=lambda place: not place.startswith("digests"))
        if one.get(place) != two.get(place)
    ]
    return found[:SHOWN] + ([f"... and {len(found) - SHOWN} more"] if len(found) > SHOWN else [])


def _values(scores: Scores) -> dict[str, Any]:
    return {place: value for place, value in _leaves(msgspec.to_builtins(scores), "") if "signature" not in place}


def _leaves(value: Any, place: str) -> Iterator[tuple[str, Any]]:
    """Yield each value that is neither a list nor a mapping, with its place as `tasks.nlvr.n`."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _leaves(item, f"{place}.{key}" if place else str(key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _leaves(item, f"{place}[{number}]")
    else:
        yield place, value


def _shown(value: object) -> str:
    return "nothing" if value is None else f"{value!r:.80}"
