"""TextVQA 0.5.1 (Singh et al., 2019): `TextVQA_0.5.1_val.json` and `train_images/<image_id>.jpg` beside it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import msgspec

from mibench.cards import TaskCard
from mibench.data.official.documents import Document
from mibench.data.official.files import find_file
from mibench.data.official.pictures import find_folders, find_picture
from mibench.data.rows import ReaderOptions, Row
from mibench.instances import Instance

VERSION = "1"
ROWS: int | None = 5_000
"""Questions of the validation split, by its owners' count."""

PEOPLE = 10
"""Who answered each question."""
SPLIT = "val"


class _TextVQA(msgspec.Struct):
    data: msgspec.Raw
    dataset_type: str = SPLIT


class _Question(msgspec.Struct):
    question_id: int
    image_id: str
    question: str
    answers: Annotated[list[str], msgspec.Meta(min_length=PEOPLE, max_length=PEOPLE)]
    set_name: str = SPLIT


def read_text_vqa(raw: Path, card: TaskCard, options: ReaderOptions) -> Iterator[Row]:
    """Stream the validation split.

    Args:
        raw: a folder at or above `TextVQA_0.5.1_val.json`.
        card: nothing of it is needed.
        options: the reference is the most frequent of the ten answers, and the first of them where several are equally
            frequent; with `faithful_quirks` it may be blank.

    Raises:
        InputError: the file is of another split, or at the first question that is something else, repeats an id or
            whose picture is missing; with file and JSON path.

    """
    document = Document(find_file(raw, f"TextVQA_0.5.1_{SPLIT}.json"), "TextVQA")
    content = document.decode(_TextVQA)
    _check_split(document, "dataset_type", content.dataset_type)
    folders = find_folders(document.file, ["train_images"], above=1) if options.pictures else []
    seen = dict[int, str]()
    for place, row in document.members(_Question, content.data, "data"):
        _check_split(document, f"{place}.set_name", row.set_name)
        if row.question_id in seen:
            message = f"the id {row.question_id} stands at {seen[row.question_id]} already"
            raise document.fault(f"{place}.question_id", message, "remove one of the two")
        seen[row.question_id] = place
        name = f"{row.image_id}.jpg"
        picture = find_picture(folders, name, file=document.file, place=place) if options.pictures else None
        instance = Instance(
            id=f"text_vqa_{SPLIT}_{row.image_id}_{row.question_id}",
            image=None if picture is None else f"images/{name}",
            fields={"question": row.question},
            targets=(_most_frequent(row.answers, blank=options.faithful_quirks),),
            answers=tuple(row.answers),
            group=row.image_id,
        )
        yield Row(instance, picture)
    if not seen:
        raise document.fault("data", "no question", "get the complete file")


def _check_split(document: Document, place: str, split: str) -> None:
    if split != SPLIT:
        raise document.fault(place, f"the split is {split!r:.100}, not {SPLIT!r}", "give --raw the validation split")


def _most_frequent(answers: Sequence[str], *, blank: bool) -> str:
    written = [answer for answer in answers if answer.strip()]
    ((answer, _),) = Counter(answers if blank or not written else written).most_common(1)
    return answer
