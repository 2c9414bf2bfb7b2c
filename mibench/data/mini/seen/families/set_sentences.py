"""Sentences that are true or false: of two figures or things compared, of all figures of a picture."""

from collections.abc import Sequence
from random import Random

from mibench.data.mini.seen.families.figures import NUMBERS
from mibench.data.mini.seen.families.relations import called
from mibench.data.mini.seen.family import Family, Question
from mibench.data.mini.seen.scene import Mark, Scene
from mibench.data.mini.seen.worlds.figures import scattered_figures
from mibench.data.mini.seen.worlds.pairs import scattered_items
from mibench.data.mini.visual.rows import a
from mibench.data.mini.visual.shapes import COLOURS, SIZES

_CLEARLY = 1.25
"""Ratio of two widths that nobody overlooks."""
_UNLIKE_KEPT = {"colour": 0.2, "size": 1.0}
"""Share of unlike pairs that are compared by a trait: as many as are alike, with six colours and two sizes."""
_OF_ONE_SIZE = 0.39
"""Share of pictures whose figures all have the same size."""
_LIKE = {"colour": "the same colour as", "size": "the same size as"}
_UNLIKE = {"colour": "another colour than", "size": "another size than"}


def _compared(scene: Scene, random: Random) -> Question | None:
    """Compare two marks by width, or two figures by colour or size."""
    if len(scene.marks) < 2:
        return None
    one, other = random.sample(scene.marks, 2)
    target = random.choice(("yes", "no"))
    names = called(one, random), called(other, random)
    traits = list(_LIKE) if one.size and other.size else []
    trait = random.choice(["width", *traits])
    if trait == "width":
        ratio = _width(one) / _width(other)
        if max(ratio, 1 / ratio) < _CLEARLY:
            return None
        truth = "larger than" if ratio > 1 else "smaller than"
        said = truth if target == "yes" else {"larger than": "smaller than", "smaller than": "larger than"}[truth]
        text = f"The {names[0]} is {said} the {names[1]}."
    else:
        if trait == "colour":
            names = one.name, other.name
        alike = getattr(one, trait) == getattr(other, trait)
        if not alike and random.random() >= _UNLIKE_KEPT[trait]:
            return None
        said = (_LIKE if alike == (target == "yes") else _UNLIKE)[trait]
        text = f"The {names[0]} has {said} the {names[1]}."
    return Question({"text": text}, target, ("yes", "no"), {names[0]: one.box, names[1]: other.box}, one.box)


def _width(mark: Mark) -> float:
    return mark.box[2] - mark.box[0]


def _about_all(scene: Scene, random: Random) -> Question | None:
    """Say something of the number of figures, of their colours or of their sizes; each as often true as false."""
    target = random.choice(("yes", "no"))
    saying = random.choice(_SAYINGS)
    text = saying(scene.marks, target == "yes", random)
    return None if text is None else Question({"text": text}, target, ("yes", "no"))


def _number(marks: Sequence[Mark], true: bool, random: Random) -> str:
    number = len(marks)
    if not true:
        number = random.choice([other for other in range(1, 6) if other != number])
    verb, noun = ("is", "figure") if number == 1 else ("are", "figures")
    return random.choice((f"There {verb} exactly {NUMBERS[number]} {noun}.", f"One counts {NUMBERS[number]} {noun}."))


def _colour(marks: Sequence[Mark], true: bool, random: Random) -> str:
    colour = _of_colours(marks, true, random)
    return random.choice((f"At least one figure is {colour}.", f"Among the figures is {a(colour)} one."))


def _absence(marks: Sequence[Mark], true: bool, random: Random) -> str:
    colour = _of_colours(marks, not true, random)
    return random.choice((f"No figure is {colour}.", f"None of the figures is {colour}."))


def _of_colours(marks: Sequence[Mark], shown: bool, random: Random) -> str:
    there = {mark.colour for mark in marks}
    return random.choice([colour for colour in COLOURS if (colour in there) == shown])


def _size(marks: Sequence[Mark], true: bool, random: Random) -> str | None:
    said = [size for size in SIZES if all(mark.size == size for mark in marks) == true]
    if not said or (not true and random.random() >= _OF_ONE_SIZE):
        return None
    size = random.choice(said)
    return random.choice((f"Every figure is {size}.", f"All that was drawn is {size}."))


_SAYINGS = (_number, _colour, _absence, _size)

COMPARISON_SENTENCE = Family(
    name="comparison_sentence",
    title="does a comparison hold",
    group="Image-Text Matching",
    worlds={"figures": scattered_figures, "scattered_items": scattered_items},
    ask=_compared,
    questions=(
        "{text} Is this comparison right?",
        'Both are in the picture: does "{text}" hold?',
        "Have a look at the two. {text} Do you agree?",
        "{text} Does the comparison hold?",
    ),
    commands=(
        "{text} Compare the two and say yes or no.",
        'Judge "{text}" by the picture.',
        'Say yes if "{text}" is right and no if it is wrong.',
        "{text} Say if this comparison is right.",
    ),
    asked=(
        'whether this comparison holds: "{text}"',
        'if "{text}" is right',
        'whether one may say "{text}"',
        'whether the comparison "{text}" is right',
    ),
    answer="choice",
)

SENTENCE_ABOUT_ALL = Family(
    name="sentence_about_all",
    title="does a sentence hold of all",
    group="Image-Text Matching",
    worlds={"figures": scattered_figures},
    ask=_about_all,
    questions=(
        "{text} Do you see that?",
        'Would you sign "{text}"?',
        'Does "{text}" hold, if you look at all figures?',
        "{text} Does this hold of the figures?",
    ),
    commands=(
        "Go over all figures and say yes or no. {text}",
        'Decide whether "{text}" is the case.',
        "{text} Say yes if so, else no.",
        '"{text}" Say if this holds of the figures.',
    ),
    asked=(
        'whether this is the case: "{text}"',
        'if "{text}" is what the figures show',
        'whether all figures together bear out "{text}"',
        'whether "{text}" holds of the figures',
    ),
    answer="choice",
)

FAMILIES = (COMPARISON_SENTENCE, SENTENCE_ABOUT_ALL)
