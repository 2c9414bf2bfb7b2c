"""One line by which a number can be reproduced, in the manner of sacreBLEU (Post, 2018)."""

import hashlib
from collections.abc import Mapping, Sequence

from mibench import __version__
from mibench.cards import TaskCard
from mibench.submissions.description import Description


def task_signature(metric: str, settings: str, card: TaskCard, description: Description) -> str:
    """Return the line of one metric on one task; digests are their first eight hexadecimal digits."""
    return _line(
        {
            "metric": metric,
            "settings": settings,
            "task": card.name,
            "card": card.digest.rpartition(":")[2][:8],
            "data": description.data[card.name].rpartition(":")[2][:8],
            **_asked(description),
            "mibench": __version__,
        }
    )


def benchmark_signature(description: Description, cards: Sequence[TaskCard], metrics: Mapping[str, str]) -> str:
    """Return the line of a whole submission; cards and data by the first digits of a digest over all their digests."""
    suites, own = [card.suite for card in cards if not card.own], sum(card.own for card in cards)
    return _line(
        {
            "mibench": __version__,
            "world": description.world,
            "tasks": f"{suites.count('multimodal')}mm+{suites.count('nlp')}nlp" + (f"+{own}own" if own else ""),
            **_asked(description),
            **metrics,
            "std": "ddof1",
            "cards": _short(description.cards),
            "data": _short(description.data),
        }
    )


def _asked(description: Description) -> dict[str, str]:
    asked = {
        "instructions": description.instructions.removeprefix("sha256:")[:8],
        "seed": str(description.seed),
        "limit": str(description.limit or "no"),
    }
    if description.wordings is not None:
        asked["wordings"] = "+".join(map(str, description.wordings))
    if description.blind:
        asked["pictures"] = "withheld"
    return asked


def _line(parts: Mapping[str, str]) -> str:
    return "|".join(f"{key}:{value}" for key, value in parts.items())


def _short(digests: Mapping[str, str]) -> str:
    return hashlib.sha256(repr(sorted(digests.items())).encode()).hexdigest()[:8]
