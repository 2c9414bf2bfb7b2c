"""Text without pictures: single words, their opposites, kinds and plurals, and words joined to one."""

from collections.abc import Mapping, Sequence
from random import Random

from mibench.data.mini.seen.family import Family, Question, shuffled
from mibench.data.mini.seen.scene import Scene
from mibench.data.mini.seen.worlds.lettering import LEXICONS

OPPOSITES: Sequence[tuple[str, str]] = (
    ("hot", "cold"), ("big", "small"), ("dry", "wet"), ("early", "late"), ("empty", "full"), ("fast", "slow"),
    ("happy", "sad"), ("high", "low"), ("loud", "quiet"), ("near", "far"), ("open", "closed"), ("rich", "poor"),
    ("strong", "weak"), ("thick", "thin"), ("true", "false"), ("up", "down"), ("above", "below"),
    ("inside", "outside"), ("front", "back"), ("first", "last"), ("day", "night"), ("black", "white"),
    ("yes", "no"), ("more", "less"), ("clean", "dirty"), ("north", "south"), ("east", "west"), ("buy", "sell"),
    ("push", "pull"), ("love", "hate"), ("war", "peace"), ("summer", "winter"), ("always", "never"),
    ("before", "after"), ("sunrise", "sunset"), ("arrive", "leave"),
)  # fmt: skip
"""Pairs of which each is the opposite of the other."""

PLURALS: Mapping[str, str] = {
    "fox": "foxes", "goose": "geese", "mouse": "mice", "wolf": "wolves", "child": "children", "foot": "feet",
    "tooth": "teeth", "man": "men", "woman": "women", "box": "boxes", "bus": "buses", "knife": "knives",
    "leaf": "leaves", "city": "cities", "baby": "babies", "cherry": "cherries", "dish": "dishes", "bench": "benches",
    "brush": "brushes", "glass": "glasses", "shelf": "shelves", "loaf": "loaves", "lady": "ladies", "story": "stories",
    "horse": "horses", "circle": "circles", "square": "squares", "triangle": "triangles", "star": "stars",
    "key": "keys", "cup": "cups", "book": "books", "clock": "clocks", "boat": "boats", "house": "houses",
    "tree": "trees", "cross": "crosses", "torch": "torches", "potato": "potatoes", "tomato": "tomatoes",
}  # fmt: skip

COMPOUNDS: Sequence[tuple[str, str]] = (
    ("rain", "bow"), ("sun", "flower"), ("snow", "man"), ("tooth", "brush"), ("foot", "ball"), ("bed", "room"),
    ("note", "book"), ("key", "hole"), ("butter", "fly"), ("fire", "place"), ("light", "house"), ("moon", "light"),
    ("news", "paper"), ("star", "fish"), ("tea", "pot"), ("water", "fall"), ("wind", "mill"), ("door", "bell"),
    ("book", "shelf"), ("sea", "side"), ("hair", "cut"), ("arm", "chair"), ("black", "bird"), ("cup", "board"),
    ("day", "break"), ("ear", "ring"), ("farm", "yard"), ("grape", "fruit"), ("hand", "bag"), ("life", "boat"),
    ("pan", "cake"), ("post", "card"), ("rail", "way"), ("sand", "castle"), ("table", "cloth"), ("wall", "paper"),
)  # fmt: skip

KINDS = ("animal", "place", "town", "mood")


def _opposite(_: Scene, random: Random) -> Question:
    word, opposite = random.sample(random.choice(OPPOSITES), 2)
    return Question({"word": word}, opposite)


def _kind(_: Scene, random: Random) -> Question:
    kind = random.choice(KINDS)
    return Question({"word": random.choice(LEXICONS[kind])}, kind, shuffled(random, *KINDS))


def _plural(_: Scene, random: Random) -> Question:
    word = random.choice(sorted(PLURALS))
    return Question({"word": word}, PLURALS[word])


def _joined(_: Scene, random: Random) -> Question:
    one, other = random.choice(COMPOUNDS)
    return Question({"word": one, "other": other}, one + other)


OPPOSITE_OF_WORD = Family(
    name="opposite_of_word",
    title="opposite of a word",
    group="text",
    worlds=None,
    ask=_opposite,
    questions=(
        "What is the opposite of {word}?",
        "Which word means the contrary of {word}?",
        "{word} is the opposite of what?",
        "If something is not {word} but just the other way round, what is it?",
    ),
    commands=(
        "Give the opposite of {word}.",
        "Name the word that is opposed to {word}.",
        "Turn {word} into its opposite.",
        "Write a word that says the reverse of {word}.",
    ),
)

KIND_OF_WORD = Family(
    name="kind_of_word",
    title="kind of a word",
    group="text",
    worlds=None,
    ask=_kind,
    questions=(
        "What kind of word is {word}?",
        "Is {word} an animal, a place, a town or a mood?",
        "{word} belongs to which of the kinds?",
        "Which kind would you say the word {word} is of?",
    ),
    commands=(
        "Say what {word} is: animal, place, town or mood.",
        "Sort the word {word} by its meaning.",
        "Pick the kind of {word}.",
        "Tell which kind the word {word} falls under.",
    ),
    asked=(
        "the kind of the word {word}",
        "what kind of word {word} is",
        "which kind {word} belongs to",
        "of which kind the word {word} is",
    ),
    answer="choice",
)

PLURAL_OF = Family(
    name="plural_of",
    title="plural of a word",
    group="text",
    worlds=None,
    ask=_plural,
    questions=(
        "What is the plural of {word}?",
        "One {word}, but two of what?",
        "How do you write {word} when there are several?",
        "{word} becomes which word if there is more than one?",
    ),
    commands=(
        "Give the plural of {word}.",
        "Write {word} in the plural.",
        "Change {word} so that it speaks of many.",
        "State how {word} is called when there are three of them.",
    ),
)

JOIN_WORDS = Family(
    name="join_words",
    title="join words",
    group="text",
    worlds=None,
    ask=_joined,
    questions=(
        "What do {word} and {other} give when joined?",
        "Which word begins with {word} and ends with {other}?",
        "{word} and {other}: what is the one word that they make up?",
        "Put together without a gap, how do {word} and {other} read?",
    ),
    commands=(
        "Join {word} and {other}.",
        "Write {word} and {other} as one word.",
        "Make a single word of these: first {word}, then {other}.",
        "Take away the gap between {word} and {other}.",
    ),
)

FAMILIES = (OPPOSITE_OF_WORD, KIND_OF_WORD, PLURAL_OF, JOIN_WORDS)
