"""Paired differences of the best submissions of each table, as `mibench compare` finds them."""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from mibench.data.store import DataFolder
from mibench.leaderboard.boards import Board
from mibench.leaderboard.cache import Cache, key_of, make_part
from mibench.leaderboard.chunks import write_data
from mibench.leaderboard.kept_rows import KeptRows
from mibench.leaderboard.submission_part import Sources
from mibench.leaderboard.text import DIGITS, rounded, rounded_bounds
from mibench.scoring.compare import compare_submissions
from mibench.scoring.comparison import Difference, Pair, TaskComparison
from mibench.scoring.verdict import verdict
from mibench.submissions.description import read_description
from mibench.submissions.reading import Submission

BEST = 12
"""As many of a table are compared with each other."""
PAIR = "pair.json"


class Chosen(NamedTuple):
    """The submissions of one table that are compared with each other, best first.

    Attributes:
        parts: by the folder of each submission, its part, which keeps its rows.
        keys: by the names of each two, where the cache keeps the pair.
        missing: the pairs that the cache does not hold.

    """

    parts: dict[Path, Path]
    keys: dict[tuple[str, str], str]
    missing: list[tuple[str, str]]


def choose_pairs(
    boards: Sequence[Board],
    submissions: Path,
    sources: Sources,
    parts: Mapping[str, Path],
    cache: Cache,
    best: int,
) -> dict[str, Chosen]:
    """Return by table what is compared, where it has at least two submissions to compare.

    A pair is kept by itself, so that a new submission is compared with the others and not those again.

    Args:
        boards: all tables.
        submissions: the folder of submission folders.
        sources: with the data that were answered.
        parts: the part of each submission.
        cache: keeps pairs.
        best: how many of each table are compared, the best of those whose answers to all tasks are at hand.

    """
    chosen = dict[str, Chosen]()
    for board in boards:
        ranked = [place.sheet for place in board.places if place.rank is not None]
        whole = [sheet for sheet in ranked if sheet.answers.keys() >= sources.cards.keys()]
        found = {submissions / sheet.slug: parts[sheet.slug] for sheet in whole[:best]}
        keys = {
            (one.name, two.name): key_of("pair", found[one].name, found[two].name)
            for one, two in itertools.combinations(found, 2)
        }
        if keys:
            missing = [pair for pair, key in keys.items() if cache.find(key) is None]
            chosen[board.name] = Chosen(found, keys, missing)
    return chosen


def make_pairs(chosen: Iterable[Chosen], sources: Sources, cache: Cache) -> None:
    """Compare those that the cache does not hold yet."""
    for parts, keys, missing in chosen:
        if missing:
            names = set(itertools.chain.from_iterable(missing))
            wanted = {folder: part for folder, part in parts.items() if folder.name in names}
            opened = {folder.name: _open(sources, folder) for folder in wanted}
            rows = KeptRows(wanted)
            found = compare_submissions(opened, sources.cards, pairs=missing, read=rows)
            rows.close()
            for names_of, pair in zip(missing, found.pairs, strict=True):
                make_part(cache.place(keys[names_of]), partial(_fill, pair))


def write_pairs(chosen: Mapping[str, Chosen], cache: Cache, site: Path) -> dict[str, list[str]]:
    """Write `data/pairs/<board>.js` for each table, and return the submissions that were compared by table."""
    decoder, compared = msgspec.json.Decoder(Pair), dict[str, list[str]]()
    for board, (parts, keys, _) in chosen.items():
        found = [decoder.decode((cache.place(key) / PAIR).read_bytes()) for key in keys.values()]
        compared[board] = [folder.name for folder in parts]
        value = {"submissions": compared[board], "pairs": [_compact(pair) for pair in found]}
        write_data(site, f"pairs/{board}", value)
    return compared


def _open(sources: Sources, folder: Path) -> Submission:
    described = read_description(folder)
    return Submission(folder, described, sources.cards, DataFolder(sources.data[described.world]))


def _fill(pair: Pair, part: Path) -> None:
    (part / PAIR).write_bytes(msgspec.json.encode(pair))


def _compact(pair: Pair) -> dict[str, Any]:
    """Return a pair as the page reads it; the verdict has places for the names of the two."""
    means = [task.mean for task in pair.tasks.values()]
    return {
        "first": pair.first,
        "second": pair.second,
        "aggregate": _difference(pair.aggregate),
        "sensitivity": _difference(pair.sensitivity),
        "flips": pair.flips,
        "verdict": verdict("{first}", "{second}", pair.aggregate, pair.sensitivity, means),
        "tasks": {name: _task(task) for name, task in pair.tasks.items()},
    }


def _task(task: TaskComparison) -> dict[str, Any]:
    found = {"mean": _difference(task.mean), "sensitivity": _difference(task.sensitivity), "flips": task.flips}
    return {key: value for key, value in found.items() if value is not None}


def _difference(found: Difference) -> dict[str, Any]:
    """Return the value with its interval, rounded, and the p-value that counts; what is missing is left out."""
    parts = {
        "value": None if found.value is None else round(found.value, DIGITS) + 0.0,
        "ci": rounded_bounds(found.ci),
        "p": found.p if found.p_holm is None else rounded(found.p_holm),
        "reason": found.reason if found.value is None or found.ci is None else None,
    }
    return {key: value for key, value in parts.items() if value is not None}
