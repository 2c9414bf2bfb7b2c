"""What carries batches to a model and brings the answers back: in this process, or on many workers."""

from collections import deque
from collections.abc import Callable, Generator, Iterator
from itertools import islice
from typing import NamedTuple, Protocol, Self

from mibench.adapters.base import Adapter, Sight, close, parameters, revision, sight, usage
from mibench.adapters.pictures import DecodingAhead
from mibench.running.batches import Batch
from mibench.running.worker import Answered, Worker

AHEAD = 2
"""Batches that are drawn while one is answered."""
PICTURES_AHEAD = 64
"""At most so many of their pictures are held decoded."""


Stopping = Callable[[], bool]


class About(NamedTuple):
    """What a run must know of an adapter.

    Attributes:
        model_name: the name under which a reader knows the model.
        decoding: the settings that the answers depend on.
        sight: what it does with pictures.
        parameters: number of the model's weights; None where it does not say.
        revision: which weights these are; None where it does not say.

    """

    model_name: str
    decoding: dict[str, str | int | float | bool | None]
    sight: Sight
    parameters: int | None = None
    revision: str | None = None

    @classmethod
    def of(cls, adapter: Adapter) -> Self:
        """Ask the adapter."""
        decoding = dict(adapter.decoding)
        return cls(adapter.model_name, decoding, sight(adapter), parameters(adapter), revision(adapter))


class Result(NamedTuple):
    """A batch and what became of it."""

    batch: Batch
    answered: Answered


class Engine(Protocol):
    """Answers batches, in any order, each once; closed when all tasks are done.

    Attributes:
        about: the adapter that answers.
        name: of the engine, for the record.

    """

    about: About
    name: str

    def answers(self, batches: Iterator[Batch], stopping: Stopping) -> Generator[Result, None, None]:
        """Answer batches as they are drawn; no more are drawn than can be worked on soon.

        Args:
            batches: what is asked.
            stopping: asked before each batch whether to begin no more.

        """
        ...

    def usage(self) -> dict[str, float]:
        """Return what the answers have cost so far."""
        ...

    def close(self) -> None:
        """Let go of the workers."""
        ...


class LocalEngine:
    """One model in this process, with the pictures of coming batches decoded in threads."""

    name = "local"

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self.about = About.of(worker.adapter)
        self._pictures = DecodingAhead() if self.about.sight == "opens" else None

    def answers(self, batches: Iterator[Batch], stopping: Stopping) -> Generator[Result, None, None]:
        """Answer one batch after another."""
        waiting = deque(islice(batches, AHEAD))
        while not stopping():
            waiting.extend(islice(batches, 1))
            if not waiting:
                return
            self._decode(waiting)
            batch = waiting.popleft()
            yield Result(batch, self._worker.answer([request for _, request in batch]))

    def usage(self) -> dict[str, float]:
        """Return what the adapter says."""
        return dict(usage(self._worker.adapter))

    def close(self) -> None:
        """End the threads, and let the adapter let go of what it holds."""
        if self._pictures is not None:
            self._pictures.close()
        close(self._worker.adapter)

    def _decode(self, waiting: deque[Batch]) -> None:
        if self._pictures is not None:
            paths = dict.fromkeys(
                request.image for batch in waiting for _, request in batch if request.image is not None
            )
            self._pictures.keep(islice(paths, PICTURES_AHEAD))
