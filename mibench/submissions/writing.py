"""Writing a submission folder."""

import math
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
import zstandard

from mibench import __version__
from mibench.cards import TaskCard
from mibench.data.store import DataFolder
from mibench.errors import InputError
from mibench.instances import Prediction
from mibench.submissions.description import Description, Model, Scalar
from mibench.submissions.lines import MAX_LINE
from mibench.submissions.reading import PREDICTIONS, PredictionLine


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
) -> Description:
    """Return the description of a submission that answers these tasks on this data, made now."""
    cards = list(cards)
    return Description(
        name=name,
        model=model,
        adapter=adapter,
        decoding=decoding or {},
        harness=__version__,
        world=data.world,
        seed=seed,
        limit=limit,
        data={card.name: data.entry(card.name).digest for card in cards},
        cards={card.name: card.digest for card in cards},
        created=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    )


class PredictionWriter:
    """Appends predictions to `predictions/<task>.jsonl`."""

    def __init__(self, folder: Path, task: str) -> None:
        self.path = folder / PREDICTIONS / f"{task}.jsonl"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self.path.open("ab")

    def write(self, predictions: Iterable[Prediction]) -> None:
        """Append one line a prediction."""
        self._file.write(b"".join(map(_line, predictions)))

    def flush(self) -> None:
        """Hand what was written to the system, so that it outlives this process."""
        self._file.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


def _line(prediction: Prediction) -> bytes:
    """Return one line of JSON; half a surrogate pair, which UTF-8 cannot hold, becomes a question mark.

    Raises:
        InputError: what no reader would take: a line over 1 MiB, or an option score that is not finite.

    """
    text, scores = prediction.text.encode("utf-8", "replace").decode(), prediction.option_scores
    line = msgspec.json.encode(PredictionLine(prediction.instance, prediction.instruction, text, scores)) + b"\n"
    asked = f"instance {prediction.instance!r:.200} of {prediction.task}, instruction {prediction.instruction}"
    if len(line) > MAX_LINE:
        raise InputError(f"the answer to {asked} is over 1 MiB", remedy="limit what the model writes")
    if scores is not None and not all(map(math.isfinite, scores)):
        raise InputError(f"an option score of {asked} is not finite", remedy="give finite log-probabilities")
    return line


def packed_path(path: Path) -> Path:
    """Return the place of a file's compressed form."""
    return path.with_name(f"{path.name}.zst")


def compress(path: Path) -> Path:
    """Replace a file of predictions by its compressed form."""
    packed = packed_path(path)
    partial = path.with_name(f".{packed.name}.partial")
    with path.open("rb") as source, partial.open("wb") as target:
        zstandard.ZstdCompressor(level=10).copy_stream(source, target)
    partial.rename(packed)
    path.unlink()
    return packed
