"""VisDial 1.0 (Das et al., 2017), validation: `visdial_1.0_val.json` and the pictures in `VisualDialog_val2018/`.

The turns of all dialogues name their question and answer by number in two tables.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import msgspec

from mibench.cards import TaskCard
from mibench.data.official.documents import Document
from mibench.data.official.files import find_file
from mibench.data.official.pictures import find_picture
from mibench.data.rows import ReaderOptions, Row
from mibench.instances import Instance

VERSION = "1"
ROWS: int | None = 20_640
SPLIT = "val2018"
NO_HISTORY = "(nothing yet)"
"""What the first turn of a dialogue has for its history."""


class _Tables(msgspec.Struct):
    questions: msgspec.Raw
    answers: msgspec.Raw
    dialogs: msgspec.Raw


class _VisDial(msgspec.Struct):
    split: str
    data: _Tables


class _Turn(msgspec.Struct):
    question: int
    answer: int


class _Dialogue(msgspec.Struct):
    image_id: int
    dialog: Annotated[list[_Turn], msgspec.Meta(min_length=1)]


def read_visdial(raw: Path, card: TaskCard, options: ReaderOptions) -> Iterator[Row]:
    """Stream every turn of every dialogue, with the true turns before it as its history.

    Args:
        raw: a folder at or above `visdial_1.0_val.json`.
        card: nothing of it is needed.
        options: texts are stripped, questions end in one question mark, and history goes "question? answer."; with
            `faithful_quirks` texts stay as they are, questions get a question mark even if they have one, and
            history goes "question, answer;".

    Raises:
        InputError: the file is of another split, or at the first dialogue that is something else, repeats a picture,
            names a text that its table lacks, or whose picture is missing; with file and JSON path.

    """
    document = Document(find_file(raw, "visdial_1.0_val.json"), "VisDial")
    content = document.decode(_VisDial)
    if content.split != SPLIT:
        raise document.fault("split", f"the split is {content.split!r:.100}, not {SPLIT!r}", "get the validation file")
    questions = document.decode(list[str], content.data.questions, "data.questions")
    answers = document.decode(list[str], content.data.answers, "data.answers")
    seen = dict[int, str]()
    for place, dialogue in document.members(_Dialogue, content.data.dialogs, "data.dialogs"):
        if dialogue.image_id in seen:
            message = f"the picture {dialogue.image_id} has a dialogue at {seen[dialogue.image_id]} already"
            raise document.fault(place, message, "remove one of the two")
        seen[dialogue.image_id] = place
        texts = [
            (
                _look_up(document, questions, turn.question, f"{place}.dialog[{number}].question"),
                _look_up(document, answers, turn.answer, f"{place}.dialog[{number}].answer"),
            )
            for number, turn in enumerate(dialogue.dialog)
        ]
        name, image, picture = f"VisualDialog_{SPLIT}_{dialogue.image_id:012d}.jpg", None, None
        if options.pictures:
            folder = document.file.parent / f"VisualDialog_{SPLIT}"
            image, picture = f"images/{name}", find_picture(folder, name, file=document.file, place=place)
        for instance in _turns(dialogue.image_id, image, texts, faithful=options.faithful_quirks):
            yield Row(instance, picture)
    if not seen:
        raise document.fault("data.dialogs", "no dialogue", "get the complete file")


def _turns(number: int, image: str | None, texts: list[tuple[str, str]], *, faithful: bool) -> Iterator[Instance]:
    """Yield the turns of a dialogue, given as (question, answer)."""
    history: list[str] = []
    for turn, (question, answer) in enumerate(texts, 1):
        if faithful:
            asked, said = f"{question}?", f"{question}, {answer};"
        else:
            answer = answer.strip()
            asked = _ended(question.strip(), "?", "?")
            said = f"{asked} {_ended(answer, '.', '.!?')}"
        yield Instance(
            id=f"visdial_val_{number}_{turn}",
            image=image,
            fields={"history": " ".join(history) or NO_HISTORY, "question": asked},
            targets=(answer,),
            group=str(number),
        )
        history.append(said)


def _look_up(document: Document, table: list[str], number: int, place: str) -> str:
    if not 0 <= number < len(table):
        raise document.fault(place, f"{number} is not in a table of {len(table)} texts")
    return table[number]


def _ended(text: str, mark: str, marks: str) -> str:
    """Return the text with a mark at its end, unless one of several ends it."""
    return text if text.endswith(tuple(marks)) else f"{text}{mark}"
