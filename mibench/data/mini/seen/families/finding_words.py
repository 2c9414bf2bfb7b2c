"""Questions that look for words in a picture: whether one is there, where it is, how many there are."""

from random import Random

from mibench.data.mini.seen.family import Family, Question
from mibench.data.mini.seen.scene import Scene
from mibench.data.mini.seen.worlds.lettering import (
    KINDS,
    LEXICONS,
    lettered,
    lines,
    plaques,
    tagged_things,
    written_words,
)
from mibench.data.mini.visual.rows import box_text

_WORLDS = {"plaques": plaques, "lines": lines, "tagged": tagged_things}
NUMBERS = ("one", "two", "three", "four", "five", "six")


def _as_written(word: str, random: Random) -> str:
    return random.choice((word, word.upper()))


def _is_there(scene: Scene, random: Random) -> Question | None:
    shown = {mark.word: mark.box for mark in written_words(scene)}
    if not shown:
        return None
    word = random.choice(sorted(shown))
    if random.random() < 0.5:
        written = _as_written(word, random)
        return Question({"word": written}, "yes", ("yes", "no"), {"word": shown[word]}, shown[word])
    absent = random.choice([other for other in LEXICONS[KINDS[word]] if other not in shown])
    return Question({"word": _as_written(absent, random)}, "no", ("yes", "no"))


def _box(scene: Scene, random: Random) -> Question | None:
    words = written_words(scene)
    if not words:
        return None
    mark = random.choice(words)
    fields = {"word": _as_written(mark.word, random)}
    return Question(fields, box_text(mark.box), mentions={"word": mark.box}, focus=mark.box)


def _count(scene: Scene, random: Random) -> Question:
    return Question({}, NUMBERS[len(lettered(scene)) - 1])


IS_WORD_THERE = Family(
    name="is_word_there",
    title="is a word there",
    group="Image Understanding",
    worlds=_WORLDS,
    ask=_is_there,
    questions=(
        "Can you read {word} anywhere?",
        "Does the word {word} occur here?",
        "{word}: is this word among those in the picture?",
        "Has someone written {word} somewhere in this picture?",
    ),
    commands=(
        "Say whether the word {word} is there.",
        "Look for {word} and tell me if you find it.",
        "Check all the lettering for the word {word}.",
        "Decide if {word} is one of the words shown.",
    ),
    answer="choice",
)

BOX_OF_WORD = Family(
    name="box_of_word",
    title="box of a word",
    group="Grounded Generation",
    worlds=_WORLDS,
    ask=_box,
    questions=(
        "Where is the word {word}?",
        "In which box is {word} written?",
        "{word} is at which place of the picture?",
        "Which box would you draw around the word {word}?",
    ),
    commands=(
        "Give the box of the word {word}.",
        "Find {word} and write the box around it.",
        "Mark where {word} is by giving the edges of its box.",
        "Tell me the place of {word} as a box.",
    ),
    asked=(
        "the box of the word {word}",
        "the four edges around {word}",
        "in which box one reads {word}",
        "the box around the word {word}",
    ),
    answer="region",
    scored_by="iou",
)
"""A near neighbour of Grounded VQA, which chooses one of four boxes by what a sign says: here the box is written
freely, nothing is offered to choose from, and the words stand on plaques, tags and in lines."""

COUNT_WORDS = Family(
    name="count_words",
    title="count the words",
    group="Image Understanding",
    worlds={"lines": lines},
    ask=_count,
    questions=(
        "How many words do you count?",
        "How many words are there in all lines together?",
        "What is the number of words here?",
        "If you read all of the lines, how many words have you read?",
    ),
    commands=(
        "Count the words.",
        "Say how many words the picture has.",
        "Go through the lines and give the number of their words.",
        "State the number of words that are written here.",
    ),
)

FAMILIES = (IS_WORD_THERE, BOX_OF_WORD, COUNT_WORDS)
