"""The part of the site that one submission makes by itself, whatever other submissions there are."""

import functools
import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import msgspec

from mibench.cards import TaskCard
from mibench.data.store import MANIFEST
from mibench.instructions.sets import InstructionSet
from mibench.leaderboard.answers import write_answers
from mibench.leaderboard.cache import SITE, Cache, key_of, make_part
from mibench.leaderboard.entries import read_entry
from mibench.leaderboard.model_page import write_model_page
from mibench.leaderboard.pages import render
from mibench.leaderboard.sheet import Sheet, make_sheet
from mibench.leaderboard.submission_data import write_submission_data
from mibench.leaderboard.task_rows import render_task_rows
from mibench.running.record import FILE_NAME as RUN
from mibench.scoring.report import FILE_NAME as SCORES
from mibench.submissions.description import FILE_NAME as DESCRIPTION
from mibench.submissions.reading import PREDICTIONS

SHEET = "sheet.msgpack"
WORTH_PROCESSES = 24
"""As many submissions to make are worth the start of processes."""


@dataclass(frozen=True, kw_only=True)
class Sources:
    """What submissions are read beside.

    Attributes:
        cards: all cards of the benchmark.
        data: prepared folders by world, from which questions and answers are shown; none without answers.
        instructions: sets by digest, beside the cards' own words.
        rows: as many of each task are shown; None for all.
        pictures: whether pictures of official data are shown, where their licence allows it.

    """

    cards: Mapping[str, TaskCard]
    data: Mapping[str, Path]
    instructions: Mapping[str, InstructionSet]
    rows: int | None = None
    pictures: bool = False

    @functools.cached_property
    def data_digest(self) -> str:
        """SHA-256 of what the folders hold."""
        content = hashlib.sha256()
        for world, folder in sorted(self.data.items()):
            content.update(world.encode() + (folder / MANIFEST).read_bytes())
        return content.hexdigest()


def make_submission_parts(
    folders: Sequence[Path],
    sources: Sources,
    cache: Cache,
    watch: Callable[[Iterable[Path]], Iterable[Path]] = iter,
) -> dict[Path, Sheet]:
    """Return the sheet of each submission by the folder of its part, in the order of the submissions."""
    keys = {folder: part_key(folder, sources) for folder in folders}
    missing = [folder for folder, key in keys.items() if cache.find(key) is None]
    make = partial(_make_part, sources)
    places = [cache.place(keys[folder]) for folder in missing]
    if len(missing) >= WORTH_PROCESSES:
        with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool:
            made = pool.map(make, missing, places, chunksize=4)
            for _ in zip(watch(missing), made, strict=True):
                pass
    else:
        for folder, place in zip(watch(missing), places, strict=True):
            make(folder, place)
    parts = [cache.place(key) for key in keys.values()]
    decoder = msgspec.msgpack.Decoder(Sheet)
    return {part: decoder.decode((part / SHEET).read_bytes()) for part in parts}


def part_key(folder: Path, sources: Sources) -> str:
    """Return the digest of all that a submission's part depends on; its files count by size and time."""
    files = [folder / name for name in (DESCRIPTION, SCORES, RUN)]
    if sources.data and (folder / PREDICTIONS).is_dir():
        files += sorted((folder / PREDICTIONS).iterdir())
    cards = "".join(card.digest for card in sources.cards.values())
    sets = sorted(sources.instructions)
    return key_of(str(folder), *map(_state, files), cards, sources.data_digest, *sets, str(sources.rows))


def _state(path: Path) -> str:
    if path.is_symlink() or not path.exists():
        return f"{path.name}, none"
    status = path.stat()
    return f"{path.name} {status.st_size} {status.st_mtime_ns}"


def _make_part(sources: Sources, folder: Path, place: Path) -> None:
    make_part(place, partial(_fill, sources, folder))


def _fill(sources: Sources, folder: Path, part: Path) -> None:
    entry = read_entry(folder)
    site = part / SITE
    answers = write_answers(entry, folder, sources, part)
    sheet = make_sheet(entry, sources.cards, answers)
    write_model_page(entry, sheet, folder, sources.cards, sources.instructions, site)
    write_submission_data(entry, sheet, site)
    shutil.copyfile(folder / SCORES, site / "submissions" / f"{entry.slug}.scores.json")
    sheet = msgspec.structs.replace(
        sheet,
        row=render("row.html", entry=entry, sheet=sheet, cards=sources.cards),
        task_rows=render_task_rows(entry, sheet, sources.cards.values()),
    )
    (part / SHEET).write_bytes(msgspec.msgpack.encode(sheet))
