"""How the nine generators lay out their rows: groups of pictures under one text.

All pictures of a group are asked the same, and each answer is right for as many of them as any other. So whoever reads
only the text is left with chance.
"""

from collections.abc import Callable, Mapping, Sequence

from mibench.cards import TaskCard
from mibench.data.rows import Row
from mibench.instances import Instance

ROWS = 200
"""Instances a task."""


def picture_row(
    card: TaskCard,
    group: int,
    name: str,
    *,
    fields: Mapping[str, str],
    target: str,
    draw: Callable[[], bytes],
    options: Sequence[str] | None = None,
    question: str = "",
) -> Row:
    """Return one instance of a group.

    Args:
        card: the task.
        group: number of the group.
        name: tells the group's pictures apart.
        fields: the instance's texts.
        target: the right answer.
        draw: returns the picture's bytes.
        options: where they are not the card's.
        question: tells the questions about one picture apart.

    """
    picture = f"{group:03d}-{name}"
    instance = Instance(
        id=picture + question,
        image=f"images/{picture}.png",
        fields=dict(fields),
        options=card.answer.options if options is None else tuple(options),
        targets=(target,),
        group=f"{group:03d}",
    )
    return Row(instance, draw)


def box_text(box: Sequence[float]) -> str:
    """Return a box as the prompts write it: left, top, right and bottom edge in whole pixels."""
    return " ".join(str(round(edge)) for edge in box)


def a(noun: str) -> str:
    """Return a noun phrase with its indefinite article."""
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"
