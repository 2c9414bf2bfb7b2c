"""Coreference: sentences in pairs, in which one word decides who or what is meant."""

from collections.abc import Iterator, Mapping
from itertools import permutations
from random import Random

from mibench.cards import TaskCard
from mibench.data.mini.text.rows import ROWS, Draft, generator_random, text_rows
from mibench.data.mini.text.words import MEN, WOMEN, he_or_she
from mibench.data.rows import Row

_BLANKS: tuple[tuple[str, str, str, str], ...] = (
    ("The {a} caught up with the {b} because the _ was {word}.", "faster", "slower", "bicycle tram lorry coach van"),
    (
        "The {a} was set on top of the {b} because the _ was {word}.",
        "lighter",
        "heavier",
        "box trunk basket parcel crate",
    ),
    (
        "She bought the {a} and not the {b} since the _ was {word}.",
        "cheaper",
        "dearer",
        "lamp chair mirror carpet clock",
    ),
    ("The {a} hid the {b} from the road, for the _ was {word}.", "taller", "lower", "chapel barn tower mill school"),
    ("We ate the {a} before the {b} because the _ was {word}.", "ready", "raw", "pie soup bread stew pudding"),
    (
        "He listened to the {a} and not to the {b} because the _ was {word}.",
        "louder",
        "quieter",
        "drum flute violin trumpet harp",
    ),
    (
        "The {a} lasted longer than the {b}, for the _ was made of {word}.",
        "iron",
        "paper",
        "bridge fence statue gate roof",
    ),
    (
        "The {a} reached the harbour after the {b} because the _ had sailed {word}.",
        "late",
        "early",
        "ferry yacht barge tanker canoe",
    ),
)
"""Sentence; the word that makes the blank the first thing, and that which makes it the second; the things."""

_PRONOUNS: tuple[tuple[str, str, str], ...] = (
    ("{a} beat {b} at chess, for **{he}** had played {word}.", "better", "worse"),
    ("{a} asked {b} the way because **{he}** was {word} in the town.", "new", "at home"),
    ("{a} bought the old boat of {b}, since **{he}** wanted to {word} it.", "have", "sell"),
    ("{a} followed {b} home because **{he}** {word} the way.", "did not know", "knew"),
    ("{a} taught {b} to swim, for **{he}** was the {word} swimmer.", "stronger", "weaker"),
    ("{a} lent {b} a warm coat because **{he}** was {word}.", "not cold", "cold"),
    ("{a} thanked {b} in a long letter, as **{he}** had {word} good advice.", "received", "given"),
    ("{a} could not understand {b}, for **{he}** {word} too softly.", "heard", "spoke"),
)  # fmt: skip
"""As above, with people of whom a pronoun does not tell one from the other."""

_STYLES: Mapping[str, str] = {
    "task033_winogrande_answer_generation": "blank",
    "task891_gap_coreference_resolution": "pronoun",
}


def coreference(card: TaskCard, seed: int) -> Iterator[Row]:
    """Yield sentences in pairs; in one the first-named is meant, in the other the second."""
    drafts = _blanks if _STYLES[card.name] == "blank" else _pronouns
    return text_rows(card, drafts(generator_random(card, seed)))


def _blanks(random: Random) -> Iterator[Draft]:
    cases = [(frame, pair) for frame in _BLANKS for pair in permutations(frame[3].split(), 2)]
    for group, ((text, first, second, _), (a, b)) in enumerate(random.sample(cases, ROWS // 2)):
        yield group, text.format(a=a, b=b, word=first), (a,)
        yield group, text.format(a=a, b=b, word=second), (b,)


def _pronouns(random: Random) -> Iterator[Draft]:
    for group, (a, b) in enumerate(_people(random)):
        text, first, second = _PRONOUNS[group // 2 % len(_PRONOUNS)]
        he = he_or_she(a)
        yield group, text.format(a=a, b=b, he=he, word=first), (a,)
        yield group, text.format(a=a, b=b, he=he, word=second), (b,)


def _people(random: Random) -> Iterator[tuple[str, str]]:
    """Yield two women, two men, and so on; every name comes as often as any other."""
    women, men = random.sample(WOMEN, len(WOMEN)), random.sample(MEN, len(MEN))
    for shift in random.sample(range(1, len(women)), len(women) - 1):
        for place in range(len(women)):
            for names in (women, men):
                yield names[place], names[(place + shift) % len(names)]
