"""Which submissions share a table: those whose aggregates compare, asked the same on the same data."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from mibench.instructions.importing import OFFICIAL_DIGEST
from mibench.leaderboard.entries import Entry

WORLDS: Mapping[str, str] = {"official": "Official data", "mini": "Mini world"}
BUILTIN = "builtin"
DIGITS = 8
"""As many of a digest are shown."""


class Section(NamedTuple):
    """One table.

    Attributes:
        data: digest over those of the tasks' data; empty where no entry is complete.
        other: whether the first section of the world with complete entries is of other data.
        entries: best aggregate first; those that are not complete follow, unranked.

    """

    world: str
    instructions: str
    seed: int
    data: str
    other: bool
    entries: Sequence[Entry]

    @property
    def title(self) -> str:
        """The world, and where wording, seed or data are not the usual ones, these too."""
        wording = None if self.instructions == BUILTIN else _wording(self.instructions)
        return self._told(wording, f"seed {self.seed}" if self.seed else None)

    @property
    def full_title(self) -> str:
        """The title with wording and seed, whatever they are."""
        return self._told(_wording(self.instructions), f"seed {self.seed}")

    def _told(self, wording: str | None, seed: str | None) -> str:
        data = f"other data {self.data[:DIGITS]}" if self.other else None
        return ", ".join(part for part in (WORLDS[self.world], wording, seed, data) if part)


def make_sections(entries: Iterable[Entry]) -> list[Section]:
    """Return the tables of all worlds, each ranked by itself.

    In a world, the cards' own wording comes first, then the official one; seed 0 before others; the data of most
    entries before other data.
    """
    asked: dict[tuple[str, str, int], list[Entry]] = {}
    for entry in entries:
        about = entry.description
        asked.setdefault((about.world, about.instructions, about.seed), []).append(entry)
    sections = []
    usual: dict[str, str] = {}
    for (world, instructions, seed), found in sorted(asked.items(), key=lambda item: _place(*item[0])):
        for data, sharing in _by_data(found):
            if data:
                usual.setdefault(world, data)
            other = bool(data) and data != usual[world]
            sections.append(Section(world, instructions, seed, data, other, _ranked(sharing)))
    return sections


def _place(world: str, instructions: str, seed: int) -> tuple[object, ...]:
    wording = (instructions != BUILTIN, instructions != OFFICIAL_DIGEST, instructions)
    return ([*WORLDS].index(world), *wording, seed != 0, seed)


def _by_data(entries: Sequence[Entry]) -> list[tuple[str, list[Entry]]]:
    """Part entries by their data; one that is not complete goes to its own data, or else to the first."""
    complete: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.complete:
            complete.setdefault(_digest(entry), []).append(entry)
    parts = sorted(complete.items(), key=lambda item: (-len(item[1]), item[0])) or [("", [])]
    known = [(part, part[0].description.data.items()) for _, part in parts if part]
    for entry in entries:
        if not entry.complete:
            data = entry.description.data.items()
            next((part for part, whole in known if data <= whole), parts[0][1]).append(entry)
    return parts


def _digest(entry: Entry) -> str:
    return hashlib.sha256(json.dumps(entry.description.data, sort_keys=True).encode()).hexdigest()


def _ranked(entries: Sequence[Entry]) -> list[Entry]:
    """Return the entries in the order of a table; equal aggregates share a rank."""
    complete = sorted(
        (entry for entry in entries if entry.complete), key=lambda entry: (-_aggregate(entry), entry.slug)
    )
    aggregates = [_aggregate(entry) for entry in complete]
    ranked = [entry._replace(rank=aggregates.index(_aggregate(entry)) + 1) for entry in complete]
    return [*ranked, *(entry for entry in entries if not entry.complete)]


def _aggregate(entry: Entry) -> float:
    return entry.scores.summary.aggregate.mean or 0.0


def _wording(instructions: str) -> str:
    if instructions == BUILTIN:
        return "builtin wording"
    if instructions == OFFICIAL_DIGEST:
        return "official wording of MultiInstruct 1.0"
    return f"instruction set {instructions.removeprefix('sha256:')[:DIGITS]}"
