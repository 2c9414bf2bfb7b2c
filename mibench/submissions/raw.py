"""Prediction files as users bring them: jsonl or csv with task, instance, instruction and prediction."""

import csv
from collections.abc import Iterator
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
        )
        yield number, prediction


def _read_csv(path: Path) -> Iterator[tuple[int, Prediction]]:
    csv.field_size_limit(MAX_LINE)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            if missing := [name for name in COLUMNS if name not in (reader.fieldnames or [])]:
                message = f"the column {missing[0]!r} is missing"
                raise InputError(message, file=path, line=1, remedy=f"a first line: {','.join(COLUMNS)}")
            try:
                for row in reader:
                    yield reader.line_num, _from_csv(row, path, reader.line_num)
            except csv.Error as error:
                raise InputError(f"not CSV: {error}", file=path, line=reader.line_num) from None
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", file=path) from None
    except UnicodeDecodeError as error:
        raise InputError(f"not UTF-8: {error.reason}", file=path, remedy="save it as UTF-8") from None


def _from_csv(row: dict[str, str | None], path: Path, line: int) -> Prediction:
    task, instance, instruction, text = (row[name] for name in COLUMNS)
    if task is None or instance is None or instruction is None or text is None:
        raise InputError("fewer cells than columns", file=path, line=line, remedy="complete the row")
    if not instruction.strip().isascii() or not instruction.strip().isdigit():
        message = f"the instruction {instruction!r} is not a number"
        raise InputError(message, file=path, line=line, remedy="1 to 5")
    return Prediction(task=task, instance=instance, instruction=int(instruction), text=text)
