"""MEDIC (Alam et al., 2023): `MEDIC_test.tsv`, and the pictures where its column `image_path` says, from its folder."""

import csv
from collections.abc import Iterator
from pathlib import Path

from mibench.cards import TaskCard
from mibench.data.official.files import find_file
from mibench.data.official.lines import read_texts
from mibench.data.official.pictures import find_picture
from mibench.data.rows import ReaderOptions, Row
from mibench.errors import InputError
from mibench.instances import Instance

VERSION = "1"
ROWS: int | None = 15_688
MAX_FIELD = 1 << 17
"""Characters; no honest field is longer."""
PICTURE, LABEL = "image_path", "disaster_types"
OTHER_TASKS = ("severe damage", "mild damage", "little or none damage", "informative", "not informative")
"""The labels of two other tasks of MEDIC, which the official preparation offers as well."""


def read_medic(raw: Path, card: TaskCard, options: ReaderOptions) -> Iterator[Row]:
    """Stream the test split.

    Args:
        raw: a folder at or above `MEDIC_test.tsv`.
        card: the task's card, whose options are the classes.
        options: the classes of this task are offered; with `faithful_quirks` those of two other tasks as well.

    Raises:
        InputError: at the first line whose columns do not fit the header, whose class is unknown or whose picture is
            missing, with file and line.

    """
    file = find_file(raw, "MEDIC_test.tsv")
    classes = (*OTHER_TASKS, *card.answer.options) if options.faithful_quirks else card.answer.options
    for count, (number, cells) in enumerate(_cells(file)):
        label = cells[LABEL].replace("_", " ").lower()
        if label not in classes:
            message = f"the disaster type {cells[LABEL]!r:.100} is none of {', '.join(classes)}"
            raise InputError(message, file=file, line=number, remedy="get the file anew")
        name, image, picture = cells[PICTURE], None, None
        if options.pictures:
            image, picture = f"images/{name}", find_picture(file.parent, name, file=file, line=number)
        instance = Instance(
            id=f"medic_test_{count}_disaster_types",
            image=image,
            fields={},
            options=classes,
            targets=(label,),
            group=name,
        )
        yield Row(instance, picture)


def _cells(file: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (line number, cells by column) of each row."""
    rows = _rows(file)
    begin, header = next(rows)
    if missing := [name for name in (PICTURE, LABEL) if name not in header]:
        raise InputError(f"no column {missing[0]}", file=file, line=begin, remedy="get the file anew")
    row = None
    for begin, row in rows:
        if len(row) != len(header):
            message = f"{len(row)} columns, the header has {len(header)}"
            raise InputError(message, file=file, line=begin, remedy="get the file anew")
        yield begin, dict(zip(header, row, strict=True))
    if row is None:
        raise InputError("no row after the header", file=file, line=begin, remedy="get the file anew")


def _rows(file: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield (line number, cells) of the header and of each row; blank lines are passed over."""
    csv.field_size_limit(MAX_FIELD)
    reader = csv.reader((text.decode() for _, text in read_texts(file)), delimiter="\t", strict=True)
    begin = 1
    try:
        for row in reader:
            if row or begin == 1:
                yield begin, row
            begin = reader.line_num + 1
    except (csv.Error, UnicodeDecodeError) as error:
        raise InputError(f"not a row of MEDIC: {error}", file=file, line=begin, remedy="get the file anew") from None
