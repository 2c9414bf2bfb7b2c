"""What is trained on, before a model's vocabulary comes in: tasks, their examples, and the stream of global batches."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from mibench.tuning.mixture import Mixture, wording_of

if TYPE_CHECKING:
    from PIL.Image import Image

    from mibench.pictures import Picture


class Example(NamedTuple):
    """A prompt and its answer.

    Attributes:
        source: what is read, boxes as numbers.
        target: what is to be answered.
        picture: a file, or what draws it; None where there is none.
        boxes: whether numbers in groups of four are boxes of the picture.

    """

    task: str
    source: str
    target: str
    picture: "Path | Callable[[], Image] | None" = None
    boxes: bool = False

    def open_picture(self) -> "Picture":
        """Return the picture; there is one."""
        assert self.picture is not None
        return self.picture if isinstance(self.picture, Path) else self.picture()


class Task(Protocol):
    """A task of a mixture.

    Attributes:
        name: of the task.
        wordings: of how many each row has one in an epoch.

    """

    name: str
    wordings: int

    def __len__(self) -> int:
        """Return how many rows it has."""
        ...

    def row_id(self, row: int) -> str:
        """Return the id of a row."""
        ...

    def example(self, row: int, wording: int) -> Example:
        """Return a row in a wording, both from 0."""
        ...


@dataclass(frozen=True)
class Phase:
    """Tasks that are trained on together, and for how many rows."""

    tasks: Sequence[Task]
    rows: int
    seed: int

    @cached_property
    def mixture(self) -> Mixture:
        """The order of their rows."""
        return Mixture(tuple(len(task) for task in self.tasks), self.seed)

    def example(self, place: int) -> Example:
        """Return the example at a place of the phase."""
        number, row, epoch = self.mixture[place]
        task = self.tasks[number]
        return task.example(row, wording_of(self.seed, epoch, task.name, task.row_id(row), task.wordings))


@dataclass(frozen=True)
class ExampleSource:
    """Phases one after the other as global batches; the last batch holds what is left."""

    phases: Sequence[Phase]
    batch: int

    @property
    def steps(self) -> int:
        """How many batches there are."""
        return -(-sum(phase.rows for phase in self.phases) // self.batch)

    def rows(self, step: int) -> list[Example]:
        """Return the examples of a step, short ones first, so that what is padded together is of one length."""
        examples, start = list[Example](), step * self.batch
        end = start + self.batch
        for phase in self.phases:
            examples += map(phase.example, range(max(start, 0), min(end, phase.rows)))
            start, end = start - phase.rows, end - phase.rows
        return sorted(examples, key=lambda example: len(example.source))

    @cached_property
    def digest(self) -> str:
        """64 hexadecimal digits of which rows are trained on, in which order."""
        digest = hashlib.sha256()
        for phase in self.phases:
            digest.update(f"{phase.rows}:{phase.seed}:{self.batch}\n".encode())
            for task in phase.tasks:
                digest.update(f"{task.name}:{task.wordings}:{len(task)}\n".encode())
                for row in range(len(task)):
                    digest.update(task.row_id(row).encode("utf-8", "surrogatepass") + b"\n")
        return digest.hexdigest()
