"""From submissions to a static site."""

import hashlib
import logging
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from multiprocessing import get_context
from pathlib import Path

from mibench.cards import TaskCard
from mibench.data.mini import cache_folder
from mibench.errors import InputError
from mibench.instructions.sets import InstructionSet
from mibench.leaderboard.answers_page import write_answers_page
from mibench.leaderboard.boards import make_boards
from mibench.leaderboard.cache import Cache, put_into_site
from mibench.leaderboard.changes import write_changes
from mibench.leaderboard.entries import submission_folders
from mibench.leaderboard.exports import write_exports
from mibench.leaderboard.front_page import write_front_page
from mibench.leaderboard.pages import copy_static, write_page
from mibench.leaderboard.pairs import BEST, choose_pairs, make_pairs, write_pairs
from mibench.leaderboard.questions import make_question_parts
from mibench.leaderboard.submission_data import write_lists
from mibench.leaderboard.submission_part import Sources, make_submission_parts
from mibench.leaderboard.task_pages import write_task_pages

MARKER = ".mibench-site"
"""A file that tells a site made here from a folder of something else."""

_log = logging.getLogger(__name__)


def build_site(
    submissions: Path,
    output: Path,
    cards: Mapping[str, TaskCard],
    *,
    data: Mapping[str, Path] = {},
    instructions: Sequence[InstructionSet] = (),
    rows: int | None = None,
    pictures: bool = False,
    pairs: int = BEST,
    base_url: str | None = None,
    cache: Path | None = None,
    watch: Callable[[Iterable[Path]], Iterable[Path]] = iter,
    swapping: AbstractContextManager[object] | None = None,
) -> int:
    """Write the site and return how many submissions it shows.

    It is written beside its place and then put there whole: a failure leaves the old one as it was. What an earlier
    build made of a submission is used again where nothing that it depends on has changed; the bytes are the same.

    Args:
        submissions: the folder of submission folders.
        output: where the site goes.
        cards: all cards of the benchmark.
        data: prepared folders by world; the answers of submissions on these data are shown one by one.
        instructions: sets that submissions were asked in, to show their words.
        rows: as many of each task are shown, the first; all by default.
        pictures: show pictures of official data too, where their licence allows it.
        pairs: how many of each table are compared with each other, the best of those whose answers are at hand.
        base_url: the address that the site will have, for the feed.
        cache: the folder of what earlier builds made; by default one for this output in the user's cache.
        watch: wraps the submissions that are read anew, to show progress.
        swapping: is held for the moment in which the new site takes the place of the old one.

    Raises:
        InputError: a submission cannot be read, or the output is a folder of something else.

    """
    folders = submission_folders(submissions)
    _check_output(output)
    sets = {found.digest: found for found in instructions}
    sources = Sources(cards=cards, data=data, instructions=sets, rows=rows, pictures=pictures)
    kept = Cache(cache or default_cache(output))
    with kept.held(), ProcessPoolExecutor(1, get_context("spawn")) as beside:
        parts = make_submission_parts(folders, sources, kept, watch)
        sheets = list(parts.values())
        by_slug = {sheet.slug: part for part, sheet in parts.items()}
        questions = make_question_parts(sheets, sources, kept)
        boards = make_boards(sheets)
        chosen = choose_pairs(boards, submissions, sources, by_slug, kept, pairs)
        with _written_whole(output, swapping or nullcontext()) as site:
            new = [found for found in chosen.values() if found.missing]
            comparing = beside.submit(make_pairs, new, sources, kept) if new else None
            (site / MARKER).write_text("A site built by 'mibench leaderboard build', which may replace this folder.\n")
            copy_static(site)
            for part in (*parts, *questions):
                put_into_site(part, site)
            write_answers_page(boards, cards, site)
            write_page(site, "compare.html", "compare.html", boards=boards)
            write_exports(boards, cards, site)
            write_changes(boards, site, base_url)
            write_page(site, "add.html", "add.html")
            write_front_page(boards, cards, site)
            write_task_pages(boards, sources, site)
            if comparing:
                comparing.result()
            write_lists(boards, write_pairs(chosen, kept, site), cards, sets, site)
        kept.forget_unused()
    if len(boards) > 1:
        _log.info(
            "%d tables, ranked apart: world, wording, seed or data differ, so aggregates do not compare", len(boards)
        )
    return len(folders)


def _check_output(output: Path) -> None:
    if output.is_symlink() or (output.exists() and not output.is_dir()):
        raise InputError("not a folder", file=output, remedy="give --output another place")
    if output.is_dir() and any(output.iterdir()) and not (output / MARKER).is_file():
        raise InputError(
            "holds something else than a site made here", file=output, remedy="give --output another place"
        )


@contextmanager
def _written_whole(output: Path, swapping: AbstractContextManager[object]) -> Iterator[Path]:
    partial = output.with_name(f".{output.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        yield partial
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    former = output.with_name(f".{output.name}.former")
    shutil.rmtree(former, ignore_errors=True)
    with swapping:
        if output.exists():
            output.rename(former)
        partial.rename(output)
    shutil.rmtree(former, ignore_errors=True)


def default_cache(output: Path) -> Path:
    """Return the folder in the user's cache for what builds of a site make."""
    name = hashlib.sha256(str(output.resolve()).encode()).hexdigest()[:16]
    return cache_folder() / "leaderboard" / name
