"""Sentences against scattered figures: whether one fits, which one does, what is missing, which colour leads."""

from collections import Counter
from collections.abc import Sequence
from random import Random

from mibench.data.mini.seen.family import Family, Question, shuffled
from mibench.data.mini.seen.scene import Mark, Scene
from mibench.data.mini.seen.worlds.figures import scattered_figures
from mibench.data.mini.visual.rows import a
from mibench.data.mini.visual.shapes import COLOURS, SHAPES, SIZES

_WORLDS = {"figures": scattered_figures}
_GROUP = "Image-Text Matching"

Change = tuple[int, str, str]
"""Number of a figure, the attribute that is to be another, and what it is then."""


def caption(figures: Sequence[Mark], sized: Sequence[bool]) -> str:
    """Return a sentence that names figures, some of them with their size."""
    phrases = [
        a(f"{figure.size} {figure.colour} {figure.name}" if size else f"{figure.colour} {figure.name}")
        for figure, size in zip(figures, sized, strict=True)
    ]
    text = " and ".join(phrases) + "."
    return text[0].upper() + text[1:]


def _named(scene: Scene, count: int, random: Random) -> tuple[list[Mark], list[bool]]:
    figures = random.sample(scene.marks, count)
    return figures, [random.random() < 0.5 for _ in figures]


def _changes(scene: Scene, figures: Sequence[Mark], sized: Sequence[bool], random: Random) -> list[Change]:
    """Return what could be untrue of each word of a caption, in an order of chance; no form twice."""
    absent = iter(random.sample(sorted(SHAPES.keys() - {mark.name for mark in scene.marks}), 6 - len(scene.marks)))
    changes: list[Change] = []
    for number, figure in enumerate(figures):
        if sized[number]:
            changes.append((number, "size", next(size for size in SIZES if size != figure.size)))
        changes.append((number, "colour", random.choice([colour for colour in COLOURS if colour != figure.colour])))
        shape = next(absent, None)
        if shape:
            changes.append((number, "name", shape))
    return random.sample(changes, len(changes))


def _changed(figures: Sequence[Mark], changes: Sequence[Change]) -> list[Mark]:
    result = list(figures)
    for number, attribute, value in changes:
        result[number] = Mark(**(result[number]._asdict() | {attribute: value}))
    return result


def _fits(scene: Scene, random: Random) -> Question:
    figures, sized = _named(scene, min(2, len(scene.marks)), random)
    if random.random() < 0.5:
        return Question({"text": caption(figures, sized)}, "yes", ("yes", "no"))
    change = _changes(scene, figures, sized, random)[0]
    return Question(
        {"text": caption(_changed(figures, [change]), sized)}, "no", ("yes", "no"), focus=figures[change[0]].box
    )


def _choice(scene: Scene, random: Random) -> Question | None:
    """Offer all four sentences that two changes make, so that none stands out."""
    if len(scene.marks) < 2:
        return None
    figures, sized = _named(scene, 2, random)
    one, other = _changes(scene, figures, sized, random)[:2]
    captions = [caption(_changed(figures, changes), sized) for changes in ([], [one], [other], [one, other])]
    return Question({}, captions[0], shuffled(random, *captions))


def _missing(scene: Scene, random: Random) -> Question | None:
    shown = [mark.name for mark in scene.marks]
    if len(shown) < 3:
        return None
    absent = random.choice(sorted(SHAPES.keys() - set(shown)))
    return Question({}, absent, shuffled(random, absent, *random.sample(shown, 3)))


def _more(scene: Scene, random: Random) -> Question | None:
    counts = Counter(mark.colour for mark in scene.marks)
    pairs = [(more, less) for more in counts for less in counts if counts[more] > counts[less]]
    if not pairs:
        return None
    more, less = random.choice(pairs)
    colour, other = shuffled(random, more, less)
    return Question({"colour": colour, "other": other}, more, shuffled(random, more, less))


CAPTION_OF_FIGURES = Family(
    name="caption_of_figures",
    title="does a caption fit",
    group=_GROUP,
    worlds=_WORLDS,
    ask=_fits,
    questions=(
        "Is everything in this sentence shown? {text}",
        "{text} Does the picture have all that?",
        "Does the caption fit? {text}",
        "Could someone have written this below the picture: {text}",
    ),
    commands=(
        "Say whether the caption fits the picture. {text}",
        "{text} Decide if you can find all of this.",
        "Compare the picture with these words and tell if both go together. {text}",
        "Check the caption: {text}",
    ),
    asked=(
        'whether this caption fits: "{text}"',
        'if all of "{text}" is shown',
        'whether the picture has what "{text}" says',
        'whether "{text}" fits the picture',
    ),
    answer="choice",
)

CHOOSE_CAPTION = Family(
    name="choose_caption",
    title="choose a caption",
    group=_GROUP,
    worlds=_WORLDS,
    ask=_choice,
    questions=(
        "Which sentence fits the picture?",
        "Which caption names what is shown?",
        "One sentence is right and three are wrong; which is the right one?",
        "Which words belong below this picture?",
    ),
    commands=(
        "Choose the sentence that fits.",
        "Find the caption that is right in every word.",
        "Pick the sentence whose figures are all in the picture.",
        "Tell which caption goes with what you see.",
    ),
    answer="choice",
    told_by_options=True,
)

MISSING_FIGURE = Family(
    name="missing_figure",
    title="which figure is missing",
    group=_GROUP,
    worlds=_WORLDS,
    ask=_missing,
    questions=(
        "Which figure is missing?",
        "All but one of these are shown; which one is not?",
        "Which of the named figures do you look for in vain?",
        "What was not drawn here?",
    ),
    commands=(
        "Name the figure that is missing.",
        "Say which one of these figures you cannot see.",
        "Look for each figure and give the one that is not there.",
        "Pick what the picture lacks.",
    ),
    answer="choice",
)

MORE_OF_COLOUR = Family(
    name="more_of_colour",
    title="more frequent colour",
    group=_GROUP,
    worlds=_WORLDS,
    ask=_more,
    questions=(
        "Are there more {colour} figures or more {other} ones?",
        "Which colour do more figures have, {colour} or {other}?",
        "{colour} or {other}: which of the two do you see more often?",
        "Which is used for more figures here: {colour} or {other}?",
    ),
    commands=(
        "Say whether {colour} or {other} is on more figures.",
        "Count the {colour} and the {other} figures and name the colour that wins.",
        "Of {colour} and {other}, pick the colour you find more often.",
        "Tell which colour has more figures, {colour} or {other}.",
    ),
    answer="choice",
)

FAMILIES = (CAPTION_OF_FIGURES, CHOOSE_CAPTION, MISSING_FIGURE, MORE_OF_COLOUR)
