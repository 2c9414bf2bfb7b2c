"""Entailment: three things may be known of a person; a sentence tells two, another claims one.

Three premises and three hypotheses make a Latin square: every premise meets every label once, and so does every
hypothesis. Whoever reads only one of the two sentences is left with chance.
"""

from collections.abc import Iterator, Mapping
from random import Random

from mibench.cards import TaskCard
from mibench.data.mini.text.rows import Draft, generator_random, text_rows
from mibench.data.mini.text.words import COLOURS, PEOPLE, ROOMS, THINGS
from mibench.data.rows import Row

AGREES, CLASHES, OPEN = "agrees", "clashes", "open"

_SQUARE = (
    (AGREES, CLASHES, OPEN),
    (OPEN, AGREES, CLASHES),
    (CLASHES, OPEN, AGREES),
)
"""By premise and hypothesis."""

_LABELS: Mapping[tuple[str, ...], Mapping[str, str]] = {
    ("E", "C", "N"): {AGREES: "E", CLASHES: "C", OPEN: "N"},
    ("yes", "no"): {AGREES: "yes", CLASHES: "yes", OPEN: "no"},
}
"""What each card calls the three; with two labels, "yes" says that the matter is settled."""


def textual_entailment(card: TaskCard, seed: int) -> Iterator[Row]:
    """Yield pairs of sentences, all labels equally often."""
    return text_rows(card, _drafts(card, generator_random(card, seed)))


def _drafts(card: TaskCard, random: Random) -> Iterator[Draft]:
    labels = _LABELS[card.answer.options]
    group = 0
    while True:
        premises, hypotheses = _sentences(random)
        settled = (AGREES, CLASHES)[group % 2]
        cells = [
            (f"Sentence 1: {premise} Sentence 2: {hypothesis}", (labels[relation],))
            for premise, row in zip(premises, _SQUARE, strict=True)
            for hypothesis, relation in zip(hypotheses, row, strict=True)
            if len(labels) == len(set(labels.values())) or relation in (OPEN, settled)
        ]
        for text, targets in random.sample(cells, len(cells)):
            yield group, text, targets
        group += 1


def _sentences(random: Random) -> tuple[list[str], list[str]]:
    """Return three premises that tell two facts each, and three hypotheses that claim one each.

    Apart from the facts, a word stands in all premises or in no hypothesis, so that none hints at the label.
    """
    name = random.choice(PEOPLE)
    room, other_room = random.sample(ROOMS, 2)
    colour, other_colour = random.sample(COLOURS, 2)
    thing, other_thing = random.sample(THINGS, 2)
    clothing = random.choice(["coat", "scarf", "hat", "jacket"])
    premises = [
        f"In the photo {name} stands in the {room} and wears a {other_colour} {clothing}.",
        f"In the photo {name} wears a {colour} {clothing} and holds a {other_thing}, nothing else.",
        f"In the photo {name} stands in the {other_room} and holds a {thing}.",
    ]
    hypotheses = [
        f"{name} can be found in the {room}.",
        f"{name} is dressed in {colour}.",
        f"{name} has a {thing} in hand.",
    ]
    return premises, hypotheses
