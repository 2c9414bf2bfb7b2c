"""Questions about three panels of figures: how many, which panel."""

from collections import Counter
from random import Random

from mibench.data.mini.seen.families.figures import NUMBERS
from mibench.data.mini.seen.family import Family, Question, shuffled
from mibench.data.mini.seen.scene import Mark, Scene
from mibench.data.mini.seen.worlds.panels import PANELS, panel_box, panels, panels_of_one_colour
from mibench.data.mini.visual.rows import a

_BOTH = {"panels": panels, "panels_of_one_colour": panels_of_one_colour}


def _count_in_panel(scene: Scene, random: Random) -> Question | None:
    panel, number = random.choice(PANELS), random.randint(1, 5)
    if sum(mark.place == panel for mark in scene.marks) != number:
        return None
    box = panel_box(scene.facts["style"], panel)
    return Question({"place": panel}, NUMBERS[number], mentions={"place": box}, focus=box)


def _count_of_kind(scene: Scene, random: Random) -> Question:
    colour, shape = scene.facts["colour"], scene.facts["shape"]
    boxes = [mark.box for mark in scene.marks if _kind(mark) == f"{colour} {shape}"]
    plural = f"{colour} {shape}es" if shape == "cross" else f"{colour} {shape}s"
    mentions = {"things": boxes[0]} if len(boxes) == 1 else {}
    return Question({"things": plural}, NUMBERS[int(scene.facts["number"])], mentions=mentions)


def _fullest(scene: Scene, random: Random) -> Question | None:
    counts = Counter(mark.place for mark in scene.marks)
    (panel, most), (_, second), *_ = counts.most_common()
    return _panel(scene, random, panel) if most > second else None


def _panel_with(scene: Scene, random: Random) -> Question | None:
    places: dict[str, set[str]] = {}
    for mark in scene.marks:
        places.setdefault(_kind(mark), set()).add(mark.place)
    target = random.choice(PANELS)
    kinds = sorted(kind for kind, found in places.items() if found == {target})
    if not kinds:
        return None
    kind = random.choice(kinds)
    box = next(mark.box for mark in scene.marks if _kind(mark) == kind)
    return _panel(scene, random, target)._replace(fields={"thing": a(kind)}, mentions={"thing": box}, focus=box)


def _plain_panel(scene: Scene, random: Random) -> Question:
    return _panel(scene, random, scene.facts["plain"])


def _panel(scene: Scene, random: Random, target: str) -> Question:
    return Question({}, target, shuffled(random, *PANELS), focus=panel_box(scene.facts["style"], target))


def _kind(mark: Mark) -> str:
    return f"{mark.colour} {mark.name}"


COUNT_IN_PANEL = Family(
    name="count_in_panel",
    title="number in a panel",
    group="Region Understanding",
    worlds={"panels": panels},
    ask=_count_in_panel,
    questions=(
        "How many figures are in the {place} panel?",
        "What number of figures does the {place} panel have?",
        "The {place} panel has been filled with how many figures?",
        "If you look at the {place} panel alone, how many figures do you count?",
    ),
    commands=(
        "Count the figures in the {place} panel.",
        "Look at the {place} panel and write as a word how many figures are there.",
        "Say how many figures the {place} panel shows.",
        "Give the number for the {place} panel, from one to five.",
    ),
    asked=(
        "the number of figures in the {place} panel",
        "how many figures the {place} panel has",
        "how many figures lie in the {place} panel",
        "how many figures you count in the {place} panel",
    ),
)

COUNT_OF_KIND = Family(
    name="count_of_kind",
    title="number of one kind",
    group="Image Understanding",
    worlds={"panels": panels},
    ask=_count_of_kind,
    questions=(
        "How many {things} are there?",
        "In all three panels together, how many {things} do you see?",
        "What is the number of {things}?",
        "Counting only {things}, where do you end?",
    ),
    commands=(
        "Count the {things}.",
        "Go over the three panels and write how many {things} they have together.",
        "Say how often you see {things}.",
        "Give the total of {things}, from zero to four.",
    ),
)

FULLEST_PANEL = Family(
    name="fullest_panel",
    title="panel with most figures",
    group="Image Understanding",
    worlds=_BOTH,
    ask=_fullest,
    questions=(
        "Which panel has the most figures?",
        "Where are more figures than anywhere else: left, middle or right?",
        "Which of the three panels is the fullest?",
        "In which panel would you count longest?",
    ),
    commands=(
        "Name the panel with the most figures.",
        "Count the figures of every panel, and choose the panel with the largest number.",
        "Find the fullest panel.",
        "Say where the greatest number of figures lies.",
    ),
    asked=(
        "the panel with most figures",
        "which panel is the fullest",
        "where most of the figures are: left, middle or right",
        "which panel has more figures than the others",
    ),
    answer="choice",
)

PANEL_WITH = Family(
    name="panel_with",
    title="panel with a figure",
    group="VQA",
    worlds=_BOTH,
    ask=_panel_with,
    questions=(
        "Which panel has {thing}?",
        "In which of the panels do you see {thing}?",
        "If you had to fetch {thing}, to which panel would you go?",
        "You find {thing} in which panel?",
    ),
    commands=(
        "Name the panel that has {thing}.",
        "Only one of the panels was given {thing}. Find it.",
        "Say in which panel {thing} lies.",
        "Pick the panel where you can see {thing}.",
    ),
    asked=(
        "the panel with {thing}",
        "in which panel one sees {thing}",
        "which panel shows {thing}",
        "which panel you see {thing} in",
    ),
    answer="choice",
)

PANEL_OF_ONE_COLOUR = Family(
    name="panel_of_one_colour",
    title="panel of one colour",
    group="Image Understanding",
    worlds={"panels_of_one_colour": panels_of_one_colour},
    ask=_plain_panel,
    questions=(
        "Which panel has figures of one colour only?",
        "In which panel are all the figures coloured alike?",
        "Where did someone paint every figure of a panel in the same colour?",
        "Which panel needs just a single colour?",
    ),
    commands=(
        "Name the panel whose figures have all the same colour.",
        "Two panels mix colours. Choose the third.",
        "Find the panel of a single colour and say which it is.",
        "Pick the panel where no colours are mixed.",
    ),
    answer="choice",
)

FAMILIES = (COUNT_IN_PANEL, COUNT_OF_KIND, FULLEST_PANEL, PANEL_WITH, PANEL_OF_ONE_COLOUR)
