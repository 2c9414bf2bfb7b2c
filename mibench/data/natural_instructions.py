"""Natural Instructions v2 (Wang et al., 2022): `tasks/<name>.json` and the split list `test_tasks.txt`."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from mibench.cards import TaskCard
from mibench.data.official.files import find_file
from mibench.data.rows import ReaderOptions, Row
from mibench.errors import InputError
from mibench.instances import Instance

VERSION = "1"
MAX_BYTES = 128 << 20
"""No honest file of a task is longer."""


class _Task(msgspec.Struct):
    instances: msgspec.Raw = msgspec.field(name="Instances")


class _Instance(msgspec.Struct):
    id: str
    input: str
    output: list[str]


def read_natural_instructions(raw: Path, card: TaskCard, options: ReaderOptions) -> Iterator[Row]:
    """Stream one task of the default test split; every output is an accepted reference.

    Args:
        raw: a folder at or above both `tasks/` and `splits/`.
        card: names the task, and the options where its answers are labels.
        options: nothing here is drawn.

    Raises:
        InputError: the task is not in the split, or an instance cannot be read, has no output, or repeats an
            id; with file and line.

    """
    _check_split(raw, card.name)
    file = find_file(raw, f"{card.name}.json")
    content = _read(file)
    try:
        instances = bytes(msgspec.json.decode(content, type=_Task).instances)
        rows = msgspec.json.decode(instances, type=list[msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        message = f"not a task of Natural Instructions: {error}"
        raise InputError(message, file=file, line=_line_of_error(content, error), remedy="get it anew") from None
    decoder, seen, end = msgspec.json.Decoder(_Instance), set[str](), content.index(instances)
    for text in map(bytes, rows):
        begin = content.index(text, end)
        end = begin + len(text)
        try:
            row = decoder.decode(text)
            if not row.output:
                raise InputError("no output")
            if row.id in seen:
                raise InputError(f"the id {row.id!r} occurs twice")
        except (msgspec.DecodeError, UnicodeDecodeError, InputError) as error:
            line = content.count(b"\n", 0, begin) + 1
            message = f"unreadable instance: {error}"
            raise InputError(message, file=file, line=line, remedy="mend or remove it") from None
        seen.add(row.id)
        targets = tuple(dict.fromkeys(row.output))
        yield Row(
            Instance(id=row.id, fields={"input": row.input}, options=card.answer.options, targets=targets, group=row.id)
        )


def _check_split(raw: Path, task: str) -> None:
    file = find_file(raw, "splits/default/test_tasks.txt")
    if task.encode() not in _read(file).split():
        raise InputError(
            f"{task} is not in the default test split", file=file, remedy="only held-out tasks are prepared"
        )


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            content = opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", file=file, remedy="let it be read") from None
    if len(content) > MAX_BYTES:
        raise InputError(f"over {MAX_BYTES >> 20} MiB", file=file, remedy="get it anew")
    return content


def _line_of_error(content: bytes, error: Exception) -> int:
    """Return the line of a syntax error, whose message ends in a byte offset; the last where the file breaks off."""
    _, _, offset = str(error).rpartition("(byte ")
    if offset[:-1].isdigit():
        return content.count(b"\n", 0, int(offset[:-1])) + 1
    return content.count(b"\n") + 1 if "truncated" in str(error) else 1
