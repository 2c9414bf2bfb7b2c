"""Answerability: a sentence tells one circumstance of a deed; the question asks for that one, or for another."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from random import Random

from mibench.cards import TaskCard
from mibench.data.mini.text.rows import ROWS, Draft, generator_random, text_rows
from mibench.data.mini.text.words import PEOPLE, ROOMS
from mibench.data.rows import Row

_DEEDS: tuple[tuple[str, str], ...] = (
    ("repair", "repaired the old clock"),
    ("paint", "painted the garden fence"),
    ("play", "played the violin"),
    ("tell", "told the story of the whale"),
    ("feed", "fed the neighbour's geese"),
    ("clean", "cleaned the brass lamp"),
    ("write", "wrote a letter to the mayor"),
    ("bake", "baked a plum cake"),
    ("sharpen", "sharpened the kitchen knives"),
    ("count", "counted the silver spoons"),
)
"""The verb as questions need it, and the deed as it was done."""

# What a sentence tells and what a question asks share no words, lest the shared word give the answer away.
_TIME: Mapping[str, Sequence[str]] = {
    "At what time did": ("around six o'clock", "around noon", "around half past nine", "around midnight"),
    "How long did": ("for two hours", "for ten minutes", "for a whole day", "for half an hour"),
    "How often did": ("every Sunday", "twice a week", "once a month", "every other day"),
}
_CIRCUMSTANCE: Mapping[str, Sequence[str]] = {
    "Where did": tuple(f"in the {room}" for room in ROOMS),
    "With whom did": tuple(
        f"in the company of {name}" for name in ("a sister", "an uncle", "two friends", "a teacher")
    ),
    "Why did": ("out of boredom", "for a bet", "out of kindness", "for a school project"),
    "On which day did": ("last Monday", "this Friday", "last Sunday", "this Tuesday"),
}

_STYLES: Mapping[str, Mapping[str, Sequence[str]]] = {
    "task020_mctaco_span_based_question": _TIME,
    "task050_multirc_answerability": _CIRCUMSTANCE,
}


def answerability(card: TaskCard, seed: int) -> Iterator[Row]:
    """Yield groups of four: two sentences and two questions, each question answered by one of the sentences."""
    return text_rows(card, _drafts(card, generator_random(card, seed)))


def _drafts(card: TaskCard, random: Random) -> Iterator[Draft]:
    yes, no = card.answer.options
    circumstances = _STYLES[card.name]
    for group, (name, (base, deed)) in enumerate(random.sample(list(product(PEOPLE, _DEEDS)), ROWS // 4)):
        questions = random.sample(list(circumstances), 2)
        rest = deed.split(" ", 1)[1]
        for told in questions:
            statement = f"{name} {deed} {random.choice(circumstances[told])}."
            for asked in questions:
                text = f"Sentence: {statement} \nQuestion: {asked} {name} {base} {rest}?"
                yield group, text, (yes if asked == told else no,)
