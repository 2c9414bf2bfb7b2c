"""`scores.json`: what scoring found, and the digests of what it was computed from."""

from pathlib import Path
from typing import Literal

import msgspec

from mibench.errors import InputError

FILE_NAME = "scores.json"
MAX_BYTES = 64 << 20
"""No honest report is longer."""


class MetricScores(msgspec.Struct, frozen=True, kw_only=True):
    """One metric on one task, on the scale of 0 to 100.

    Attributes:
        per_instruction: the score under instructions 1 to 5.
        std: sample standard deviation (ddof=1) over the five.
        sensitivity: 100 * std / mean; None where the mean is 0.

    """

    per_instruction: list[float]
    mean: float
    max: float
    std: float
    sensitivity: float | None


class TaskScores(msgspec.Struct, frozen=True, kw_only=True):
    """One task: how many instances, and its metrics with the primary one first."""

    n: int
    suite: str
    primary: str
    metrics: dict[str, MetricScores]


class Aggregate(msgspec.Struct, frozen=True, kw_only=True):
    """Mean over entries (nine multimodal tasks, and NLP as one) of the task means, and of the task maxima."""

    mean: float | None
    max: float | None


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """The benchmark's two numbers, and what is missing from them.

    Attributes:
        aggregate: over the entries that are present.
        sensitivity: mean over the multimodal tasks of their Sensitivity; None where one is undefined.
        nlp: mean of the NLP tasks' primary means, which enters the aggregate as one.
        missing: tasks of the benchmark that were not scored, in the cards' order.
        notes: plain sentences on what is missing or undefined, and why.

    """

    aggregate: Aggregate
    sensitivity: float | None
    nlp: Aggregate
    missing: list[str]
    notes: list[str]


class Digests(msgspec.Struct, frozen=True, kw_only=True):
    """SHA-256 digests by task of what the scores were computed from."""

    predictions: dict[str, str]
    cards: dict[str, str]
    data: dict[str, str]


class Scores(msgspec.Struct, frozen=True, kw_only=True):
    """The content of `scores.json`."""

    format: Literal[1]
    tasks: dict[str, TaskScores]
    summary: Summary
    digests: Digests
    signature: str

    def to_json(self) -> str:
        """Return the canonical text: two spaces of indent, a final newline."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2).decode() + "\n"


def write_scores(folder: Path, scores: Scores) -> None:
    """Write a submission's `scores.json`, whole or not at all."""
    partial = folder / f".{FILE_NAME}.partial"
    partial.write_text(scores.to_json(), encoding="utf-8")
    partial.rename(folder / FILE_NAME)


def read_scores(folder: Path) -> Scores:
    """Read and check a submission's `scores.json`.

    Raises:
        InputError: it is missing, or not what scoring writes.

    """
    path = folder / FILE_NAME
    try:
        if path.is_symlink() or path.stat().st_size > MAX_BYTES:
            raise InputError("a symbolic link or too long", file=path, remedy="score the submission again")
        return msgspec.json.decode(path.read_bytes(), type=Scores)
    except OSError as error:
        message = f"cannot be read: {error.strerror}"
        raise InputError(message, file=path, remedy="'mibench score' writes it") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(str(error), file=path, remedy="'mibench score' writes it anew") from None
