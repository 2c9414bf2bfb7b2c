"""Overlap extraction: two sentences that share one word of substance."""

from collections.abc import Iterator
from random import Random

from mibench.cards import TaskCard
from mibench.data.mini.text.rows import ROWS, Draft, generator_random, text_rows
from mibench.data.mini.text.words import COLOURS, PEOPLE, ROOMS, THINGS
from mibench.data.rows import Row

_FIRST = (
    "{name} carried the {0} and the {1} into the {room}.",
    "In the {room} stood a {colour} table with the {0} and the {1} on it.",
    "The {0} was lying between the {1} and the {colour} armchair.",
)
_SECOND = (
    "Nobody had noticed that the {0} cost more than the {1}.",
    "{name} drew a picture of the {0} beside the {1}.",
    "Before supper the {0} was washed, but the {1} was forgotten.",
)
"""Apart from what is filled in, no word of substance of the first occurs in the second."""


def overlap_extraction(card: TaskCard, seed: int) -> Iterator[Row]:
    """Yield pairs of sentences; the shared word stands first or last in either."""
    return text_rows(card, _drafts(generator_random(card, seed)))


def _drafts(random: Random) -> Iterator[Draft]:
    for group in range(ROWS):
        shared = THINGS[group % len(THINGS)]
        others = random.sample([thing for thing in THINGS if thing != shared], 2)
        names = random.sample(PEOPLE, 2)
        sentences = []
        for ways, other, name in zip((_FIRST, _SECOND), others, names, strict=True):
            things = random.sample([shared, other], 2)
            way = random.choice(ways)
            filled = way.format(*things, name=name, room=random.choice(ROOMS), colour=random.choice(COLOURS))
            sentences.append(filled)
        yield group, f"Sentence1: {sentences[0]} \nSentence2: {sentences[1]}", (shared,)
