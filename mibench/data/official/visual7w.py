"""Visual7W, pointing (Zhu et al., 2016): `dataset_v7w_pointing.json` and `images/v7w_<image_id>.jpg` beside it.

A question's four boxes, the right one among them, are named by their numbers in one list for all pictures.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from mibench.cards import TaskCard
from mibench.data.official.documents import Document
from mibench.data.official.files import find_file
from mibench.data.official.pictures import find_picture
from mibench.data.rows import ReaderOptions, Row
from mibench.errors import InputError
from mibench.instances import Instance

VERSION = "1"
ROWS: int | None = 57_265


class _Pointing(msgspec.Struct):
    boxes: msgspec.Raw
    images: msgspec.Raw


class _Box(msgspec.Struct):
    box_id: int
    x: int | float
    y: int | float
    width: int | float
    height: int | float


class _Image(msgspec.Struct):
    image_id: int
    filename: str
    split: Literal["train", "val", "test"]
    qa_pairs: msgspec.Raw


class _Pair(msgspec.Struct):
    qa_id: int
    question: str
    answer: int
    multiple_choices: Annotated[list[int], msgspec.Meta(min_length=3, max_length=3)]


def read_visual7w(raw: Path, card: TaskCard, options: ReaderOptions) -> Iterator[Row]:
    """Stream the test split of the pointing questions; rows of other splits are passed over.

    Args:
        raw: a folder at or above `dataset_v7w_pointing.json`.
        card: nothing of it is needed: the options are the row's own.
        options: boxes with equal numbers are offered once; with `faithful_quirks` as often as the row has them.

    Raises:
        InputError: at the first row of the test split that is something else, repeats an id, names a box that the
            list lacks, or whose picture is missing, with file and JSON path; or nothing is of the test split.

    """
    document = Document(find_file(raw, "dataset_v7w_pointing.json"), "Visual7W")
    pointing = document.decode(_Pointing)
    boxes, seen = _boxes(document, pointing.boxes), dict[str, str]()
    for place, image in document.members(_Image, pointing.images, "images"):
        if image.split != "test":
            continue
        name, picture = None, None
        if options.pictures:
            folder = document.file.parent / "images"
            name = f"images/{image.filename}"
            picture = find_picture(folder, image.filename, file=document.file, place=place)
        for where, pair in document.members(_Pair, image.qa_pairs, f"{place}.qa_pairs"):
            offered = _offered(document, where, pair, boxes)
            instance = Instance(
                id=f"visual7w_pointing_{image.image_id}_{pair.qa_id}",
                image=name,
                fields={"question": pair.question},
                options=tuple(offered if options.faithful_quirks else dict.fromkeys(offered)),
                targets=(boxes[pair.answer],),
                group=str(image.image_id),
            )
            if instance.id in seen:
                message = f"the id {instance.id!r} stands at {seen[instance.id]} already"
                raise document.fault(where, message, "remove one of the two")
            seen[instance.id] = where
            yield Row(instance, picture)
    if not seen:
        raise InputError("no question of the test split", file=document.file, remedy="get the complete file")


def _boxes(document: Document, part: msgspec.Raw) -> Mapping[int, str]:
    """Return each box as its options show it, by number."""
    boxes = dict[int, str]()
    for place, box in document.members(_Box, part, "boxes"):
        if box.box_id in boxes:
            raise document.fault(place, f"the box {box.box_id} stands in the list already")
        x, y = (0 if edge == -1 else edge for edge in (box.x, box.y))
        boxes[box.box_id] = f"{x} {y} {x + box.width} {y + box.height}"
    return boxes


def _offered(document: Document, place: str, pair: _Pair, boxes: Mapping[int, str]) -> list[str]:
    """Return the boxes to choose from, the right one last."""
    numbers = {f"{place}.multiple_choices[{rank}]": number for rank, number in enumerate(pair.multiple_choices)}
    numbers[f"{place}.answer"] = pair.answer
    for where, number in numbers.items():
        if number not in boxes:
            raise document.fault(where, f"the list of boxes has no {number}")
    return [boxes[number] for number in numbers.values()]
