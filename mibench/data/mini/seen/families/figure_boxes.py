"""Questions that give or ask for the box of a figure."""

from collections import Counter
from random import Random

from mibench.data.mini.seen.family import Family, Question, shuffled
from mibench.data.mini.seen.scene import Mark, Scene
from mibench.data.mini.seen.worlds.figures import scattered_figures
from mibench.data.mini.seen.worlds.odd import odd_figures
from mibench.data.mini.visual.rows import a, box_text
from mibench.data.mini.visual.shapes import SHAPES

_WORLDS = {"figures": scattered_figures, "odd_figures": odd_figures}


def _shape(scene: Scene, random: Random) -> Question:
    mark = random.choice(scene.marks)
    return Question({"box": box_text(mark.box)}, mark.name, mentions={"box": mark.box}, focus=mark.box)


def _colour(scene: Scene, random: Random) -> Question:
    mark = random.choice(scene.marks)
    return Question({"box": box_text(mark.box)}, mark.colour, mentions={"box": mark.box}, focus=mark.box)


def _check(scene: Scene, random: Random) -> Question:
    mark, target = random.choice(scene.marks), random.choice(["yes", "no"])
    name = mark.name if target == "yes" else random.choice([shape for shape in SHAPES if shape != mark.name])
    fields = {"thing": a(name), "box": box_text(mark.box)}
    return Question(fields, target, ("yes", "no"), {"box": mark.box}, mark.box)


def _box_of_figure(scene: Scene, random: Random) -> Question | None:
    alone = _alone(scene, "name")
    if not alone:
        return None
    mark = random.choice(alone)
    return Question({"thing": mark.name}, box_text(mark.box), mentions={"thing": mark.box}, focus=mark.box)


def _box_of_colour(scene: Scene, random: Random) -> Question | None:
    alone = _alone(scene, "colour")
    if not alone:
        return None
    mark = random.choice(alone)
    return Question({"colour": mark.colour}, box_text(mark.box), mentions={"colour": mark.box}, focus=mark.box)


def _odd(scene: Scene, random: Random) -> Question:
    mark = next(mark for mark in scene.marks if mark.place == scene.facts["odd"])
    return _choice_of_box(scene.marks, mark, random)


def _largest(scene: Scene, random: Random) -> Question | None:
    large = [mark for mark in scene.marks if mark.size == "large"]
    small = [mark for mark in scene.marks if mark.size == "small"]
    if len(large) != 1 or len(small) < 3:
        return None
    return _choice_of_box((*large, *random.sample(small, 3)), large[0], random)


def _choice_of_box(marks: tuple[Mark, ...], mark: Mark, random: Random) -> Question:
    options = shuffled(random, *(box_text(other.box) for other in marks))
    return Question({}, box_text(mark.box), options, focus=mark.box)


def _alone(scene: Scene, attribute: str) -> list[Mark]:
    """Return the marks that share this attribute with no other."""
    counts = Counter(getattr(mark, attribute) for mark in scene.marks)
    return [mark for mark in scene.marks if counts[getattr(mark, attribute)] == 1]


SHAPE_IN_BOX = Family(
    name="shape_in_box",
    title="figure in a box",
    group="Region Understanding",
    worlds=_WORLDS,
    ask=_shape,
    questions=(
        "Which figure is inside {box}?",
        "What form do you see if you look only at {box}?",
        "In the part of the picture from {box}, what kind of figure was drawn?",
        "{box} holds which figure?",
    ),
    commands=(
        "Name the figure in {box}.",
        "Look at {box} and tell the form of what lies there.",
        "The box is {box}. Say what figure it surrounds.",
        "State the kind of figure within {box}.",
    ),
    asked=(
        "the figure in {box}",
        "which figure {box} surrounds",
        "what kind of figure lies at {box}",
        "which figure you see inside {box}",
    ),
)

COLOUR_IN_BOX = Family(
    name="colour_in_box",
    title="colour in a box",
    group="Region Understanding",
    worlds=_WORLDS,
    ask=_colour,
    questions=(
        "Which colour has the figure in {box}?",
        "What colour do you find at {box}?",
        "If you cut out {box}, in what colour would the figure there be painted?",
        "The figure at {box} is of what colour?",
    ),
    commands=(
        "Name the colour of the figure in {box}.",
        "Look at {box} and say how the figure is coloured.",
        "The box is {box}. Tell the colour of what it surrounds.",
        "Give the colour that fills most of {box} besides the ground.",
    ),
    asked=(
        "the colour of the figure in {box}",
        "which colour fills {box}",
        "in what colour the figure at {box} was drawn",
        "the colour that the figure in {box} has",
    ),
)

