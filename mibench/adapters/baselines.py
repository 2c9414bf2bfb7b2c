"""Answers without a model: the floors against which every score is read."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from mibench.errors import InputError
from mibench.instances import Prediction, Request
from mibench.submissions.raw import read_raw


class Constant:
    """Gives one answer to everything."""

    def __init__(self, answer: str) -> None:
        self.model_name = f"constant ({answer})"
        self.decoding: Mapping[str, str] = {"answer": answer}

    def predict(self, requests: Sequence[Request]) -> list[Prediction]:
        """Answer each request with the constant."""
        return [request.answered(self.decoding["answer"]) for request in requests]


class Echo:
    """Gives the prompt back."""

    def __init__(self) -> None:
        self.model_name = "echo"
        self.decoding: Mapping[str, str] = {}

    def predict(self, requests: Sequence[Request]) -> list[Prediction]:
        """Answer each request with its own prompt."""
        return [request.answered(request.prompt) for request in requests]


class FirstOption:
    """Picks the option that is shown first; says nothing where there are no options."""

    def __init__(self) -> None:
        self.model_name = "first option"
        self.decoding: Mapping[str, str] = {}

    def predict(self, requests: Sequence[Request]) -> list[Prediction]:
        """Answer each request with its first option."""
        return [request.answered(next(iter(request.options), "")) for request in requests]


class RandomOption:
    """Picks an option at random, by content and not by order; says nothing where there are no options."""

    def __init__(self, seed: str = "0") -> None:
        self.model_name = "random option"
        self.decoding: Mapping[str, str] = {"seed": seed}

    def predict(self, requests: Sequence[Request]) -> list[Prediction]:
        """Answer each request with one of its options."""
        return [request.answered(self._pick(request)) for request in requests]

    def _pick(self, request: Request) -> str:
        if not request.options:
            return ""
        key = (self.decoding["seed"], "pick", request.task, request.instance, str(request.instruction))
        number = int.from_bytes(hashlib.sha256("\x1f".join(key).encode()).digest())
        return sorted(request.options)[number % len(request.options)]


class Predictions:
    """Gives the answers of a file: jsonl or csv with task, instance, instruction and prediction."""

    def __init__(self, path: str) -> None:
        self.model_name = Path(path).stem
        self.decoding: Mapping[str, str] = {"file": Path(path).name}
        self._file = Path(path)
        self._answers: dict[tuple[str, str, int], Prediction] = {}
        for line, answer in read_raw(self._file):
            if self._answers.setdefault((answer.task, answer.instance, answer.instruction), answer) is not answer:
                asked = f"instance {answer.instance!r} of {answer.task}, instruction {answer.instruction}"
                raise InputError(f"{asked} is answered twice", file=self._file, line=line, remedy="keep one answer")

    def predict(self, requests: Sequence[Request]) -> list[Prediction]:
        """Answer each request with the file's answer.

        Raises:
            InputError: the file has none.

        """
        return [self._find(request) for request in requests]

    def _find(self, request: Request) -> Prediction:
        try:
            return self._answers[request.task, request.instance, request.instruction]
        except KeyError:
            message = f"no answer to instance {request.instance!r} of {request.task}, instruction {request.instruction}"
            raise InputError(message, file=self._file, remedy="add it, or choose --tasks") from None
