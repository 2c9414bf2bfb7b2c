"""Questions that tie words in a picture to where they stand: at which end, in whose frame, below which thing."""

from random import Random

from mibench.data.mini.seen.families.reading_lines import line_text
from mibench.data.mini.seen.family import Family, Question
from mibench.data.mini.seen.scene import Mark, Scene
from mibench.data.mini.seen.worlds.lettering import (
    bounding_box,
    lettered,
    line_marks,
    lines,
    plaques,
    tagged_things,
    written_words,
)

ENDS = {"leftmost": (0, -1), "rightmost": (0, 1), "highest": (1, -1), "lowest": (1, 1)}
"""Coordinate and direction."""
_CLEAR = 12
"""Pixels by which a text at an end is ahead of the next."""


def _owner(scene: Scene, text: Mark) -> Mark:
    """Return the plaque that a text stands on, or the thing whose tag carries it."""
    place = scene.marks.index(text)
    if scene.marks[0].name == "plaque":
        return scene.marks[place - len(scene.marks) // 2]
    return scene.marks[place - 2]


def _at_end(scene: Scene, random: Random) -> Question | None:
    """Ask for a text that is ahead of all others with its middle as with its edge."""
    end = random.choice(list(ENDS))
    coordinate, direction = ENDS[end]
    ordered = sorted(lettered(scene), key=lambda mark: -direction * mark.centre[coordinate])
    lead = direction * (ordered[0].centre[coordinate] - ordered[1].centre[coordinate])
    edge = coordinate + 1 + direction
    if lead < _CLEAR or any(direction * (mark.box[edge] - ordered[0].box[edge]) > 0 for mark in ordered):
        return None
    return Question({"end": end}, ordered[0].word, mentions={"end": ordered[0].box}, focus=ordered[0].box)


def _outer_line(scene: Scene, random: Random) -> Question | None:
    found = list(line_marks(scene).values())
    if len(found) < 2:
        return None
    end = random.choice(("top", "bottom"))
    line = found[0] if end == "top" else found[-1]
    box = bounding_box(line)
    return Question({"end": end}, line_text(line), mentions={"end": box}, focus=line[0].box)


def _frame(scene: Scene, random: Random) -> Question | None:
    words = written_words(scene)
    if not words:
        return None
    text = random.choice(words)
    plaque = _owner(scene, text)
    word = random.choice((text.word, text.word.upper()))
    return Question({"word": word}, plaque.colour, mentions={"word": text.box}, focus=plaque.box)


def _tagged(scene: Scene, random: Random) -> Question:
    text = random.choice(lettered(scene))
    thing = _owner(scene, text)
    return Question({"text": text.word}, thing.name, mentions={"text": text.box}, focus=thing.box)


TEXT_AT_END = Family(
    name="text_at_end",
    title="text at an end",
    group="Image Understanding",
    worlds={"plaques": plaques, "tagged": tagged_things},
    ask=_at_end,
    questions=(
        "What does the {end} text say?",
        "Of all that is written, what can you read as the {end}?",
        "Somebody reads the {end} text aloud; what do you hear?",
        "How does the {end} text read?",
    ),
    commands=(
        "Read the {end} text.",
        "Spell out the text that is the {end} of all.",
        "Look for the {end} text and copy it.",
        "Read out what the {end} text says.",
    ),
    asked=(
        "what the {end} text says",
        "the text that is the {end}",
        "what is written as the {end} of the texts",
        "what you read in the {end} text",
    ),
)

OUTER_LINE = Family(
    name="outer_line",
    title="line at an end",
    group="Image Understanding",
    worlds={"lines": lines},
    ask=_outer_line,
    questions=(
        "What does the {end} line say?",
        "Which words stand in the line at the {end}?",
        "Someone has written lines; how does the {end} one read?",
        "What can you read in the {end} line?",
    ),
    commands=(
        "Read the {end} line.",
        "Copy the words of the {end} line.",
        "Spell out the line at the {end} and no other.",
        "Read out the {end} line.",
    ),
    asked=(
        "what the {end} line says",
        "the words at the {end}",
        "all words of the line at the {end}",
        "how the {end} line reads",
    ),
)

FRAME_OF_WORD = Family(
    name="frame_of_word",
    title="frame around a word",
    group="Image Understanding",
    worlds={"plaques": plaques},
    ask=_frame,
    questions=(
        "What colour is the frame around {word}?",
        "In which colour is {word} framed?",
        "Which colour has the edge of the plaque with {word}?",
        "The frame around {word} has which colour?",
    ),
    commands=(
        "Name the colour of the frame around {word}.",
        "Find {word} and say what colour surrounds it.",
        "Look for the word {word}, then tell the colour of its plaque.",
        "Say which colour the frame around {word} has.",
    ),
    asked=(
        "the colour of the frame around {word}",
        "which colour frames {word}",
        "in what colour the plaque with {word} was painted",
        "what colour the frame around {word} has",
    ),
)

THING_OF_TAG = Family(
    name="thing_of_tag",
    title="thing with a tag",
    group="Image Understanding",
    worlds={"tagged": tagged_things},
    ask=_tagged,
    questions=(
        "Which thing has the tag {text}?",
        "To which thing does the tag {text} belong?",
        "Above the tag {text} there is a thing, but which?",
        "The tag {text} hangs below which thing?",
    ),
    commands=(
        "Name the thing with the tag {text}.",
        "Find the tag {text} and say what lies above it.",
        "Say to what someone has tied the tag {text}.",
        "Tell which thing the tag {text} hangs below.",
    ),
    asked=(
        "the thing with the tag {text}",
        "which thing the tag {text} belongs to",
        "what is above the tag {text}",
        "which thing has the tag {text} below it",
    ),
)

FAMILIES = (TEXT_AT_END, OUTER_LINE, FRAME_OF_WORD, THING_OF_TAG)
"""Near neighbours of Text VQA, which finds what is to be read by the colour of a sign, the thing that a price belongs
to or the number of a line: here either nothing but the place tells what is to be read, or the word is given."""
