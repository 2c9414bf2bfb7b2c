"""VCR (Zellers et al., 2019), question to answer: `val.jsonl`, one JSON object a line, and the folder `vcr1images/`.

A sentence is a list of words, among which a list of numbers stands for the objects that are mentioned there. A JSON
file beside each picture says where its objects are.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Annotated

import msgspec

from mibench.cards import TaskCard
from mibench.data.official.files import find_file
from mibench.data.official.lines import Identifiers, read_lines
from mibench.data.official.pictures import find_folders, find_picture
from mibench.data.rows import ReaderOptions, Row
from mibench.errors import InputError
from mibench.instances import Instance

VERSION = "1"
ROWS: int | None = 26_534
"""Questions of the validation split, by its owners' count."""

SPLIT = "val-"
MAX_METADATA = 64 << 20
"""Bytes; the outlines of one picture's objects take well under a mebibyte."""

_GET_IT_ANEW = "get the file anew"
_UNPACK = "unpack vcr1images.zip beside val.jsonl, for the boxes are in it"

Number = int | float
Box = tuple[Number, Number, Number, Number, Number]
"""Left, top, right and bottom edge in pixels, and how sure the detector was."""
Sentence = list[str | list[Annotated[int, msgspec.Meta(ge=0)]]]


class _Line(msgspec.Struct):
    annot_id: str
    img_id: str
    img_fn: str
    metadata_fn: str
    objects: list[str]
    question: Sentence
    answer_choices: Annotated[list[Sentence], msgspec.Meta(min_length=4, max_length=4)]
    answer_label: Annotated[int, msgspec.Meta(ge=0, le=3)]


class _Metadata(msgspec.Struct):
    boxes: list[Box]


def read_vcr(raw: Path, card: TaskCard, options: ReaderOptions) -> Iterator[Row]:
    """Stream the validation split; each of the four answers is an option, equal ones once.

    Args:
        raw: a folder at or above `val.jsonl`.
        card: nothing of it is needed: the options are the row's own.
        options: boxes stand in the order of the picture's objects and begin inside the picture; with
            `faithful_quirks` they stand in the order of a Python set, a negative edge stays, and words that look like
            a mention lose their brackets.

    Raises:
        InputError: at the first line that is something else, is of another split, repeats an id, mentions an object
            that the picture lacks, or whose picture or boxes are missing, with file and line.

    """
    file = find_file(raw, "val.jsonl")
    folders = find_folders(file, ["vcr1images"], above=1, remedy=_UNPACK)
    boxes_of, identifiers = lru_cache(maxsize=8)(_read_boxes), Identifiers(file, "the annot_id")
    for number, line in read_lines(file, _Line, "VCR"):
        if not line.annot_id.startswith(SPLIT):
            message = f"the row {line.annot_id!r:.100} is not of the validation split"
            raise InputError(message, file=file, line=number, remedy="give --raw the validation split")
        identifiers.add(line.annot_id, number)
        what = "file of boxes"
        metadata = find_picture(folders, line.metadata_fn, file=file, line=number, what=what, remedy=_UNPACK)
        boxes, mentioned = boxes_of(metadata), _mentioned(line)
        if beyond := [which for which in mentioned if which >= min(len(line.objects), len(boxes))]:
            message = f"object {beyond[0]} is mentioned, of {len(line.objects)} objects with {len(boxes)} boxes"
            raise InputError(message, file=file, line=number, remedy=_GET_IT_ANEW)
        picture = find_picture(folders, line.img_fn, file=file, line=number) if options.pictures else None
        read = _as_officially if options.faithful_quirks else _plainly
        question, answers, regions = read(line, mentioned, boxes)
        instance = Instance(
            id=f"vcr_{line.img_id}_{line.annot_id}",
            image=None if picture is None else f"images/{line.img_fn}",
            fields={"question": question, "regions": regions},
            options=tuple(answers) if options.faithful_quirks else tuple(dict.fromkeys(answers)),
            targets=(answers[line.answer_label],),
            group=line.img_id,
        )
        yield Row(instance, picture)


def _mentioned(line: _Line) -> list[int]:
    """Return the objects that the answers or the question mention, in order of mention."""
    words = [word for sentence in (*line.answer_choices, line.question) for word in sentence]
    return list(dict.fromkeys(which for word in words if isinstance(word, list) for which in word))


def _plainly(line: _Line, mentioned: Sequence[int], boxes: Sequence[Box]) -> tuple[str, list[str], str]:
    """Return question, answers and regions."""
    names = _names(line.objects)
    question, *answers = (_text(sentence, names) for sentence in (line.question, *line.answer_choices))
    inside = {which: [max(edge, 0) for edge in boxes[which][:-1]] for which in mentioned}
    return question, answers, _regions({names[which]: inside[which] for which in sorted(mentioned)})


def _as_officially(line: _Line, mentioned: Sequence[int], boxes: Sequence[Box]) -> tuple[str, list[str], str]:
    """Return question, answers and regions as the official preparation writes them.

    It puts mentions into brackets and takes those of the finished texts away again.
    """
    names, order = _names(line.objects), list(set(mentioned))
    tags = [f"[{name}]" for name in names]
    texts = [_text(sentence, tags) for sentence in (line.question, *line.answer_choices)]
    for which in order:
        texts = [text.replace(tags[which], names[which]) for text in texts]
    return texts[0], texts[1:], _regions({names[which]: boxes[which][:-1] for which in order})


def _names(objects: Sequence[str]) -> list[str]:
    """Return a name for each object, counted within its kind: person 1, person 2, car 1."""
    counts = Counter[str]()
    names = []
    for kind in objects:
        counts[kind] += 1
        names.append(f"{kind} {counts[kind]}")
    return names


def _text(sentence: Sentence, names: Sequence[str]) -> str:
    words = (word if isinstance(word, str) else " and ".join(names[which] for which in word) for word in sentence)
    return " ".join(words).strip()


def _regions(boxes: dict[str, Sequence[Number]]) -> str:
    return " ".join(f"{name} is in {' '.join(map(str, box))}." for name, box in boxes.items())


def _read_boxes(file: Path) -> list[Box]:
    """Return the boxes of a picture's objects, in the objects' order."""
    try:
        with file.open("rb") as content:
            text = content.read(MAX_METADATA + 1)
        if len(text) > MAX_METADATA:
            raise InputError(f"longer than {MAX_METADATA >> 20} MiB", file=file, remedy=_GET_IT_ANEW)
        return msgspec.json.decode(text, type=_Metadata).boxes
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"not the boxes of a VCR picture: {error}", file=file, remedy=_GET_IT_ANEW) from None
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", file=file) from None
