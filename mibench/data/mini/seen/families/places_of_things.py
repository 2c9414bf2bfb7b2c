"""Questions about where everyday things are: boxes given, asked for, or chosen."""

from random import Random

from mibench.data.mini.seen.family import Family, Question, shuffled
from mibench.data.mini.seen.scene import Scene
from mibench.data.mini.seen.worlds.things import COLUMNS, a_thing, free_boxes, scattered_things, things_of
from mibench.data.mini.visual.canvas import Box
from mibench.data.mini.visual.rows import box_text
from mibench.data.mini.visual.things import THINGS

_WORLDS = {"things": scattered_things}


def _box(scene: Scene, random: Random) -> Question:
    mark = random.choice(things_of(scene))
    return Question({"thing": mark.name}, box_text(mark.box), mentions={"thing": mark.box}, focus=mark.box)


def _check(scene: Scene, random: Random) -> Question:
    mark, other = random.sample(things_of(scene), 2)
    target, name = "yes", mark.name
    if random.random() < 0.5:
        elsewhere = random.random() < 0.5
        absent = sorted(THINGS.keys() - {shown.name for shown in scene.marks})
        target, name = "no", other.name if elsewhere else random.choice(absent)
    fields = {"thing": a_thing(name), "box": box_text(mark.box)}
    return Question(fields, target, ("yes", "no"), {"box": mark.box}, mark.box)


def _where(scene: Scene, random: Random) -> Question:
    mark = random.choice(things_of(scene))
    return Question({"thing": mark.name}, mark.place, shuffled(random, *COLUMNS), {"thing": mark.box}, mark.box)


def _odd_box(random: Random, odd: list[Box], others: list[Box]) -> Question | None:
    if len(others) < 3:
        return None
    box = random.choice(odd)
    options = [box_text(each) for each in (box, *random.sample(others, 3))]
    return Question({}, options[0], shuffled(random, *options), focus=box)


def _empty(scene: Scene, random: Random) -> Question | None:
    return _odd_box(random, free_boxes(scene), [mark.box for mark in scene.marks])


def _filled(scene: Scene, random: Random) -> Question | None:
    return _odd_box(random, [mark.box for mark in scene.marks], free_boxes(scene))


BOX_OF_THING = Family(
    name="box_of_thing",
    title="box of a thing",
    group="Grounded Generation",
    worlds=_WORLDS,
    ask=_box,
    questions=(
        "Which box holds the {thing}?",
        "What are the four edges of the box around the {thing}?",
        "The {thing} lies inside which box?",
        "In what box do you see the {thing}?",
    ),
    commands=(
        "Give the box of the {thing}.",
        "Find the {thing} and write the four edges of its box, from left to bottom.",
        "Draw a box around the {thing} by stating its edges.",
        "Write the box with the {thing} inside.",
    ),
    asked=(
        "the box of the {thing}",
        "the four edges around the {thing}",
        "in which box the {thing} lies",
        "the box that holds the {thing}",
    ),
    answer="region",
    scored_by="iou",
)

THING_IN_BOX_CHECK = Family(
    name="thing_in_box_check",
    title="is this thing in the box",
    group="Grounded Matching",
    worlds=_WORLDS,
    ask=_check,
    questions=(
        "Is it {thing} that you see in {box}?",
        "Does {box} hold {thing}?",
        "In {box}, has someone drawn {thing} or something else?",
        "Would you call what is in {box} {thing}?",
    ),
    commands=(
        "Look at {box} and say whether it shows {thing}.",
        "Check if {thing} lies in {box}.",
        "Say yes if {box} shows {thing} and no if it shows another thing.",
        "Decide whether {thing} fills {box}.",
    ),
    answer="choice",
)

WHERE_IS_THING = Family(
    name="where_is_thing",
    title="side of a thing",
    group="Visual Relationship",
    worlds=_WORLDS,
    ask=_where,
    questions=(
        "On which side do you find the {thing}?",
        "Where was the {thing} put: left, middle or right?",
        "If you cut the picture into three upright parts, which one has the {thing}?",
        "In which third do you see the {thing}?",
    ),
    commands=(
        "Tell the side of the {thing}.",
        "Find the {thing} and say left, middle or right.",
        "Name the third of the picture in which the {thing} lies.",
        "State where someone put the {thing}.",
    ),
    answer="choice",
)

EMPTY_BOX = Family(
    name="empty_box",
    title="empty box",
    group="Grounded Matching",
    worlds=_WORLDS,
    ask=_empty,
    questions=(
        "Which box is empty?",
        "Three boxes hold something, so which one holds nothing?",
        "In which box has nobody drawn anything?",
        "Where is a box without anything inside?",
    ),
    commands=(
        "Choose the box with nothing in it.",
        "Compare the boxes and find the one that is empty.",
        "Tell which box holds bare ground alone.",
        "Pick the empty box.",
    ),
    answer="region",
)

FILLED_BOX = Family(
    name="filled_box",
    title="filled box",
    group="Grounded Matching",
    worlds=_WORLDS,
    ask=_filled,
    questions=(
        "Which box is not empty?",
        "Only one box holds something, which is it?",
        "Which box has a thing or a figure inside it?",
        "In what box do you find anything at all?",
    ),
    commands=(
        "Choose the box that holds something.",
        "Three boxes are empty, so name the other one.",
        "Find the only box in which something was drawn.",
        "Pick the box with something in it.",
    ),
    answer="region",
)

FAMILIES = (BOX_OF_THING, THING_IN_BOX_CHECK, WHERE_IS_THING, EMPTY_BOX, FILLED_BOX)
