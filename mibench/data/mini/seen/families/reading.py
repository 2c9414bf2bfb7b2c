"""Questions about a single text of a picture, which a box names: what it says, its kind, its first letter."""

from random import Random

from mibench.data.mini.seen.family import Family, Question, shuffled
from mibench.data.mini.seen.scene import Mark, Scene
from mibench.data.mini.seen.worlds.lettering import (
    KINDS,
    LEXICONS,
    NUMBERS,
    PRICES,
    lettered,
    lines,
    plaques,
    tagged_things,
    written_words,
)
from mibench.data.mini.visual.canvas import Box
from mibench.data.mini.visual.rows import box_text

_WORLDS = {"plaques": plaques, "lines": lines, "tagged": tagged_things}
_ASKED_KINDS = ("animal", "place", "town", "mood")
_INITIALS = {
    letter: sum(sum(word[0] == letter for word in words) / len(words) for words in LEXICONS.values())
    for letter in sorted({word[0] for word in KINDS})
}
"""How frequent each first letter is among what is written."""
_RAREST = min(_INITIALS.values())


def _frame(scene: Scene, text: Mark, random: Random) -> Box:
    """Return the box of a text, or of the plaque or tag that it stands on."""
    x, y = text.centre
    frames = [
        mark.box
        for mark in scene.marks
        if mark.name in ("plaque", "tag") and mark.box[0] < x < mark.box[2] and mark.box[1] < y < mark.box[3]
    ]
    return random.choice([text.box, *frames])


def _about(scene: Scene, text: Mark, random: Random, target: str, options: tuple[str, ...] = ()) -> Question:
    box = _frame(scene, text, random)
    return Question({"box": box_text(box)}, target, options, {"box": box}, box)


def _word(scene: Scene, random: Random) -> Question | None:
    words = written_words(scene)
    if not words:
        return None
    mark = random.choice(words)
    return _about(scene, mark, random, mark.word)


def _number(scene: Scene, random: Random) -> Question | None:
    numbers = [mark for mark in lettered(scene) if mark.word in NUMBERS or mark.word in PRICES]
    if not numbers:
        return None
    mark = random.choice(numbers)
    return _about(scene, mark, random, mark.word)


def _first_letter(scene: Scene, random: Random) -> Question | None:
    words = written_words(scene)
    if not words:
        return None
    mark = random.choice(words)
    letter = mark.word[0]
    return _about(scene, mark, random, letter) if random.random() < _RAREST / _INITIALS[letter] else None


def _kind(scene: Scene, random: Random) -> Question | None:
    kind = random.choice(_ASKED_KINDS)
    words = [mark for mark in written_words(scene) if KINDS[mark.word] == kind]
    if not words:
        return None
    return _about(scene, random.choice(words), random, kind, shuffled(random, *_ASKED_KINDS))


def _tag(scene: Scene, random: Random) -> Question:
    number = random.randrange(len(scene.marks) // 3)
    thing, _, word = scene.marks[3 * number : 3 * number + 3]
    return Question({"box": box_text(thing.box)}, word.word, mentions={"box": thing.box}, focus=word.box)


WORD_IN_BOX = Family(
    name="word_in_box",
    title="word in a box",
    group="Region Understanding",
    worlds=_WORLDS,
    ask=_word,
    questions=(
        "Which word do the letters at {box} spell?",
        "What does it say at {box}?",
        "At {box} there is a word; how does it read?",
        "If you look at the place {box} of the picture, which word can you read there?",
    ),
    commands=(
        "Read the word at {box}.",
        "Tell me the word whose letters lie within the box {box}.",
        "Look at {box} and give the word there.",
        "The box {box} holds one word; say which.",
    ),
    asked=(
        "the word at {box}",
        "what is written in {box}",
        "which word you read at {box}",
        "the word that stands in {box}",
    ),
)

NUMBER_IN_BOX = Family(
    name="number_in_box",
    title="number in a box",
    group="Region Understanding",
    worlds={"plaques": plaques, "tagged": tagged_things},
    ask=_number,
    questions=(
        "Which number do you read at {box}?",
        "What is the number in {box}?",
        "Look at {box}: which number is that?",
        "In the box {box} someone has put a number; what is it?",
    ),
    commands=(
        "Read the number at {box}.",
        "Give the figures that are written within {box}.",
        "At {box} you find a number; state it.",
        "Find the box {box} and tell the number in it.",
    ),
    asked=(
        "the number at {box}",
        "which number you read in {box}",
        "what number is written at {box}",
        "the number that stands in {box}",
    ),
)

FIRST_LETTER = Family(
    name="first_letter",
    title="first letter of a word",
    group="Region Understanding",
    worlds=_WORLDS,
    ask=_first_letter,
    questions=(
        "With which letter does the word at {box} begin?",
        "What is the first letter in {box}?",
        "The word at {box} starts with which letter?",
        "Which letter comes first when you read what the box {box} says?",
    ),
    commands=(
        "Give the first letter of the word at {box}.",
        "Look at the word in {box} and name its first letter only.",
        "Read {box}, but tell me just the letter at the start.",
        "State the letter that opens the word within {box}.",
    ),
)

WORD_KIND = Family(
    name="word_kind",
    title="kind of a written word",
    group="Region Understanding",
    worlds=_WORLDS,
    ask=_kind,
    questions=(
        "What kind of word is at {box}?",
        "Does {box} name an animal, a place, a town or a mood?",
        "The word in {box} is of which kind?",
        "When you read the word at {box}, what sort of thing does it stand for?",
    ),
    commands=(
        "Say of which kind the word at {box} is.",
        "Read the word in {box} and decide what it names: animal, place, town or mood.",
        "Sort the word at {box} by its meaning.",
        "Look at {box} and pick the kind that its word belongs to.",
    ),
    answer="choice",
)

TAG_OF_THING = Family(
    name="tag_of_thing_in_box",
    title="tag of a thing",
    group="VQA",
    worlds={"tagged": tagged_things},
    ask=_tag,
    questions=(
        "What does the tag of the thing at {box} say?",
        "Which text hangs below {box}?",
        "The thing in {box} has a tag; what can you read on it?",
        "What did somebody write on the tag under the thing at {box}?",
    ),
    commands=(
        "Read the tag below the thing at {box}.",
        "Find the thing in {box} and tell what stands on its tag.",
        "For {box}, give the text of the tag.",
        "State what the tag under {box} has on it.",
    ),
    asked=(
        "what the tag of the thing in {box} says",
        "the text below the thing at {box}",
        "what is written under {box}",
        "the text on the tag of {box}",
    ),
)

FAMILIES = (WORD_IN_BOX, NUMBER_IN_BOX, FIRST_LETTER, WORD_KIND, TAG_OF_THING)