FIGURE_IN_BOX_CHECK = Family(
    name="figure_in_box_check",
    title="does a box hold a figure",
    group="Grounded Matching",
    worlds=_WORLDS,
    ask=_check,
    questions=(
        "Does {box} hold {thing}?",
        "Is the figure that you see in {box} {thing}?",
        "If someone cut out {box}, would that piece of the picture show {thing}?",
        "Can {thing} be found at {box}?",
    ),
    commands=(
        "Say whether {box} surrounds {thing}.",
        "Look at {box} and decide if the figure there is {thing}.",
        "The box is {box}. Tell me whether {thing} lies inside.",
        "Check that {thing} was drawn within {box}.",
    ),
    asked=(
        "whether {box} holds {thing}",
        "if {thing} lies inside {box}",
        "whether the figure at {box} is {thing}",
        "whether you see {thing} in {box}",
    ),
    answer="choice",
)

BOX_OF_FIGURE = Family(
    name="box_of_figure",
    title="box of a figure",
    group="Grounded Generation",
    worlds=_WORLDS,
    ask=_box_of_figure,
    questions=(
        "What is the box of the {thing}?",
        "Which box surrounds the {thing}?",
        "Where in the picture, in pixels, is the {thing}?",
        "The {thing} lies between which edges?",
    ),
    commands=(
        "Give the box of the {thing}.",
        "Find the {thing} and write down its four edges in pixels.",
        "Say where the {thing} lies, as a box.",
        "State the four edges around the {thing}.",
    ),
    asked=(
        "the box of the {thing}",
        "the four edges of the {thing}",
        "between which edges the {thing} lies",
        "the box with the {thing} in it",
    ),
    answer="region",
    scored_by="iou",
)

BOX_OF_COLOUR = Family(
    name="box_of_colour",
    title="box of a colour",
    group="Grounded Generation",
    worlds=_WORLDS,
    ask=_box_of_colour,
    questions=(
        "What is the box of the {colour} figure?",
        "Which box surrounds all that is {colour}?",
        "One figure is {colour}; in which box does it lie?",
        "Between which edges was {colour} used?",
    ),
    commands=(
        "Give the box of the {colour} figure.",
        "Find what is {colour} and write the four edges around it in pixels.",
        "Only one figure is {colour}. Say where it lies, as a box.",
        "Write down the box in which you see {colour}.",
    ),
    answer="region",
    scored_by="iou",
)

ODD_BOX = Family(
    name="odd_box",
    title="box of the odd figure",
    group="Grounded Matching",
    worlds={"odd_figures": odd_figures},
    ask=_odd,
    questions=(
        "Which box holds the odd one out?",
        "Three figures have something in common, so which box has the one that differs?",
        "In which box is the figure that does not match the others?",
        "Where is the figure unlike the other three?",
    ),
    commands=(
        "Find the odd one out and give its box.",
        "Three figures agree in colour, form or size. Choose the box of the fourth.",
        "Pick the box whose figure differs.",
        "Say which box has the figure that stands alone.",
    ),
    answer="region",
)

LARGEST_BOX = Family(
    name="largest_box",
    title="box of the largest figure",
    group="Grounded Matching",
    worlds=_WORLDS,
    ask=_largest,
    questions=(
        "Which box holds the largest figure?",
        "In which box is the biggest of the figures?",
        "One figure was drawn larger than all the others, so which box is around it?",
        "Where is the figure of the greatest size?",
    ),
    commands=(
        "Choose the box of the largest figure.",
        "Find the biggest figure and give its box.",
        "Look at the sizes of the figures, then pick the box with the only large one.",
        "State the box that the one large figure fills.",
    ),
    asked=(
        "the box of the largest figure",
        "which box has the biggest figure inside",
        "where the largest figure is",
        "the box around the biggest figure",
    ),
    answer="region",
)

FAMILIES = (
    SHAPE_IN_BOX,
    COLOUR_IN_BOX,
    FIGURE_IN_BOX_CHECK,
    BOX_OF_FIGURE,
    BOX_OF_COLOUR,
    ODD_BOX,
    LARGEST_BOX,
)
