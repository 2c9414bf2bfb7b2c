"""Questions about spots of which some are covered, so that the answer may be "not sure"."""

from random import Random

from mibench.data.mini.seen.family import Family, Question, shuffled
from mibench.data.mini.seen.scene import Scene
from mibench.data.mini.seen.worlds.covered import NUMBERS, covered_spots, spots_of
from mibench.data.mini.visual.shapes import COLOURS

_WORLDS = {"covered": covered_spots}
_UNKNOWN = "not sure"
_COVERED_SHARE = 0.15
"""How often the name of a covered thing is asked for."""


def _colour(scene: Scene, random: Random) -> Question | None:
    if scene.facts["kind"] != "figures":
        return None
    options = ("yes", "no", _UNKNOWN)
    target = random.choice(options)
    mark = random.choice(spots_of(scene, covered=target == _UNKNOWN))
    colour = random.choice(list(COLOURS))
    if target == "yes":
        colour = mark.colour
    elif target == "no":
        colour = random.choice([other for other in COLOURS if other != mark.colour])
    fields = {"place": mark.place, "colour": colour}
    return Question(fields, target, shuffled(random, *options), {"place": mark.box}, mark.box)


def _thing(scene: Scene, random: Random) -> Question | None:
    if scene.facts["kind"] != "things":
        return None
    covered = random.random() < _COVERED_SHARE
    mark = random.choice(spots_of(scene, covered=covered))
    return Question({"place": mark.place}, _UNKNOWN if covered else mark.name, (), {"place": mark.box}, mark.box)


def _covered(scene: Scene, random: Random) -> Question:
    target = random.choice(["yes", "no"])
    mark = random.choice(spots_of(scene, covered=target == "yes"))
    return Question({"place": mark.place}, target, ("yes", "no"), {"place": mark.box}, mark.box)


def _how_many(scene: Scene, random: Random) -> Question:
    return Question({}, NUMBERS[scene.facts["covered"]])


COVERED_COLOUR = Family(
    name="covered_colour",
    title="colour that may be covered",
    group="Image-Text Matching",
    worlds=_WORLDS,
    ask=_colour,
    questions=(
        "Is the figure in the {place} spot {colour}?",
        "Would you say that {colour} is the colour of the {place} figure?",
        "Counted from the left, does the {place} spot hold a {colour} figure?",
        "Does the {place} spot show something {colour}?",
    ),
    commands=(
        "Say whether the {place} figure is {colour}, or not sure if something covers it.",
        "Decide if {colour} is the colour in the {place} spot.",
        "The {place} spot counts, so tell if its figure is {colour}.",
        "Check the {place} spot for a {colour} figure; if you can't see it, be not sure.",
    ),
    asked=(
        "whether the {place} figure is {colour}, as far as it can be seen",
        "if the {place} spot has a {colour} figure or not, or that it can't be told",
        "whether {colour} is the colour of the {place} figure",
        "whether the figure in the {place} spot is {colour}",
    ),
    answer="choice",
)

COVERED_THING_NAMED = Family(
    name="covered_thing_named",
    title="thing that may be covered",
    group="VQA",
    worlds=_WORLDS,
    ask=_thing,
    questions=(
        "What is in the {place} spot?",
        "Which thing stands in the {place} spot, if you can see it?",
        "Counted from the left, what does the {place} spot hold?",
        "The {place} spot holds which thing?",
    ),
    commands=(
        "Name the thing in the {place} spot, or write not sure if it is covered.",
        "Tell what the {place} spot shows.",
        "Go to the {place} spot and say which thing is there.",
        "State the {place} thing, or not sure.",
    ),
)

IS_IT_COVERED = Family(
    name="is_it_covered",
    title="is a spot covered",
    group="VQA",
    worlds=_WORLDS,
    ask=_covered,
    questions=(
        "Is the {place} spot covered?",
        "Does something hide what the {place} spot holds?",
        "From the left, is the {place} spot behind a cover?",
        "Is there a cover in the {place} spot?",
    ),
    commands=(
        "Tell whether the {place} spot is covered.",
        "Look at the {place} spot and say yes if its content is hidden.",
        "Decide if one can't see into the {place} spot.",
        "Say if the {place} spot has a cover.",
    ),
    asked=(
        "whether the {place} spot is covered",
        "if something hides the {place} spot",
        "whether a cover lies on the {place} spot",
        "whether the {place} spot is hidden",
    ),
    answer="choice",
)

HOW_MANY_COVERED = Family(
    name="how_many_covered",
    title="number of covered spots",
    group="VQA",
    worlds=_WORLDS,
    ask=_how_many,
    questions=(
        "How many spots are covered?",
        "In how many spots is the content hidden?",
        "What is the number of spots that you can't see into?",
        "How many covers do you count?",
    ),
    commands=(
        "Count the covered spots.",
        "Write how many spots hide what they hold.",
        "Go along the row and give the number of spots with a cover.",
        "State how many spots are hidden.",
    ),
)

FAMILIES = (COVERED_COLOUR, COVERED_THING_NAMED, IS_IT_COVERED, HOW_MANY_COVERED)
