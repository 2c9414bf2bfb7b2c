"""From the owners' files to a prepared folder."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from mibench.cards import TaskCard
from mibench.data import natural_instructions
from mibench.data.official import hateful_memes, medic, nlvr, snli_ve, text_vqa, vcr, visdial, visual7w, vsr
from mibench.data.rows import ReaderOptions, Row
from mibench.data.store import TaskEntry, store_task, writing_to
from mibench.errors import InputError


class Reader(NamedTuple):
    """Reads one layout.

    Attributes:
        read: yields the rows of a task.
        version: raised when these rows change.
        rows: how many there are by the owners' count; None where it differs from task to task.

    """

    read: Callable[[Path, TaskCard, ReaderOptions], Iterator[Row]]
    version: str
    rows: int | None = None


READERS: Mapping[str, Reader] = {
    "hateful_memes": Reader(hateful_memes.read_hateful_memes, hateful_memes.VERSION, hateful_memes.ROWS),
    "medic": Reader(medic.read_medic, medic.VERSION, medic.ROWS),
    "natural_instructions": Reader(natural_instructions.read_natural_instructions, natural_instructions.VERSION),
    "nlvr": Reader(nlvr.read_nlvr, nlvr.VERSION, nlvr.ROWS),
    "snli_ve": Reader(snli_ve.read_snli_ve, snli_ve.VERSION, snli_ve.ROWS),
    "text_vqa": Reader(text_vqa.read_text_vqa, text_vqa.VERSION, text_vqa.ROWS),
    "vcr": Reader(vcr.read_vcr, vcr.VERSION, vcr.ROWS),
    "visdial": Reader(visdial.read_visdial, visdial.VERSION, visdial.ROWS),
    "visual7w": Reader(visual7w.read_visual7w, visual7w.VERSION, visual7w.ROWS),
    "vsr": Reader(vsr.read_vsr, vsr.VERSION, vsr.ROWS),
}
"""By the name under which a card asks for its reader."""

ALL_PERMUTATIONS = "all-permutations"
QUIRKS = "quirks"

Watch = Callable[[Iterable[Row], str, int | None], Iterable[Row]]
"""Wraps the rows of a task, given its name and how many should come, to show progress."""


class Prepared(NamedTuple):
    """What became of one task: its entry, or why there is none."""

    card: TaskCard
    found: TaskEntry | InputError


def published_rows(card: TaskCard, reader_version: str) -> int | None:
    """Return how many rows a task has by its owners' count, where they publish it.

    Args:
        card: the task.
        reader_version: as the manifest tells it, with what the reader was asked to do otherwise than usual.

    """
    reader = READERS.get(card.data.reader) if card.data else None
    if reader is None or reader.rows is None:
        return None
    return reader.rows * (nlvr.PERMUTATIONS if ALL_PERMUTATIONS in reader_version.split("+") else 1)


def prepare_tasks(
    cards: Sequence[TaskCard],
    raw: Path,
    output: Path,
    options: ReaderOptions,
    *,
    link: bool = False,
    watch: Watch = lambda rows, task, count: rows,
) -> Iterator[Prepared]:
    """Read tasks' official files, store them in a prepared folder, and yield what became of each.

    Args:
        cards: the tasks.
        raw: a folder at or above all files; a folder in it with the name of a task's reader is looked through alone.
        output: the prepared folder.
        options: what the readers are told.
        link: make hard links to the pictures in place of copies.
        watch: shows progress.

    Raises:
        InputError: another process is preparing there.

    """
    with writing_to(output):
        for card in cards:
            found: TaskEntry | InputError
            try:
                found = _prepare(card, raw, output, options, link, watch)
            except InputError as error:
                found = error
            yield Prepared(card, found)


def prepare_official(card: TaskCard, raw: Path, output: Path, options: ReaderOptions) -> TaskEntry:
    """Read one task's official files and store it in a prepared folder.

    Raises:
        InputError: there is no reader for the task, or the files have a fault.

    """
    ((_, found),) = prepare_tasks([card], raw, output, options)
    if isinstance(found, InputError):
        raise found
    return found


def _prepare(card: TaskCard, raw: Path, output: Path, options: ReaderOptions, link: bool, watch: Watch) -> TaskEntry:
    reader = READERS.get(card.data.reader) if card.data else None
    if card.data is None or reader is None:
        known = ", ".join(sorted(READERS))
        raise InputError(f"no reader of official files for {card.name} yet", remedy=f"there are: {known}")
    own = raw / card.data.reader
    rows = reader.read(own if own.is_dir() else raw, card, options)
    changes = [ALL_PERMUTATIONS] * (card.data.reader == "nlvr" and options.all_permutations)
    changes += [QUIRKS] * options.faithful_quirks
    version = "+".join([reader.version, *changes])
    watched = watch(rows, card.name, published_rows(card, version))
    return store_task(
        output,
        card.name,
        watched if options.faithful_quirks else map(_with_distinct_options, watched),
        world="official",
        source=f"{card.source.dataset}, {card.source.split}",
        reader=version,
        licence=card.source.license,
        without_pictures=card.suite == "multimodal" and not options.pictures,
        quirks=options.faithful_quirks,
        seed=options.seed,
        link=link,
    )


def _with_distinct_options(row: Row) -> Row:
    options = row.instance.options
    if len(set(options)) != len(options):
        twice = next(option for option in options if options.count(option) > 1)
        message = f"instance {row.instance.id!r:.200} offers {twice!r:.200} twice"
        raise InputError(message, remedy="mend the raw files, or --faithful-quirks to keep it")
    return row
