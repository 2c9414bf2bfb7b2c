"""Which submissions share a table: those whose aggregates compare, asked the same on the same data."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from mibench.instructions.importing import OFFICIAL_DIGEST
from mibench.leaderboard.ranks import Place, ranked
from mibench.leaderboard.sheet import Sheet

WORLDS: Mapping[str, str] = {"official": "Official data", "mini": "Mini world"}
BUILTIN = "builtin"
DIGITS = 8
"""As many of a digest are shown."""


class Board(NamedTuple):
    """One table.

    Attributes:
        data: digest over those of the tasks' data and cards; empty where no submission is complete.
        other: whether the first board of the world with complete submissions is of other data or cards.
        places: best aggregate first; those that are not complete follow, unranked.

    """

    world: str
    instructions: str
    seed: int
    data: str
    other: bool
    places: Sequence[Place]

    @property
    def name(self) -> str:
        """Names the board in an address."""
        wording = "" if self.instructions == BUILTIN else f"-{_short(self.instructions)}"
        seed = f"-seed{self.seed}" if self.seed else ""
        return f"{self.world}{wording}{seed}{f'-data-{self.data[:DIGITS]}' if self.other else ''}"

    @property
    def title(self) -> str:
        """The world, and where wording, seed or data are not the usual ones, these too."""
        words = None if self.instructions == BUILTIN else wording(self.instructions)
        seed = f"seed {self.seed}" if self.seed else None
        data = f"other data or cards {self.data[:DIGITS]}" if self.other else None
        return ", ".join(part for part in (WORLDS[self.world], words, seed, data) if part)


def make_boards(sheets: Iterable[Sheet]) -> list[Board]:
    """Return the tables of all worlds, each ranked by itself.

    In a world, the cards' own wording comes first, then the official one; seed 0 before others; the data and
    cards of most submissions before other ones.
    """
    asked: dict[tuple[str, str, int], list[Sheet]] = {}
    for sheet in sheets:
        asked.setdefault((sheet.world, sheet.instructions, sheet.seed), []).append(sheet)
    boards = []
    usual: dict[str, str] = {}
    for (world, instructions, seed), found in sorted(asked.items(), key=lambda item: _place(*item[0])):
        for data, sharing in _by_data(found):
            if data:
                usual.setdefault(world, data)
            other = bool(data) and data != usual[world]
            boards.append(Board(world, instructions, seed, data, other, ranked(sharing)))
    return boards


def wording(instructions: str) -> str:
    """Say what a model was asked in."""
    if instructions == BUILTIN:
        return "builtin wording"
    if instructions == OFFICIAL_DIGEST:
        return "official wording of MultiInstruct 1.0"
    return f"instruction set {_short(instructions)}"


def _short(digest: str) -> str:
    return re.sub(r"[^0-9a-f]", "", digest.removeprefix("sha256:"))[:DIGITS]


def _place(world: str, instructions: str, seed: int) -> tuple[object, ...]:
    words = (instructions != BUILTIN, instructions != OFFICIAL_DIGEST, instructions)
    return ([*WORLDS].index(world), *words, seed != 0, seed)


def _by_data(sheets: Sequence[Sheet]) -> list[tuple[str, list[Sheet]]]:
    """Part submissions by data and cards; one that is not complete goes to those with its own, or else to the first."""
    complete: dict[str, list[Sheet]] = {}
    for sheet in sheets:
        if sheet.complete:
            complete.setdefault(_digest(sheet), []).append(sheet)
    parts = sorted(complete.items(), key=lambda item: (-len(item[1]), item[0])) or [("", [])]
    known = [(part, set(_answered(part[0]))) for _, part in parts if part]
    for sheet in sheets:
        if not sheet.complete:
            tasks = set(_answered(sheet))
            next((part for part, whole in known if tasks <= whole), parts[0][1]).append(sheet)
    return parts


def _digest(sheet: Sheet) -> str:
    return hashlib.sha256(json.dumps(_answered(sheet)).encode()).hexdigest()


def _answered(sheet: Sheet) -> list[tuple[str, str, str | None]]:
    """Return each task with the digests of its data and its card."""
    return [(task, digest, sheet.cards.get(task)) for task, digest in sorted(sheet.data.items())]
