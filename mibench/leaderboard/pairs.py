"""Paired differences of the best submissions of each table, as `mibench compare` finds them."""

import itertools
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import msgspec

from mibench.data.store import DataFolder
from mibench.leaderboard.boards import Board
from mibench.leaderboard.cache import Cache, key_of, make_part
from mibench.leaderboard.chunks import write_data
from mibench.leaderboard.kept_rows import KeptRows, keep_rows, open_for_comparison, why_unfit
from mibench.leaderboard.submission_part import Sources, part_key
from mibench.scoring.compare import compare_submissions
from mibench.scoring.comparison import Difference, Pair, TaskComparison
from mibench.scoring.verdict import verdict
from mibench.submissions.reading import PREDICTIONS

BEST = 12
"""As many of a table are compared with each other."""
PAIR = "pair.json"
WORTH_PROCESSES = 4
"""As many submissions to read are worth the start of processes."""

_log = logging.getLogger(__name__)


def write_pairs(
    boards: Sequence[Board], submissions: Path, sources: Sources, cache: Cache, best: int, site: Path
) -> dict[str, list[str]]:
    """Write `data/pairs/<board>.js` for each table with at least two submissions to compare.

    A pair is kept by itself, so that a new submission is compared with the others and not those again.

    Args:
        boards: all tables.
        submissions: the folder of submission folders.
        sources: with the data that were answered.
        cache: keeps rows and pairs.
        best: how many of each table are compared, the best of those whose data and predictions are at hand.
        site: the folder that goes into the site.

    Returns:
        By board, the submissions that were compared.

    """
    compared = dict[str, list[str]]()
    for board in boards:
        folders = _choose(board, submissions, sources, cache, best)
        if len(folders) > 1:
            found = _compare(folders, sources, cache)
            slugs = compared[board.name] = [folder.name for folder in folders]
            value = {"submissions": slugs, "pairs": [_compact(pair) for pair in found]}
            write_data(site, f"pairs/{board.name}", value)
    return compared


def _choose(board: Board, submissions: Path, sources: Sources, cache: Cache, best: int) -> dict[Path, Path]:
    """Return the folders to compare, best first, each with the part that holds its rows."""
    candidates = list(_candidates(board, submissions, sources))
    keys = {folder: key_of("rows", part_key(folder, sources)) for folder in candidates[:best]}
    _keep_side_by_side([folder for folder, key in keys.items() if cache.find(key) is None], keys, sources, cache)
    chosen = dict[Path, Path]()
    for folder in candidates:
        if len(chosen) == best:
            break
        key = keys.get(folder) or key_of("rows", part_key(folder, sources))
        if cache.find(key) is None:
            keep_rows(sources, folder, cache.place(key))
        if reason := why_unfit(cache.place(key)):
            _log.warning("%s is in no pair: %s", folder.name, reason)
        else:
            chosen[folder] = cache.place(key)
    return chosen


def _candidates(board: Board, submissions: Path, sources: Sources) -> Iterator[Path]:
    """Yield the folders of ranked submissions with predictions, best first, where the data that they answered is."""
    ranked = [place.sheet for place in board.places if place.rank is not None]
    if not ranked or board.world not in sources.data:
        return
    held = DataFolder(sources.data[board.world]).manifest.tasks
    if any(task not in held or held[task].digest != digest for task, digest in ranked[0].data.items()):
        return
    for sheet in ranked:
        if (submissions / sheet.slug / PREDICTIONS).is_dir():
            yield submissions / sheet.slug


def _keep_side_by_side(folders: Sequence[Path], keys: Mapping[Path, str], sources: Sources, cache: Cache) -> None:
    if len(folders) >= WORTH_PROCESSES:
        with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool:
            list(pool.map(partial(keep_rows, sources), folders, [cache.place(keys[folder]) for folder in folders]))


def _compare(folders: Mapping[Path, Path], sources: Sources, cache: Cache) -> list[Pair]:
    """Return all pairs, those computed that were not before."""
    keys = {
        (one.name, two.name): key_of("pair", folders[one].name, folders[two].name)
        for one, two in itertools.combinations(folders, 2)
    }
    missing = [pair for pair, key in keys.items() if cache.find(key) is None]
    if missing:
        names = set(itertools.chain.from_iterable(missing))
        wanted = {folder: part for folder, part in folders.items() if folder.name in names}
        opened = {folder.name: open_for_comparison(sources, folder) for folder in wanted}
        rows = KeptRows(wanted)
        found = compare_submissions(opened, sources.cards, pairs=missing, read=rows)
        rows.close()
        for names_of, pair in zip(missing, found.pairs, strict=True):
            make_part(cache.place(keys[names_of]), partial(_fill, pair))
    decoder = msgspec.json.Decoder(Pair)
    return [decoder.decode((cache.place(key) / PAIR).read_bytes()) for key in keys.values()]


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
    shown = found.ci.shown if found.ci else None
    parts = {
        "value": None if found.value is None else round(found.value, 3) + 0.0,
        "ci": None if shown is None else [round(bound, 3) for bound in shown],
        "p": found.p if found.p_holm is None else round(found.p_holm, 4),
        "reason": found.reason if found.value is None or shown is None else None,
    }
    return {key: value for key, value in parts.items() if value is not None}
