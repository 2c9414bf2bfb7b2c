"""What a metric is told beside the answer."""

from typing import NamedTuple


class References(NamedTuple):
    """What is right, and what was offered.

    Attributes:
        targets: all accepted references; the first is canonical.
        options: the answers that were offered, in the data's own order; empty where the answer is free.
        answers: what each of several people answered, with repetitions; empty where the data has one truth.

    """

    targets: tuple[str, ...]
    options: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
