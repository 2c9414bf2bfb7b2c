"""Sentences about a figure: one that "it" refers back to, one that is true or false."""

from random import Random

from mibench.data.mini.seen.family import Family, Question
from mibench.data.mini.seen.scene import Mark, Scene
from mibench.data.mini.seen.worlds.figures import CELLS, scattered_figures
from mibench.data.mini.visual.rows import a
from mibench.data.mini.visual.shapes import COLOURS, SIZES

_WORLDS = {"figures": scattered_figures}

VALUES = {"colour": tuple(COLOURS), "size": tuple(SIZES), "place": tuple(CELLS)}
"""What may be asked of a figure or said of it, and the answers."""


def _about_it(scene: Scene, random: Random) -> Question | None:
    attribute = random.choice(list(VALUES))
    mark = random.choice(scene.marks)
    fields = {"thing": a(mark.name), "attribute": attribute}
    return Question(fields, getattr(mark, attribute), mentions={"thing": mark.box}, focus=mark.box)


def _statement(scene: Scene, random: Random) -> Question:
    mark, attribute, target = random.choice(scene.marks), random.choice(list(VALUES)), random.choice(["yes", "no"])
    value = getattr(mark, attribute)
    if target == "no":
        value = random.choice([other for other in VALUES[attribute] if other != value])
    text = statement(mark, attribute, value)
    return Question({"text": text}, target, ("yes", "no"), {mark.name: mark.box}, mark.box)


def statement(mark: Mark, attribute: str, value: str) -> str:
    """Return the sentence that a figure has this value of an attribute."""
    if attribute != "place":
        return f"The {mark.name} is {value}."
    return f"The {mark.name} is {'in' if value == 'middle' else 'at'} the {value}."


ABOUT_IT = Family(
    name="about_it",
    title="what is told of it",
    group="Miscellaneous",
    worlds=_WORLDS,
    ask=_about_it,
    questions=(
        "There is {thing} here. What is its {attribute}?",
        "I see {thing}; can you name its {attribute}?",
        "Someone drew {thing} with care, but what {attribute} did they give it?",
        "Here you find {thing}. Which {attribute} has it?",
    ),
    commands=(
        "There is {thing} here. Name its {attribute}.",
        "Look for {thing}, then tell the {attribute} that it has.",
        "The {attribute} is what I ask for. The picture has {thing}; say it of that one.",
        "One of the figures is {thing}. State its {attribute}.",
    ),
    asked=(
        "the {attribute} of {thing} in the picture",
        "which {attribute} belongs to {thing} that you see",
        "what {attribute} it has, where it is {thing}",
        "the {attribute} that {thing} has here",
    ),
)

STATEMENT_ABOUT_FIGURE = Family(
    name="statement_about_figure",
    title="is a sentence right",
    group="Image-Text Matching",
    worlds=_WORLDS,
    ask=_statement,
    questions=(
        "Is this right? {text} What do you think?",
        "{text} Does the picture agree?",
        'Someone says: "{text}" Did they look well?',
        'Does "{text}" fit what you see?',
    ),
    commands=(
        "Say whether this is right. {text} Yes or no will do.",
        'Compare "{text}" with the picture and tell if both agree.',
        '"{text}" Decide if that is so.',
        'Find the figure that "{text}" speaks of, and check what is said of it.',
    ),
    asked=(
        'whether this is true: "{text}"',
        'if it is right to say "{text}"',
        'whether "{text}" tells the truth',
        'whether the picture agrees with "{text}"',
    ),
    answer="choice",
)

FAMILIES = (ABOUT_IT, STATEMENT_ABOUT_FIGURE)
