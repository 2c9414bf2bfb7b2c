"""Question rewriting: slips of the tongue to be mended, and two questions to be joined into one."""

from collections.abc import Callable, Iterator, Mapping
from itertools import permutations, product
from random import Random

from mibench.cards import TaskCard
from mibench.data.mini.text.rows import ROWS, Draft, generator_random, text_rows
from mibench.data.mini.text.words import PEOPLE, THINGS, TOWNS
from mibench.data.rows import Row

_QUESTIONS = (
    "Where did {name} hide the {thing}?",
    "Who gave {name} the {thing} in {town}?",
    "When did {name} lose the {thing} in {town}?",
    "Why does {name} need a {thing} in {town}?",
    "How much did {name} pay for the {thing}?",
)

_LANDMARKS = (
    "bridge",
    "tower",
    "castle",
    "museum",
    "church",
    "library",
    "fountain",
    "theatre",
    "windmill",
    "lighthouse",
)
_ASPECTS: Mapping[str, str] = {
    "How tall is this {0}?": "how tall is it",
    "When was this {0} built?": "when was it built",
    "Who designed this {0}?": "who designed it",
    "How many visitors does this {0} have?": "how many visitors does it have",
    "Where can one find this {0}?": "where can one find it",
    "What is this {0} made of?": "what is it made of",
}


def question_rewriting(card: TaskCard, seed: int) -> Iterator[Row]:
    """Yield questions to be rewritten, by the manner that the card asks for."""
    return text_rows(card, _STYLES[card.name](generator_random(card, seed)))


def _slips(random: Random, regrets: tuple[str, ...]) -> Iterator[Draft]:
    cases = list(product(_QUESTIONS, PEOPLE, THINGS))
    for group, (question, name, thing) in enumerate(random.sample(cases, ROWS)):
        words = {"name": name, "thing": thing, "town": random.choice(TOWNS)}
        slipped = random.choice([key for key in words if f"{{{key}}}" in question])
        pool = {"name": PEOPLE, "thing": THINGS, "town": TOWNS}[slipped]
        wrong = random.choice([word for word in pool if word != words[slipped]])
        said = words | {slipped: f"{wrong}{random.choice(regrets)} {words[slipped]}"}
        yield group, question.format(**said), (question.format(**words),)


def _interrupted(random: Random) -> Iterator[Draft]:
    return _slips(random, (" or no make that", " or uh I mean", " er rather"))


def _withdrawn(random: Random) -> Iterator[Draft]:
    return _slips(random, (", no hold up,", ", sorry, I meant", ", wait, I should say"))


def _joined(random: Random) -> Iterator[Draft]:
    cases = list(product(_LANDMARKS, permutations(_ASPECTS, 2)))
    for group, (landmark, (one, other)) in enumerate(random.sample(cases, ROWS)):
        first, second = one.format(landmark), other.format(landmark)
        targets = (f"{first[:-1]} and {_ASPECTS[other]}?", f"{second[:-1]} and {_ASPECTS[one]}?")
        yield group, f"{first} {second}", targets


_STYLES: Mapping[str, Callable[[Random], Iterator[Draft]]] = {
    "task1195_disflqa_disfluent_to_fluent_conversion": _interrupted,
    "task1622_disfl_qa_text_modication": _withdrawn,
    "task121_zest_text_modification": _joined,
}
