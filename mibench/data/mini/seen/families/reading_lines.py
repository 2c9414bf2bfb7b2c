"""Questions about lines of words: what a line says, its last word, two lines of several, which line holds a word."""

from random import Random

from mibench.data.mini.seen.family import Family, Question, shuffled
from mibench.data.mini.seen.scene import Mark, Scene
from mibench.data.mini.seen.worlds.lettering import LINES, bounding_box, line_marks, lines
from mibench.data.mini.visual.rows import box_text

_WORLDS = {"lines": lines}
_THREE = LINES[:3]


def line_text(line: list[Mark]) -> str:
    """Return the words of a line."""
    return " ".join(mark.word for mark in line)


def _long_line(scene: Scene, random: Random) -> list[Mark] | None:
    """Return one of the lines of two or three words."""
    long = [line for line in line_marks(scene).values() if len(line) > 1]
    return random.choice(long) if long else None


def _line(scene: Scene, random: Random) -> Question | None:
    line = _long_line(scene, random)
    if line is None:
        return None
    box = bounding_box(line)
    return Question({"box": box_text(box)}, line_text(line), mentions={"box": box}, focus=box)


def _last_word(scene: Scene, random: Random) -> Question | None:
    line = _long_line(scene, random)
    if line is None:
        return None
    box = bounding_box(line)
    return Question({"box": box_text(box)}, line[-1].word, mentions={"box": box}, focus=line[-1].box)


def _two_lines(scene: Scene, random: Random) -> Question | None:
    """Ask for two of three lines or more, so that it is never all the text of the picture."""
    found = line_marks(scene)
    if len(found) < 3:
        return None
    chosen = random.sample(list(found.values()), 2)
    box, other = (bounding_box(line) for line in chosen)
    fields = {"box": box_text(box), "other": box_text(other)}
    return Question(fields, " ".join(map(line_text, chosen)), mentions={"box": box, "other": other})


def _which_line(scene: Scene, random: Random) -> Question | None:
    found = line_marks(scene)
    if len(found) < len(_THREE):
        return None
    place = random.choice(_THREE)
    mark = random.choice(found[place])
    word = random.choice((mark.word, mark.word.upper()))
    return Question({"word": word}, place, shuffled(random, *_THREE), {"word": mark.box}, mark.box)


LINE_IN_BOX = Family(
    name="line_in_box",
    title="line in a box",
    group="Region Understanding",
    worlds=_WORLDS,
    ask=_line,
    questions=(
        "Which words make up the line at {box}?",
        "What does the line in {box} say?",
        "The box {box} holds a line of words; how does it read?",
        "From left to right, which words do you find at {box}?",
    ),
    commands=(
        "Read the line at {box}.",
        "Give all the words of the line in {box}, in their order.",
        "Look at {box} and tell what that line says.",
        "At {box} is a line of words; write these down.",
    ),
    asked=(
        "the words of the line at {box}",
        "what the line in {box} says",
        "all that is written at {box}",
        "the line of words in {box}",
    ),
)

LAST_WORD_IN_LINE = Family(
    name="last_word_in_line",
    title="last word of a line",
    group="Region Understanding",
    worlds=_WORLDS,
    ask=_last_word,
    questions=(
        "What is the last word at {box}?",
        "Which word ends the line in {box}?",
        "In the line at {box}, which word is farthest to the right?",
        "The line {box} closes with which word?",
    ),
    commands=(
        "Name the last word of the line at {box}.",
        "Read only the word that ends the line in {box}.",
        "Look at the line {box} and give the word on its right end.",
        "Tell me with which word the line at {box} stops.",
    ),
)

TWO_LINES_IN_BOXES = Family(
    name="two_lines_in_boxes",
    title="lines in two boxes",
    group="Region Understanding",
    worlds=_WORLDS,
    ask=_two_lines,
    questions=(
        "What do you read at {box} and then at {other}?",
        "Which words are in {box}, and which in {other}?",
        "If you read the line {box} first and the line {other} after it, what do you get?",
        "What do the lines at {box} and {other} say, in this order?",
    ),
    commands=(
        "Read {box} and then {other}.",
        "Give the words of the line at {box}, followed by those at {other}.",
        "Begin with the line in {box}, go on with {other}, and leave out the rest.",
        "Tell what the two lines {box} and {other} say, one after the other.",
    ),
    asked=(
        "the words at {box} and then those at {other}",
        "what is written at {box}, then at {other}",
        "both lines, {box} first and {other} after it",
        "the words in {box} followed by those in {other}",
    ),
)

WHICH_LINE_HAS = Family(
    name="which_line_has",
    title="line of a word",
    group="Grounded Matching",
    worlds=_WORLDS,
    ask=_which_line,
    questions=(
        "Which line has the word {word}?",
        "In which line do you find {word}?",
        "{word} is in which of the lines, counted from the top?",
        "Where would you look for {word}: in the first, the second or the third line?",
    ),
    commands=(
        "Find {word} and say in which line it is.",
        "Count the lines from the top and name the one with {word}.",
        "Tell the line that holds the word {word}.",
        "Pick the line to which {word} belongs.",
    ),
    asked=(
        "in which line {word} stands",
        "the line with {word}",
        "which line the word {word} belongs to",
        "which of the lines has {word}",
    ),
    answer="choice",
)

FAMILIES = (LINE_IN_BOX, LAST_WORD_IN_LINE, TWO_LINES_IN_BOXES, WHICH_LINE_HAS)
