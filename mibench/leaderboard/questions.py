"""What was asked, as data that the page of answers loads: one set for all submissions that were asked the same."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from mibench.cards import INSTRUCTIONS, TaskCard
from mibench.data.store import DataFolder
from mibench.data.stored_pictures import read_stored_pictures
from mibench.instructions.sets import BUILTIN, InstructionSet
from mibench.leaderboard.cache import SITE, Cache, key_of, make_part
from mibench.leaderboard.chunks import write_chunks, write_data
from mibench.leaderboard.pictures import copy_pictures, picture_place, why_not_shown
from mibench.leaderboard.shapes import shapes_on
from mibench.leaderboard.sheet import Sheet
from mibench.pictures import picture_size
from mibench.prompts import (
    APART,
    BEFORE_OPTIONS,
    BETWEEN_OPTIONS,
    option_order,
    render_request,
    template_parts,
)
from mibench.submissions.description import Description

if TYPE_CHECKING:
    from mibench.leaderboard.submission_part import Sources

NAME_DIGITS = 12

OPTIONS, APPENDED = -1, -2
"""Stand in a template for the options as shown; the second for two line breaks before them, where there are any."""
Piece = str | int
"""Of a template: what every prompt has, or the number of the field whose value stands there."""


class QuestionSet(NamedTuple):
    """What decides the prompts of a task.

    Attributes:
        data: digest of the task's data.
        card: digest of the card.
        instructions: `builtin` where the words are the card's, else the digest of a set.
        seed: of the option order.

    """

    task: str
    data: str
    card: str
    instructions: str
    seed: int

    @property
    def name(self) -> str:
        """Names the set in an address."""
        return hashlib.sha256(json.dumps(self).encode()).hexdigest()[:NAME_DIGITS]


def question_set(about: Description, task: str) -> QuestionSet:
    """Return what a submission was asked."""
    words = BUILTIN.digest if task in about.own_words else about.instructions
    return QuestionSet(task, about.data[task], about.cards[task], words, about.seed)


def make_question_parts(sheets: Iterable[Sheet], sources: "Sources", cache: Cache) -> list[Path]:
    """Return the folders of the parts that hold the questions of all answers, and their pictures."""
    wanted = dict[QuestionSet, str]()
    for sheet in sheets:
        for task, answers in sheet.answers.items():
            asked = QuestionSet(task, sheet.data[task], sheet.cards[task], answers.instructions, sheet.seed)
            wanted[asked] = sheet.world
    parts = dict[str, Path]()
    opened = {world: DataFolder(folder) for world, folder in sources.data.items()} if wanted else {}
    for asked, world in sorted(wanted.items()):
        card, data = sources.cards[asked.task], opened[world]
        if not (without := why_not_shown(data, card, asked=sources.pictures)):
            key = key_of("pictures", world, asked.task, asked.data, str(sources.rows))
            parts[key] = _part(cache, key, partial(copy_pictures, data, asked.task, sources.rows))
        found = sources.instructions.get(asked.instructions)
        key = key_of("questions", world, json.dumps(asked), without or "", "words" if found else "", str(sources.rows))
        parts[key] = _part(cache, key, partial(write_questions, asked, card, data, found, without, sources.rows))
    return list(parts.values())


def _part(cache: Cache, key: str, write: Callable[[Path], None]) -> Path:
    """Return the folder of a part, whose files are written into the site where an earlier build did not make it."""
    return cache.find(key) or make_part(cache.place(key), lambda part: write(part / SITE))


def write_questions(
    asked: QuestionSet,
    card: TaskCard,
    data: DataFolder,
    words: InstructionSet | None,
    without_pictures: str | None,
    shown_rows: int | None,
    site: Path,
) -> None:
    """Write a set of questions: `data/questions/<name>.js`, its rows in pieces beside it, and their ids.

    Args:
        asked: the set.
        card: its card.
        data: its data.
        words: the instruction set, where it is at hand and the words are not the card's.
        without_pictures: why no pictures are shown; None where they are.
        shown_rows: as many are shown, the first; None for all.
        site: the folder that goes into the site.

    """
    worded = _worded(card, asked, words)
    fields = list(card.fields)
    templates = None if worded is None else [template_pieces(text, fields) for text in worded.instructions]
    key, ids, pictured = f"questions/{asked.name}", list[str](), False
    stored = () if without_pictures else read_stored_pictures(data.folder(card.name))
    sizes = {picture.image: (picture.width, picture.height) for picture in stored}

    def rows() -> Iterator[object]:
        nonlocal pictured
        for instance in islice(data.instances(card.name), shown_rows):
            ids.append(instance.id)
            pictured = pictured or instance.image is not None
            picture = None if without_pictures else _picture(data, card.name, instance.image, sizes)
            values = [instance.fields.get(name, "") for name in fields]
            shown = [
                option_order(
                    instance.options, seed=asked.seed, task=card.name, instance=instance.id, instruction=number
                )
                for number in range(1, INSTRUCTIONS + 1)
            ]
            if worded is not None and templates is not None:
                for number, options in enumerate(shown, 1):
                    prompt = render_request(worded, instance, number, seed=asked.seed).prompt
                    assert prompt == join_pieces(templates[number - 1], values, options), "the page would show it wrong"
            orders = [list(map(instance.options.index, options)) for options in shown] if instance.options else []
            shapes = list(shapes_on(instance, card, instance.options)) if picture else []
            boxes = [(shape.label, *shape.box, shape.right) for shape in shapes]
            yield [instance.id, picture, values, instance.options, orders, instance.targets, boxes]

    starts = write_chunks(site, key, rows())
    write_data(site, f"{key}-ids", ids)
    head = {
        "task": card.name,
        "title": card.title,
        "kind": card.answer.kind,
        "metric": card.primary_metric,
        "rows": len(ids),
        "starts": starts,
        "fields": fields,
        "templates": templates,
        "options": [BEFORE_OPTIONS, BETWEEN_OPTIONS, APART],
        "instructions": asked.instructions,
        "pictures": without_pictures if pictured or data.entry(card.name).images is False else None,
    }
    write_data(site, key, head)


def _picture(
    data: DataFolder, task: str, image: str | None, sizes: Mapping[str, tuple[int, int]]
) -> tuple[str, int, int] | None:
    """Return where a row's picture is shown, its width and its height; None where there is none."""
    if image is None or (place := picture_place(data.world, task, image)) is None:
        return None
    return place, *(sizes.get(image) or picture_size(data.folder(task) / image))


def template_pieces(template: str, fields: Sequence[str]) -> list[Piece]:
    """Return what prompts of a template are put together from."""
    pieces: list[Piece] = [
        part if not is_field else OPTIONS if part == "options" else fields.index(part)
        for part, is_field in template_parts(template)
    ]
    return pieces if OPTIONS in pieces else [*pieces, APPENDED]


def join_pieces(pieces: Sequence[Piece], values: Sequence[str], options: Sequence[str]) -> str:
    """Return the prompt that pieces give, as the page joins them.

    Args:
        pieces: of a template.
        values: of the row's fields.
        options: in the order shown.

    """
    shown = BEFORE_OPTIONS + BETWEEN_OPTIONS.join(options)
    special = {OPTIONS: shown, APPENDED: APART + shown if options else ""}
    return "".join(
        piece if isinstance(piece, str) else special[piece] if piece < 0 else values[piece] for piece in pieces
    )


def _worded(card: TaskCard, asked: QuestionSet, words: InstructionSet | None) -> TaskCard | None:
    """Return the card with the words that were used; None where they are not at hand."""
    if asked.instructions == BUILTIN.digest:
        return card
    return words.worded(card) if words is not None and card.name in words.tasks else None
