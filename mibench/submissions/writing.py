"""Writing a submission folder."""

import math
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
import zstandard
from pydantic import ValidationError

from mibench import __version__
from mibench.cards import TaskCard
from mibench.data.store import DataFolder
from mibench.errors import InputError
from mibench.instances import Answer, Failure, Prediction
from mibench.submissions.description import FILE_NAME, Description, Model, Scalar
from mibench.submissions.lines import MAX_LINE
from mibench.submissions.reading import PREDICTIONS, PredictionLine
from mibench.whole_file import whole_file


def describe(
    name: str,
    model: Model,
    cards: Iterable[TaskCard],
    data: DataFolder,
    *,
    adapter: str | None = None,
    decoding: dict[str, Scalar] | None = None,
    seed: int = 0,
    limit: int | None = None,
    instructions: str = "builtin",
    own_words: Iterable[str] = (),
    wordings: tuple[int, ...] | None = None,
    blind: bool = False,
) -> Description:
    """Return the description of a submission that answers these tasks on this data, made now.

    Raises:
        InputError: a value that no description may have, as a name that is too long.

    """
    cards = list(cards)
    try:
        return Description(
            name=name,
            model=model,
            adapter=adapter,
            decoding=decoding or {},
            harness=__version__,
            world=data.world,
            seed=seed,
            limit=limit,
            instructions=instructions,
            own_words=tuple(own_words),
            wordings=wordings,
            blind=blind,
            data={card.name: data.entry(card.name).digest for card in cards},
            cards={card.name: card.digest for card in cards},
            created=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        )
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(map(str, first["loc"]))
        raise InputError(f"{key}: {first['msg']}", remedy=f"{FILE_NAME} cannot hold it") from None


class PredictionWriter:
    """Appends predictions to `predictions/<task>.jsonl`."""

    def __init__(self, folder: Path, task: str) -> None:
        self.path = folder / PREDICTIONS / f"{task}.jsonl"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self.path.open("ab")

    def write(self, predictions: Iterable[Prediction]) -> None:
        """Append one line a prediction."""
        self._file.write(b"".join(map(prediction_line, predictions)))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


def prediction_line(answer: Answer) -> bytes:
    """Return one line of JSON; half a surrogate pair, which UTF-8 cannot hold, becomes a question mark.

    Raises:
        InputError: what no reader would take: a line over 1 MiB, or an option score that is not finite.

    """
    asked = f"instance {answer.instance!r:.200} of {answer.task}, instruction {answer.instruction}"
    row = PredictionLine(answer.instance, answer.instruction, "")
    if isinstance(answer, Failure):
        row.failed = _valid(answer.reason)
    else:
        row.prediction = _valid(answer.text)
        row.option_scores, row.option_scores_per_token = answer.option_scores, answer.option_scores_per_token
    if not all(map(math.isfinite, [*(row.option_scores or ()), *(row.option_scores_per_token or ())])):
        raise InputError(f"an option score of {asked} is not finite", remedy="give finite log-probabilities")
    line = msgspec.json.encode(row) + b"\n"
    if len(line) > MAX_LINE:
        raise InputError(f"the answer to {asked} is over 1 MiB", remedy="limit what the model writes")
    return line


def _valid(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def finished_file(folder: Path, task: str) -> Path | None:
    """Return the file that holds all predictions of a task, plain or compressed; None where there is none."""
    plain, packed = _places(folder, task)
    return next((path for path in (packed, plain) if path.exists()), None)


def write_predictions(folder: Path, task: str, lines: Iterable[bytes], *, compressed: bool) -> None:
    """Write all predictions of a task in one go, whole or not at all; what was there before is replaced."""
    plain, packed = _places(folder, task)
    path, other = (packed, plain) if compressed else (plain, packed)
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as file:
        if compressed:
            with zstandard.ZstdCompressor(level=10).stream_writer(file, closefd=False) as packer:
                for line in lines:
                    packer.write(line)
        else:
            file.writelines(lines)
    other.unlink(missing_ok=True)


def _places(folder: Path, task: str) -> tuple[Path, Path]:
    plain = folder / PREDICTIONS / f"{task}.jsonl"
    return plain, plain.with_name(f"{plain.name}.zst")
