"""Questions about scattered figures: colour, presence, number, place, size."""

from random import Random

from mibench.data.mini.seen.family import Family, Question, shuffled
from mibench.data.mini.seen.scene import Scene
from mibench.data.mini.seen.worlds.figures import scattered_figures
from mibench.data.mini.visual.rows import a
from mibench.data.mini.visual.shapes import SHAPES, SIZES

NUMBERS = ("zero", "one", "two", "three", "four", "five")

_WORLDS = {"figures": scattered_figures}


def _colour(scene: Scene, random: Random) -> Question:
    mark = random.choice(scene.marks)
    return Question({"thing": mark.name}, mark.colour, mentions={"thing": mark.box}, focus=mark.box)


def _presence(scene: Scene, random: Random) -> Question | None:
    shown = {mark.name: mark.box for mark in scene.marks}
    if random.random() < 0.5:
        name = random.choice(sorted(shown))
        return Question({"thing": a(name)}, "yes", ("yes", "no"), {"thing": shown[name]}, shown[name])
    return Question({"thing": a(random.choice(sorted(SHAPES.keys() - shown)))}, "no", ("yes", "no"))


def _count(scene: Scene, random: Random) -> Question | None:
    target = random.randint(1, 5)
    return Question({}, NUMBERS[target]) if len(scene.marks) == target else None


def _place(scene: Scene, random: Random) -> Question:
    mark = random.choice(scene.marks)
    return Question({"thing": mark.name}, mark.place, mentions={"thing": mark.box}, focus=mark.box)


def _size(scene: Scene, random: Random) -> Question | None:
    target = random.choice(list(SIZES))
    fitting = [mark for mark in scene.marks if mark.size == target]
    if len(scene.marks) == 1 or not fitting:
        return None
    mark = random.choice(fitting)
    return Question({"thing": mark.name}, target, shuffled(random, *SIZES), {"thing": mark.box}, mark.box)


COLOUR_OF_FIGURE = Family(
    name="colour_of_figure",
    title="colour of a figure",
    group="VQA",
    worlds=_WORLDS,
    ask=_colour,
    questions=(
        "What is the colour of the {thing}?",
        "In which colour is the {thing} painted?",
        "Which colour do you see on the {thing}?",
        "The {thing} has which colour?",
    ),
    commands=(
        "Tell the colour of the {thing}.",
        "Find the {thing} and name its colour.",
        "Say which colour the {thing} is.",
        "State how the {thing} is coloured.",
    ),
    asked=(
        "the colour of the {thing}",
        "which colour the {thing} has",
        "in what colour the {thing} was drawn",
        "what the colour of the {thing} is",
    ),
)

PRESENCE_OF_FIGURE = Family(
    name="presence_of_figure",
    title="is a figure there",
    group="VQA",
    worlds=_WORLDS,
    ask=_presence,
    questions=(
        "Can you see {thing}?",
        "Does the picture show {thing}?",
        "Has someone drawn {thing} here?",
        "Do you find {thing} anywhere?",
    ),
    commands=(
        "Say whether {thing} is shown.",
        "Check if the image holds {thing}.",
        "Tell me if you find {thing}.",
        "Decide whether {thing} was drawn.",
    ),
    asked=(
        "whether the picture holds {thing}",
        "if {thing} can be seen",
        "whether {thing} is among the figures",
        "whether there is {thing}",
    ),
    answer="choice",
)

COUNT_FIGURES = Family(
    name="count_figures",
    title="number of figures",
    group="Image Understanding",
    worlds=_WORLDS,
    ask=_count,
    questions=(
        "How many figures do you count?",
        "What number of figures has been drawn here?",
        "Between one and five figures are shown, so how many is it this time?",
        "How many forms can be seen in all?",
    ),
    commands=(
        "Count the figures.",
        "Look at all that was drawn and write the number of figures as a word.",
        "Say how many figures the picture has.",
        "State the total of figures, from one to five.",
    ),
    asked=(
        "the number of figures",
        "how many figures there are",
        "how many forms were drawn",
        "how many figures you see in all",
    ),
)

PLACE_OF_FIGURE = Family(
    name="place_of_figure",
    title="place of a figure",
    group="Image Understanding",
    worlds=_WORLDS,
    ask=_place,
    questions=(
        "Where is the {thing}?",
        "In which part of the picture do you find the {thing}?",
        "If you look for the {thing}, where do your eyes end up?",
        "The {thing} has been put where?",
    ),
    commands=(
        "Tell where the {thing} is.",
        "Find the {thing} and say in which of the nine parts of the picture it lies.",
        "Name the place of the {thing}.",
        "State at which edge or corner the {thing} sits, or say that it is in the middle.",
    ),
    asked=(
        "the place of the {thing}",
        "where the {thing} lies",
        "which part of the picture has the {thing}",
        "where in the picture the {thing} is",
    ),
)

SIZE_OF_FIGURE = Family(
    name="size_of_figure",
    title="size of a figure",
    group="VQA",
    worlds=_WORLDS,
    ask=_size,
    questions=(
        "How big is the {thing}?",
        "Is the {thing} one of the small figures or one of the large ones?",
        "What size was the {thing} drawn in?",
        "The {thing} is of which size?",
    ),
    commands=(
        "Give the size of the {thing}.",
        "Look at the {thing} and decide between small and large.",
        "Say how large the {thing} is.",
        "Judge the {thing} by its size.",
    ),
    asked=(
        "the size of the {thing}",
        "how big the {thing} is",
        "whether the {thing} is small or large",
        "of which size the {thing} is",
    ),
    answer="choice",
)

FAMILIES = (COLOUR_OF_FIGURE, PRESENCE_OF_FIGURE, COUNT_FIGURES, PLACE_OF_FIGURE, SIZE_OF_FIGURE)
