"""What a table says on the two first questions: which model is best, and which is least sensitive."""

from collections.abc import Sequence
from typing import NamedTuple

from mibench.leaderboard.ranks import Place
from mibench.leaderboard.sheet import AGGREGATE, SENSITIVITY, Sheet


class Best(NamedTuple):
    """Who may be best.

    Attributes:
        ranked: how many models have a rank.
        first: those of the highest aggregate.
        contenders: those below whose interval no other lies; all these intervals overlap.
        known: whether they all have an interval.

    """

    ranked: int
    first: Sequence[Sheet]
    contenders: Sequence[Sheet]
    known: bool


class Calmest(NamedTuple):
    """Who is least sensitive.

    Attributes:
        defined: how many complete models have a Sensitivity.
        first: those of the lowest.
        able: the least sensitive of those that do not guess on most tasks; None where there is none.

    """

    defined: int
    first: Sequence[Sheet]
    able: Sheet | None


def find_best(places: Sequence[Place]) -> Best | None:
    """Return who may be best; None where nobody has a rank."""
    complete = [place for place in places if place.rank is not None]
    if not complete:
        return None
    contenders = [place.sheet for place in complete if place.best == 1]
    return Best(
        ranked=len(complete),
        first=[place.sheet for place in complete if place.rank == 1],
        contenders=contenders,
        known=all(sheet.columns[AGGREGATE].ci is not None for sheet in contenders),
    )


def find_calmest(places: Sequence[Place]) -> Calmest | None:
    """Return who is least sensitive among those with a rank; None where nobody's Sensitivity is defined."""
    found = {}
    for place in places:
        value = place.sheet.columns[SENSITIVITY].mean
        if place.rank is not None and value is not None:
            found[place.sheet.slug] = (value, place.sheet)
    if not found:
        return None
    lowest = min(value for value, _ in found.values())
    able = [(value, sheet) for value, sheet in found.values() if not sheet.guesses]
    return Calmest(
        defined=len(found),
        first=[sheet for value, sheet in found.values() if value == lowest],
        able=min(able, key=lambda item: item[0])[1] if able else None,
    )
