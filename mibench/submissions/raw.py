"""Prediction files as users bring them: jsonl or csv with task, instance, instruction and prediction."""

import csv
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from mibench.errors import InputError
from mibench.instances import Prediction
from mibench.submissions.lines import MAX_LINE, LineFault, read_lines

COLUMNS = ("task", "instance", "instruction", "prediction")


class _Line(msgspec.Struct):
    task: str
    instance: str
    instruction: int
    prediction: str
    option_scores: list[float] | None = None
    option_scores_per_token: list[float] | None = None


def read_raw(path: Path) -> Iterator[tuple[int, Prediction]]:
    """Stream (line number, prediction) of one file; its name ends in .csv, .jsonl or .jsonl.zst.

    Raises:
        InputError: at the first line that is not a prediction, with file and line.

    """
    if path.name.endswith(".csv"):
        yield from _read_csv(path)
    elif path.name.endswith((".jsonl", ".jsonl.zst")):
        yield from _read_jsonl(path)
    else:
        raise InputError("unknown kind of file", file=path, remedy="name it .jsonl, .jsonl.zst or .csv")


def _read_jsonl(path: Path) -> Iterator[tuple[int, Prediction]]:
    decoder = msgspec.json.Decoder(_Line)
    for number, line in read_lines(path):
        try:
            if isinstance(line, LineFault):
                raise InputError(line.message)
            row = decoder.decode(line)
        except (InputError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            message = f"not a prediction: {error}"
            raise InputError(message, file=path, line=number or None, remedy=f"keys: {', '.join(COLUMNS)}") from None
        prediction = Prediction(
            task=row.task,
            instance=row.instance,
            instruction=row.instruction,
            text=row.prediction,
            option_scores=row.option_scores,
            option_scores_per_token=row.option_scores_per_token,
        )
        yield number, prediction


def _read_csv(path: Path) -> Iterator[tuple[int, Prediction]]:
    csv.field_size_limit(MAX_LINE)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            try:
                header = next(reader, [])
                _check_header(header, path)
                for cells in filter(None, reader):
                    yield reader.line_num, _from_cells(header, cells, path, reader.line_num)
            except csv.Error as error:
                raise InputError(f"not CSV: {error}", file=path, line=reader.line_num) from None
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", file=path) from None
    except UnicodeDecodeError as error:
        raise InputError(f"not UTF-8: {error.reason}", file=path, remedy="save it as UTF-8") from None


def _check_header(header: Sequence[str], path: Path) -> None:
    for name in COLUMNS:
        if (count := header.count(name)) != 1:
            message = f"the column {name!r} {'stands twice' if count else 'is missing'}"
            raise InputError(message, file=path, line=1, remedy=f"a first line: {','.join(COLUMNS)}")


def _from_cells(header: Sequence[str], cells: Sequence[str], path: Path, line: int) -> Prediction:
    if len(cells) != len(header):
        message = f"{'more' if len(cells) > len(header) else 'fewer'} cells than columns"
        raise InputError(message, file=path, line=line, remedy="put a text with commas in quotes")
    row = dict(zip(header, cells, strict=True))
    if not re.fullmatch(r"\s*[0-9]{1,9}\s*", row["instruction"]):
        message = f"the instruction {row['instruction']!r:.40} is not a number"
        raise InputError(message, file=path, line=line, remedy="1 to 5")
    return Prediction(
        task=row["task"], instance=row["instance"], instruction=int(row["instruction"]), text=row["prediction"]
    )
