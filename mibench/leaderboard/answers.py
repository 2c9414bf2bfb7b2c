"""The answers of a submission, row by row, as data that the page of answers loads piece by piece."""

from collections.abc import Iterator, Mapping, Sequence
from enum import IntEnum
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mibench.cards import TaskCard
from mibench.data.store import DataFolder
from mibench.errors import InputError
from mibench.leaderboard.cache import SITE
from mibench.leaderboard.chunks import write_chunks, write_data
from mibench.leaderboard.entries import Entry
from mibench.leaderboard.kept_rows import keep_rows
from mibench.leaderboard.questions import question_set
from mibench.leaderboard.sheet import AnswerSet
from mibench.metrics.accuracy import normalise
from mibench.scoring.compare import PrimaryRows
from mibench.scoring.rows import TaskRows, read_rows
from mibench.submissions.reading import PREDICTIONS, Submission

if TYPE_CHECKING:
    from mibench.leaderboard.submission_part import Sources

LONGEST = 10_000
"""Characters of an answer that are shown; of a longer one, the page tells its length."""


class Mark(IntEnum):
    """What became of one answer; `NO_OPTION` is added where it is none of the row's options."""

    WRONG = 0
    PARTLY = 1
    RIGHT = 2
    FAILED = 3
    NOT_ASKED = 4
    NO_OPTION = 5


def write_answers(entry: Entry, folder: Path, sources: "Sources", part: Path) -> Mapping[str, AnswerSet]:
    """Write a submission's answers, and keep the scores of its rows, where the data that it answered is at hand.

    Args:
        entry: the submission.
        folder: where it lies.
        sources: with the data.
        part: the folder of the submission's part.

    Returns:
        By task, what was written.

    Raises:
        InputError: the answers are not those that were scored.

    """
    place = sources.data.get(entry.description.world)
    if place is None or not (folder / PREDICTIONS).is_dir():
        return {}
    data = DataFolder(place)
    cards = [card for card in sources.cards.values() if _is_at_hand(entry, card, data)]
    if not cards:
        return {}
    names = [card.name for card in cards]
    same = {key: {name: getattr(entry.description, key)[name] for name in names} for key in ("cards", "data")}
    submission = Submission(folder, entry.description.model_copy(update=same), sources.cards, data)
    written, kept = dict[str, AnswerSet](), dict[str, PrimaryRows]()
    for card in cards:
        rows = _read_task(entry, submission.with_new_faults(), card)
        written[card.name] = _write_task(entry, rows, sources.rows, part / SITE)
        kept[card.name] = PrimaryRows(rows.values[card.primary_metric], rows.groups)
    keep_rows(part, kept)
    return written


def _is_at_hand(entry: Entry, card: TaskCard, data: DataFolder) -> bool:
    """Tell whether a task was scored by this very card, on these very data."""
    about, known = entry.description, data.manifest.tasks.get(card.name)
    if card.name not in entry.scores.tasks or known is None:
        return False
    return (about.cards.get(card.name), about.data.get(card.name)) == (card.digest, known.digest)


def _read_task(entry: Entry, submission: Submission, card: TaskCard) -> TaskRows:
    rows = read_rows(submission, card, keep_texts=True)
    if submission.faults or rows.digest != entry.scores.digests.predictions.get(card.name):
        message = f"the predictions of {card.name} have changed since they were scored"
        raise InputError(message, file=submission.folder, remedy=f"mibench score {submission.folder}")
    return rows


def _write_task(entry: Entry, rows: TaskRows, shown: int | None, site: Path) -> AnswerSet:
    """Write `data/answers/<slug>/<task>.js`, with a few marks of every row, and the answers in pieces beside it."""
    about, card = entry.description, rows.card
    asked = question_set(about, card.name)
    count = len(rows.references)
    found, shown = answer_marks(rows), min(shown or count, count)
    starts = write_chunks(site, f"answers/{entry.slug}/{card.name}", islice(_rows(rows, found), shown))
    head = {
        "questions": asked.name,
        "rows": shown,
        "answered": count,
        "starts": starts,
        "marks": mark_text(found[:, :shown], answers_alike(rows, found)[:shown]),
        "limit": about.limit,
        "blind": about.blind,
    }
    write_data(site, f"answers/{entry.slug}/{card.name}", head)
    return AnswerSet(questions=asked.name, instructions=asked.instructions, rows=shown)


def answer_marks(rows: TaskRows) -> NDArray[np.uint8]:
    """Return the mark of each answer, [instructions, rows]; the primary metric decides, 1 being right and 0 wrong."""
    values = rows.values[rows.card.primary_metric]
    marks = np.full(values.shape, Mark.PARTLY, np.uint8)
    marks[values <= 0] = Mark.WRONG
    marks[values > 1 - 1e-9] = Mark.RIGHT
    marks[np.isnan(values)] = Mark.NOT_ASKED
    marks[rows.lost] = Mark.FAILED
    options = {known.options: frozenset(map(normalise, known.options)) for known in set(rows.references)}
    for texts, found in zip(rows.texts, marks, strict=True):
        pairs = zip(texts, rows.references, strict=True)
        none = [bool(known.options) and normalise(text) not in options[known.options] for text, known in pairs]
        found[np.array(none, bool) & (found < Mark.FAILED)] += np.uint8(Mark.NO_OPTION)
    return marks


def answers_alike(rows: TaskRows, marks: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Tell of each row whether all wordings that were asked got the same answer, after normalisation, [rows]."""
    asked = rows.answers[(marks != Mark.NOT_ASKED).all(axis=1)]
    alike: NDArray[np.bool_] = (asked == asked[:1]).all(axis=0)
    return alike


def mark_text(marks: NDArray[np.uint8], alike: NDArray[np.bool_]) -> str:
    """Return six digits for each row: the marks of its five answers, and 1 where they are alike."""
    digits = np.vstack([marks, alike.astype(np.uint8)]).T + ord("0")
    return np.ascontiguousarray(digits, np.uint8).tobytes().decode("ascii")


def _rows(rows: TaskRows, marks: NDArray[np.uint8]) -> Iterator[object]:
    """Yield the five texts and the five scores of each row, 0 to 100; None where there is no answer."""
    scores = _scores(rows.values[rows.card.primary_metric], marks)
    given = (marks != Mark.FAILED) & (marks != Mark.NOT_ASKED)
    columns = zip(zip(*rows.texts, strict=True), scores, given.T.tolist(), strict=True)
    for texts, row, known in columns:
        yield [
            [_cut(text) if there else None for text, there in zip(texts, known, strict=True)],
            [score if there else None for score, there in zip(row, known, strict=True)],
        ]


def _scores(values: NDArray[np.float64], marks: NDArray[np.uint8]) -> Sequence[Sequence[float | int]]:
    """Return scores with one decimal, [rows][instructions]; a partial one is never rounded to right or wrong."""
    rounded = np.round(100 * np.nan_to_num(values), 1)
    partly = marks % Mark.NO_OPTION == Mark.PARTLY
    rounded[partly] = np.clip(rounded[partly], 0.1, 99.9)
    return [[int(score) if score.is_integer() else score for score in row] for row in rounded.T.tolist()]


def _cut(text: str) -> object:
    return text if len(text) <= LONGEST else [text[:LONGEST], len(text)]
