"""Grammar error correction: sentences with one mistake, made by rule."""

from collections.abc import Iterator
from itertools import product

from mibench.cards import TaskCard
from mibench.data.mini.text.rows import Draft, generator_random, text_rows
from mibench.data.mini.text.words import COLOURS, PEOPLE, THINGS, TOWNS
from mibench.data.rows import Row

_MISTAKES: tuple[tuple[str, str], ...] = (
    ("{name} buys a {colour} {thing} every year .", "{name} buy a {colour} {thing} every year ."),
    ("{name} has two {thing}s and likes them both .", "{name} has two {thing} and likes them both ."),
    ("Yesterday {name} went to {town} with a {thing} .", "Yesterday {name} goes to {town} with a {thing} ."),
    ("The {colour} {thing} is on the table .", "The {colour} {thing} are on the table ."),
    ("{name} does not know where the {thing} is .", "{name} do not know where the {thing} is ."),
    ("There is an old {thing} in the house of {name} .", "There is a old {thing} in the house of {name} ."),
    ("{name} is afraid of the {colour} {thing} .", "{name} is afraid from the {colour} {thing} ."),
    ("It was the best {thing} that {name} had ever seen .", "It was the most best {thing} that {name} had ever seen ."),
    ("{name} likes walking in {town} .", "{name} like walking in {town} ."),
    ("The people of {town} were very kind to {name} .", "The peoples of {town} was very kind to {name} ."),
    ("{name} bought a {colour} {thing} in {town} .", "{name} buyed a {colour} {thing} in {town} ."),
    ("{name} must find the {thing} before noon .", "{name} must to find the {thing} before noon ."),
)
"""A sentence, and how a learner might write it."""


def grammar_correction(card: TaskCard, seed: int) -> Iterator[Row]:
    """Yield sentences with a mistake, all kinds equally often."""
    random = generator_random(card, seed)
    cases = list(product(PEOPLE, THINGS, COLOURS, TOWNS))
    drafts: dict[str, Draft] = {}
    for name, thing, colour, town in random.sample(cases, len(cases)):
        right, wrong = _MISTAKES[len(drafts) % len(_MISTAKES)]
        words = {"name": name, "thing": thing, "colour": colour, "town": town}
        text = wrong.format(**words)
        drafts.setdefault(text, (len(drafts), text, (right.format(**words),)))
    return text_rows(card, drafts.values())
