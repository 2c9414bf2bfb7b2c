"""What is asked, in which order."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from mibench.cards import INSTRUCTIONS, TaskCard
from mibench.data.store import DataFolder
from mibench.instances import Request
from mibench.instructions.sets import BUILTIN, InstructionSet
from mibench.prompts import render_request

ALL_WORDINGS = tuple(range(1, INSTRUCTIONS + 1))


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The requests of a run; a request's number is its place in its task's stream.

    Attributes:
        data: the instances.
        seed: seed of the option order.
        limit: instances a task; all where it is None.
        wordings: the instructions that are asked, of 1 to 5.
        instructions: the words of the five instructions.
        blind: whether pictures are withheld.

    """

    data: DataFolder
    seed: int = 0
    limit: int | None = None
    wordings: tuple[int, ...] = ALL_WORDINGS
    instructions: InstructionSet = BUILTIN
    blind: bool = False

    def requests(self, card: TaskCard) -> Iterator[Request]:
        """Stream a task's requests: instance by instance, so that the wordings of one picture stay together."""
        folder, worded = self.data.folder(card.name), self.instructions.worded(card)
        for instance in itertools.islice(self.data.instances(card.name), self.limit):
            for instruction in self.wordings:
                request = render_request(worded, instance, instruction, seed=self.seed, folder=folder)
                yield msgspec.structs.replace(request, image=None) if self.blind else request

    def count(self, card: TaskCard) -> int:
        """Return how many requests a task makes."""
        rows = self.data.entry(card.name).rows
        return len(self.wordings) * (rows if self.limit is None else min(rows, self.limit))

    def shows_pictures(self, card: TaskCard) -> bool:
        """Tell whether a task's requests come with pictures."""
        return not self.blind and any(
            instance.image for instance in itertools.islice(self.data.instances(card.name), 1)
        )
