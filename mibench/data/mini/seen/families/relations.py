"""Questions about how figures and things lie to each other."""

from random import Random

from mibench.data.mini.seen.family import Family, Question, shuffled
from mibench.data.mini.seen.scene import Mark, Scene
from mibench.data.mini.seen.worlds.pairs import INVERSES, related_pair, scattered_items

_ACROSS = ("to the left of", "to the right of")
_DOWN = ("above", "below")
_NESTED = ("inside", "around")
_DEEP = ("in front of", "behind")

_FAR = 26
"""Pixels between two centres that nobody overlooks."""

SIDES = {"to the left of": (0, -1), "to the right of": (0, 1), "above": (1, -1), "below": (1, 1)}
"""Coordinate and direction."""
COMPARISONS = {"further left": (0, -1), "further right": (0, 1), "higher": (1, -1), "lower": (1, 1)}
"""Coordinate and direction."""


def called(mark: Mark, random: Random) -> str:
    """Return what a mark is called: a figure now and then with its colour."""
    return f"{mark.colour} {mark.name}" if mark.colour and random.random() < 0.5 else mark.name


def _relation(scene: Scene, random: Random) -> Question:
    marks = {mark.name: mark for mark in scene.marks}
    first, second, relation = marks[scene.facts["first"]], marks[scene.facts["second"]], scene.facts["relation"]
    if random.random() < 0.5:
        first, second, relation = second, first, INVERSES[relation]
    options = shuffled(random, *random.choice(_offers(relation, scene.facts["axis"])))
    fields = {"thing": called(first, random), "other": called(second, random)}
    return Question(fields, relation, options, {"thing": first.box, "other": second.box}, first.box)


def _offers(relation: str, axis: str) -> list[tuple[str, ...]]:
    """Return sets of relations of which only this one holds; each of a set's four is the right one equally often."""
    if relation in _NESTED:
        return [_NESTED + _ACROSS, _NESTED + _DOWN]
    if relation in _DEEP:
        return [_DEEP + (_DOWN if axis == "x" else _ACROSS)]
    own = _ACROSS if axis == "x" else _DOWN
    return [_ACROSS + _DOWN, _NESTED + own, _DEEP + own]


def _beside(scene: Scene, random: Random) -> Question | None:
    place = random.choice(list(SIDES))
    coordinate, direction = SIDES[place]
    found = []
    for mark in scene.marks:
        ahead = [
            (direction * (other.centre[coordinate] - mark.centre[coordinate]), other)
            for other in scene.marks
            if other is not mark
        ]
        near = [other for distance, other in ahead if distance > _FAR]
        if len(near) == 1 and all(distance < 0 for distance, other in ahead if other is not near[0]):
            found.append((mark, near[0]))
    if not found:
        return None
    mark, target = random.choice(found)
    fields = {"thing": called(mark, random), "place": place}
    return Question(fields, target.name, mentions={"thing": mark.box}, focus=target.box)


def _further(scene: Scene, random: Random) -> Question | None:
    place = random.choice(list(COMPARISONS))
    coordinate, direction = COMPARISONS[place]
    first, second = random.sample(scene.marks, 2)
    lead = direction * (first.centre[coordinate] - second.centre[coordinate])
    if abs(lead) < _FAR:
        return None
    names = called(first, random), called(second, random)
    fields = {"thing": names[0], "other": names[1], "place": place}
    target, focus = (names[0], first.box) if lead > 0 else (names[1], second.box)
    return Question(fields, target, shuffled(random, *names), {"thing": first.box, "other": second.box}, focus)


RELATION_OF_TWO = Family(
    name="relation_of_two",
    title="relation of two",
    group="Visual Relationship",
    worlds={"related_pair": related_pair},
    ask=_relation,
    questions=(
        "Where is the {thing}, seen from the {other}?",
        "How does the {thing} lie to the {other}?",
        "Which words join the two: the {thing} is ... the {other}?",
        "If you know where the {other} is, where do you have to look for the {thing}?",
    ),
    commands=(
        "Tell how the {thing} lies to the {other}.",
        "Find the {other}, then say where the {thing} is from there.",
        "Choose the words that are missing between the {thing} and the {other}.",
        "Name the relation that the {thing} has to the {other}.",
    ),
    asked=(
        "how the {thing} lies to the {other}",
        "the place of the {thing}, seen from the {other}",
        "where the {thing} is from the {other}",
        "how the {thing} is placed, as seen from the {other}",
    ),
    answer="choice",
)

WHAT_IS_BESIDE = Family(
    name="what_is_beside",
    title="what is beside a thing",
    group="Visual Relationship",
    worlds={"scattered_items": scattered_items},
    ask=_beside,
    questions=(
        "What is {place} the {thing}?",
        "Which item do you see {place} the {thing}?",
        "Only one thing has a place {place} the {thing}, and which one is that?",
        "When you stand at the {thing}, what do you find {place} it?",
    ),
    commands=(
        "Name what lies {place} the {thing}.",
        "Find the {thing} and say what is {place} it.",
        "Start from the {thing}, look {place} it, and tell what is there.",
        "State which item is {place} the {thing}.",
    ),
    asked=(
        "what is {place} the {thing}",
        "which item lies {place} the {thing}",
        "the name of what is {place} the {thing}",
        "what you see {place} the {thing}",
    ),
)

FURTHER_OF_TWO = Family(
    name="further_of_two",
    title="higher or further of two",
    group="Visual Relationship",
    worlds={"scattered_items": scattered_items},
    ask=_further,
    questions=(
        "Which is {place}, the {thing} or the {other}?",
        "Of the {thing} and the {other}, which one is {place}?",
        "Does the {thing} or does the {other} lie {place} in the picture?",
        "What was drawn {place}: the {thing} or the {other}?",
    ),
    commands=(
        "Say which lies {place}, the {thing} or the {other}.",
        "Look at the {thing} and the {other} and name the one that is {place}.",
        "{place}: the {thing} or the {other}. Decide.",
        "Compare the {thing} with the {other} and pick what is {place}.",
    ),
    asked=(
        "which one is {place}, the {thing} or the {other}",
        "whether the {thing} or the {other} is {place}",
        "what lies {place}: the {thing} or the {other}",
        "which of the {thing} and the {other} is {place}",
    ),
    answer="choice",
)

FAMILIES = (RELATION_OF_TWO, WHAT_IS_BESIDE, FURTHER_OF_TWO)
