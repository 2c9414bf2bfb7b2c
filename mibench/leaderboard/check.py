"""Whether every submission can be published: no faults, and scores that hold when they are computed again."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Literal

import msgspec

from mibench.cards import INSTRUCTIONS, TaskCard
from mibench.data.store import DataFolder
from mibench.errors import InputError
from mibench.leaderboard.entries import find_folders, read_entry
from mibench.running.record import read_record
from mibench.scoring.check import differences
from mibench.scoring.report import FILE_NAME, Scores
from mibench.scoring.score import WORTH_PROCESSES, score_submission
from mibench.submissions.description import FILE_NAME as DESCRIPTION
from mibench.submissions.description import read_description
from mibench.submissions.faults import InvalidSubmissionError
from mibench.submissions.reading import Submission

Outcome = Literal["holds", "differs", "invalid", "unchecked"]


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What was found of one submission.

    Attributes:
        slug: its folder's name.
        outcome: `holds`; `differs` where scoring finds other numbers; `invalid` where there are faults; `unchecked`
            where the data that it answers are not at hand.
        found: a line for each difference or fault, the first twenty and a count of the others.

    """

    slug: str
    outcome: Outcome
    found: list[str] = []


def check_submissions(
    folders: Mapping[Path, InputError | None],
    cards: Mapping[str, TaskCard],
    data: Mapping[str, DataFolder],
    watch: Callable[[Iterable[Path]], Iterable[Path]] = iter,
) -> Iterator[Verdict]:
    """Yield what is found of each submission, in the order of the folders; a faulty one does not stop it.

    Args:
        folders: as `find_folders` and `choose_folders` return them.
        cards: all cards of the benchmark.
        data: by world.
        watch: wraps the folders, to show progress.

    """
    processes = _worthwhile_processes(folders, data)
    side_by_side = min(processes, len(folders))
    check = partial(check_submission, cards=cards, data=data, processes=processes if side_by_side < 2 else 1)
    if side_by_side < 2:
        for folder in watch(folders):
            yield check(folder, folders[folder])
        return
    with ProcessPoolExecutor(side_by_side, get_context("spawn")) as pool:
        for _, verdict in zip(watch(folders), pool.map(check, folders, folders.values()), strict=True):
            yield verdict


def choose_folders(submissions: Path, slugs: Sequence[str]) -> dict[Path, InputError | None]:
    """Return the folders of some submissions, or of all where none is named, and why one can have no address.

    Raises:
        InputError: the folder of submissions is missing, or there is no submission of that name in it.

    """
    found = find_folders(submissions)
    if unknown := sorted({*slugs} - {folder.name for folder in found}):
        remedy = "name a folder in the folder of submissions"
        raise InputError(f"no submission {unknown[0]!r:.200} here", file=submissions, remedy=remedy)
    return {folder: fault for folder, fault in found.items() if not slugs or folder.name in slugs}


def described_tasks(folders: Iterable[Path]) -> dict[str, set[str]]:
    """Return the tasks that submissions say they answer, by world; what cannot be read says nothing."""
    found = dict[str, set[str]]()
    for folder in folders:
        with suppress(InputError, OSError):
            description = read_description(folder)
            found.setdefault(description.world, set()).update(description.cards)
    return found


def check_submission(
    folder: Path,
    fault: InputError | None,
    *,
    cards: Mapping[str, TaskCard],
    data: Mapping[str, DataFolder],
    processes: int = 1,
) -> Verdict:
    """Validate a submission and compute its scores again; nothing that it holds is run or followed.

    Args:
        folder: the submission.
        fault: why the site can have no page for it, where that is known.
        cards: all cards of the benchmark.
        data: by world.
        processes: how many tasks are scored side by side.

    """
    slug = folder.name
    try:
        if fault is not None:
            raise fault
        entry = read_entry(folder)
        read_record(folder)
        world = entry.description.world
        if world not in data:
            return Verdict(slug=slug, outcome="unchecked", found=[f"answers the {world} world: give its --data"])
        known = {**cards, **data[world].cards()}
        submission = Submission(folder, entry.description, known, data[world])
        again = score_submission(submission, cards, captions=entry.scores.captioned, processes=processes)
        found = _differences(folder, entry.scores, again)
    except InvalidSubmissionError as error:
        rest = len(error.faults) - len([*error.faults])
        more = [f"... and {rest} more"] if rest else []
        return Verdict(slug=slug, outcome="invalid", found=[*map(str, error.faults), *more])
    except InputError as error:
        return Verdict(slug=slug, outcome="invalid", found=[str(error)])
    except OSError as error:
        return Verdict(slug=slug, outcome="invalid", found=[f"{error.filename or folder}: {error.strerror or error}"])
    return Verdict(slug=slug, outcome="differs" if found else "holds", found=found)


def _differences(folder: Path, published: Scores, again: Scores) -> list[str]:
    """Return what differs in the scores, or else whether the file holds anything besides."""
    known = msgspec.json.decode(published.to_json())
    if found := differences(known, again):
        return found
    whole = msgspec.json.decode((folder / FILE_NAME).read_bytes())
    return [] if whole == known else [f"{FILE_NAME} has keys that scoring does not write, or lacks some"]


def _worthwhile_processes(folders: Iterable[Path], data: Mapping[str, DataFolder]) -> int:
    """Return how many processes make checking quicker, as if each submission had answered everything."""
    described = sum((folder / DESCRIPTION).is_file() for folder in folders)
    rows = max((sum(entry.rows for entry in known.manifest.tasks.values()) for known in data.values()), default=0)
    return (os.cpu_count() or 1) if INSTRUCTIONS * rows * described >= WORTH_PROCESSES else 1
