"""Asking an adapter for a batch: in smaller parts where memory runs out, row by row where a row breaks it."""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mibench.adapters.base import Adapter
from mibench.adapters.memory import lacks_memory
from mibench.errors import FatalError, InputError
from mibench.instances import Answer, Prediction, Request
from mibench.submissions.reading import wrong_scores
from mibench.submissions.writing import prediction_line

OnError = Literal["fail", "record"]


@dataclass(frozen=True)
class Answered:
    """What became of a batch.

    Attributes:
        answers: one a request, in the same order.
        seconds: how long it took.
        fitted: how many requests were answered together at most, where memory ran out with more; None where it did not.

    """

    answers: list[Answer]
    seconds: float
    fitted: int | None


class Worker:
    """An adapter, and what to do when it breaks."""

    def __init__(self, adapter: Adapter, on_error: OnError = "fail") -> None:
        """Wrap an adapter.

        Args:
            adapter: answers batches.
            on_error: whether an error stops the run, or fails the rows that cause it.

        """
        self.adapter = adapter
        self._on_error = on_error
        self._lacked, self._most = False, 1

    def answer(self, requests: Sequence[Request]) -> Answered:
        """Answer a batch.

        Raises:
            InputError: the adapter broke its protocol, or broke at all, unless errors are recorded.

        """
        self._lacked, self._most, begun = False, 1, time.perf_counter()
        answers = self._answer(requests)
        return Answered(answers, time.perf_counter() - begun, self._most if self._lacked else None)

    def _answer(self, requests: Sequence[Request]) -> list[Answer]:
        try:
            return self._predict(requests)
        except FatalError:
            raise
        except Exception as error:
            if lacks_memory(error) and len(requests) > 1:
                self._lacked = True
            elif self._on_error == "fail":
                raise _told(error, requests) from error
            elif len(requests) == 1:
                return [requests[0].failed(_reason(error))]
        _free_memory()
        half = (len(requests) + 1) // 2
        return self._answer(requests[:half]) + self._answer(requests[half:])

    def _predict(self, requests: Sequence[Request]) -> list[Answer]:
        answers = list(self.adapter.predict(requests))
        asked = [(request.task, request.instance, request.instruction) for request in requests]
        if [(answer.task, answer.instance, answer.instruction) for answer in answers] != asked:
            message = f"the adapter {type(self.adapter).__name__} did not answer its requests one by one and in order"
            raise FatalError(message, remedy="return request.answered(text) for each request")
        for request, answer in zip(requests, answers, strict=True):
            _check(request, answer)
        self._most = max(self._most, len(requests))
        return answers


def _check(request: Request, answer: Answer) -> None:
    """See that a submission can hold an answer.

    Raises:
        InputError: it cannot.

    """
    if isinstance(answer, Prediction):
        wrong = wrong_scores(answer, len(request.options))
        if wrong:
            raise InputError(wrong, remedy="one log-probability an option, in the order shown")
    prediction_line(answer)


def _told(error: Exception, requests: Sequence[Request]) -> InputError:
    if isinstance(error, InputError):
        return error
    first = requests[0]
    where = f"instance {first.instance!r:.200} of {first.task}, instruction {first.instruction}"
    if len(requests) > 1:
        where = f"one of {len(requests)} requests, the first of them {where}"
    if lacks_memory(error):
        return InputError(f"memory runs out at {where}", remedy="a smaller dtype or model, or --on-error record")
    remedy = "--on-error record goes on without it, mibench --debug shows the traceback"
    return InputError(f"the model broke at {where}: {_reason(error)}", remedy=remedy)


def _reason(error: Exception) -> str:
    if isinstance(error, InputError):
        return (f"{Path(error.file).name}: {error.message}" if error.file else error.message)[:300]
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0] if lines else ''}"[:300]


def _free_memory() -> None:
    """Give back what torch holds of a GPU's memory, where torch is in use."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()
