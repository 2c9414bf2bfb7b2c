"""Questions about how items lie to each other: recomputed from the boxes, balanced."""

from collections import Counter

import pytest

from mibench.data.mini.seen.families.relations import COMPARISONS, FAMILIES, RELATION_OF_TWO, SIDES
from mibench.data.mini.seen.family import Example, Family, Scenes, draw_examples
from mibench.data.mini.seen.scene import Mark, Scene

CHANCE = {"relation_of_two": 1 / 4, "further_of_two": 1 / 2}


def draw(family: Family, count: int) -> list[tuple[Example, Scene]]:
    scenes = Scenes()
    examples = draw_examples(family, scenes, "train", count, pictures=400)
    return [
        (example, scenes.get(example.world, family.worlds[example.world], "train", example.number))
        for example in examples
    ]


def named(scene: Scene, phrase: str) -> Mark:
    (mark,) = (mark for mark in scene.marks if phrase in (mark.name, f"{mark.colour} {mark.name}"))
    return mark


def contains(outer: Mark, inner: Mark) -> bool:
    left, top, right, bottom = outer.box
    return left < inner.box[0] and top < inner.box[1] and right > inner.box[2] and bottom > inner.box[3]


def apart(one: Mark, other: Mark) -> str:
    """Return how the first lies to the second, if their boxes do not meet."""
    if one.box[2] < other.box[0]:
        across = "to the left of"
    elif one.box[0] > other.box[2]:
        across = "to the right of"
    else:
        across = ""
    down = "above" if one.box[3] < other.box[1] else "below" if one.box[1] > other.box[3] else ""
    wide = abs(one.centre[0] - other.centre[0]) > abs(one.centre[1] - other.centre[1])
    return (across or down) if wide else (down or across)


def relation_holds(one: Mark, other: Mark, relation: str) -> bool:
    if relation in ("inside", "around"):
        outer, inner = (other, one) if relation == "inside" else (one, other)
        return contains(outer, inner)
    if relation in ("in front of", "behind"):
        return not apart(one, other) and not contains(one, other) and not contains(other, one)
    return apart(one, other) == relation


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_answers_are_what_the_boxes_show(family: Family) -> None:
    for example, scene in draw(family, 200):
        question, fields = example.question, example.question.fields
        thing = named(scene, fields["thing"])
        assert question.mentions["thing"] == thing.box
        if family.name == "what_is_beside":
            coordinate, direction = SIDES[fields["place"]]
            beyond = [
                mark.name
                for mark in scene.marks
                if direction * (mark.centre[coordinate] - thing.centre[coordinate]) > 0
            ]
            assert beyond == [question.target]
            continue
        other = named(scene, fields["other"])
        assert question.options.count(question.target) == 1
        if family.name == "relation_of_two":
            assert relation_holds(thing, other, question.target)
            opposite = {"in front of": "behind", "behind": "in front of"}.get(question.target)
            wrong = {*question.options} - {question.target, opposite}
            assert not any(relation_holds(thing, other, option) for option in wrong)
        else:
            coordinate, direction = COMPARISONS[fields["place"]]
            ahead = direction * (thing.centre[coordinate] - other.centre[coordinate]) > 0
            assert question.target == fields["thing" if ahead else "other"]
            assert {*question.options} == {fields["thing"], fields["other"]}


def test_the_one_in_front_is_painted_over_the_other() -> None:
    seen = 0
    for example, scene in draw(RELATION_OF_TWO, 200):
        question = example.question
        if question.target != "in front of":
            continue
        front, back = (named(scene, question.fields[field]) for field in ("thing", "other"))
        if "circle" not in (front.name, back.name):
            continue
        seen += 1
        x = round((front.centre[0] + back.centre[0]) / 2)
        y = round((front.centre[1] + back.centre[1]) / 2)
        shift = 1 if front.centre[0] + front.centre[1] > back.centre[0] + back.centre[1] else -1
        along = (shift, 0) if abs(front.centre[0] - back.centre[0]) > 1 else (0, shift)
        pixels = scene.draw().pixels()
        inside = pixels[y + 6 * along[1], x + 6 * along[0]]
        centre = pixels[round(front.centre[1]), round(front.centre[0])]
        assert tuple(inside) == tuple(centre)
    assert seen > 3


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_options_and_fields_tell_nothing(family: Family) -> None:
    questions = [example.question for example, _ in draw(family, 400)]
    if family.name == "what_is_beside":
        assert Counter(question.target for question in questions).most_common(1)[0][1] / 400 < 0.15
        return
    chance = CHANCE[family.name]
    places = Counter(question.options.index(question.target) for question in questions)
    assert places.most_common(1)[0][1] / 400 < chance + 0.08
    by_offer: dict[tuple[str, ...], Counter[str]] = {}
    for question in questions:
        offer = tuple(sorted(question.options)) if family.name == "relation_of_two" else ("two",)
        answer = (
            question.target if family.name == "relation_of_two" else str(question.target == question.fields["thing"])
        )
        by_offer.setdefault(offer, Counter())[answer] += 1
    for answers in by_offer.values():
        assert answers.most_common(1)[0][1] / answers.total() < chance + 0.15
