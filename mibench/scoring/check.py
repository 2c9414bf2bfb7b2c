"""Whether a published score still holds: computed again, what differs?"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from mibench.scoring.report import Scores

SHOWN = 20


def differences(published: Mapping[str, Any], again: Scores) -> list[str]:
    """Return a line for each value in which two reports differ, what they were computed from first; none if they hold.

    The version of mibench in signatures does not count, for it changes no score by itself.

    Args:
        published: the content of a `scores.json`.
        again: what scoring finds now.

    """
    one, two = dict(_leaves(published, "")), dict(_leaves(msgspec.to_builtins(again), ""))
    found = [
        f"{place}: published {_shown(one.get(place))}, now {_shown(two.get(place))}"
        for place in sorted(one | two, key=lambda place: not place.startswith("digests"))
        if place not in one or place not in two or one[place] != two[place]
    ]
    return found[:SHOWN] + ([f"... and {len(found) - SHOWN} more"] if len(found) > SHOWN else [])


def _leaves(value: Any, place: str) -> Iterator[tuple[str, Any]]:
    """Yield each value that is neither a list nor a mapping, with its place as `tasks.nlvr.n`."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            content = _without_version(item) if key == "signature" else item
            yield from _leaves(content, f"{place}.{key}" if place else str(key))
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            yield from _leaves(item, f"{place}[{number}]")
    else:
        yield place, value


def _without_version(signature: str) -> str:
    return "|".join(part for part in str(signature).split("|") if not part.startswith("mibench:"))


def _shown(value: object) -> str:
    return "nothing" if value is None else f"{value!r:.80}"
