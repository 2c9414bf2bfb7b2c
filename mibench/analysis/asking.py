"""Asking one model or two a task's rows under the five wordings, and keeping some of what they looked at."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from mibench.analysis.attention import AttentiveOFA, Look, Question
from mibench.analysis.shares import Report, Tally, report
from mibench.cards import INSTRUCTIONS, TaskCard
from mibench.data.store import DataFolder
from mibench.errors import InputError
from mibench.prompts import prompt_pieces, render_request

BATCH = 16
"""Prompts that a model reads together; the numbers do not depend on it."""
EXAMPLES = 2
"""Instances a task that are shown prompt by prompt."""

Watch = Callable[[Iterable[Question], str, int | None], Iterable[Question]]


@dataclass(frozen=True)
class Example:
    """One prompt, and where each model looked."""

    question: Question
    looks: Sequence[Look]


def analyse(
    models: Mapping[str, AttentiveOFA],
    cards: Sequence[TaskCard],
    data: DataFolder,
    *,
    limit: int | None = None,
    batch: int = BATCH,
    watch: Watch = lambda asked, _task, _count: asked,
) -> tuple[Report, dict[str, list[Example]]]:
    """Return the shares of all tasks, and for each task the first instances under all wordings.

    Args:
        models: one or two, by name.
        cards: the tasks.
        data: holds them.
        limit: instances a task; all where it is None.
        batch: prompts that a model reads together.
        watch: wraps a task's prompts, to show progress.

    Raises:
        InputError: two models have not as many layers, or a picture cannot be read.

    """
    if len(layers := {name: model.layers for name, model in models.items()}) == 2 and len({*layers.values()}) == 2:
        told = " and ".join(f"{name} has {count}" for name, count in layers.items())
        raise InputError(f"the decoders have not as many layers: {told}", remedy="compare models of one size")
    tallies, examples = dict[str, list[Tally]](), dict[str, list[Example]]()
    for card in cards:
        known = tallies[card.name] = [Tally() for _ in models]
        kept = examples[card.name] = []
        rows = data.entry(card.name).rows
        count = INSTRUCTIONS * (rows if limit is None else min(rows, limit))
        for asked in _batches(watch(questions(card, data, limit), card.name, count), batch):
            looks = [list(model.looks(asked)) for model in models.values()]
            for same in zip(*looks, strict=True):
                for tally, look in zip(known, same, strict=True):
                    tally.add(look)
                if len(kept) < EXAMPLES * INSTRUCTIONS:
                    kept.append(Example(same[0].question, same))
    seeds = {card.name: f"{card.name}|{data.entry(card.name).digest}" for card in cards}
    return report(list(models), tallies, seeds), examples


def questions(card: TaskCard, data: DataFolder, limit: int | None = None) -> Iterator[Question]:
    """Yield a task's prompts, the five wordings of an instance one after another."""
    for instance in islice(data.instances(card.name), limit):
        for number, template in enumerate(card.instructions, 1):
            request = render_request(card, instance, number, folder=data.folder(card.name))
            yield Question(request, prompt_pieces(template, instance.fields, request.options), instance.group)


def _batches(asked: Iterable[Question], size: int) -> Iterator[list[Question]]:
    asked = iter(asked)
    while batch := list(islice(asked, size)):
        yield batch
