"""Covered spots: answers found again from the marks, "not sure" where something hides them."""

from collections import Counter

import pytest

from mibench.data.mini.seen.families.covered import FAMILIES
from mibench.data.mini.seen.family import Family, Question, Scenes, draw_examples
from mibench.data.mini.seen.scene import Mark, Scene
from mibench.data.mini.seen.worlds.covered import covered_spots
from mibench.data.mini.visual.shapes import SHAPES
from mibench.data.mini.visual.things import THINGS

LARGEST_SHARE = {
    "covered_colour": 0.41,
    "covered_thing_named": 0.21,
    "is_it_covered": 0.57,
    "how_many_covered": 0.41,
}
SCENES = Scenes()


def examples(family: Family, count: int) -> list[tuple[Question, Scene]]:
    drawn = draw_examples(family, SCENES, "train", count, pictures=400)
    return [(one.question, SCENES.get(one.world, covered_spots, "train", one.number)) for one in drawn]


def spots_from_the_left(scene: Scene) -> list[Mark]:
    return sorted((mark for mark in scene.marks if not mark.word), key=lambda mark: mark.centre)


def is_open(mark: Mark) -> bool:
    return mark.name in SHAPES or mark.name in THINGS


def answer(name: str, question: Question, scene: Scene) -> str:
    spots = spots_from_the_left(scene)
    if name == "how_many_covered":
        return {1: "one", 2: "two", 3: "three"}[sum(not is_open(spot) for spot in spots)]
    spot = spots[("first", "second", "third", "fourth", "fifth").index(question.fields["place"])]
    if name == "is_it_covered":
        return "no" if is_open(spot) else "yes"
    if not is_open(spot):
        return "not sure"
    if name == "covered_thing_named":
        return spot.name
    assert spot.name in SHAPES
    return "yes" if spot.colour == question.fields["colour"] else "no"


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_answers_follow_from_what_was_drawn(family: Family) -> None:
    for question, scene in examples(family, 200):
        assert question.target == answer(family.name, question, scene)
        assert question.options.count(question.target) == (1 if question.options else 0)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_no_answer_is_much_more_likely_than_another(family: Family) -> None:
    drawn = [question for question, _ in examples(family, 400)]
    assert max(Counter(question.target for question in drawn).values()) / len(drawn) <= LARGEST_SHARE[family.name]


def test_numbers_stand_below_their_spots_in_order() -> None:
    for number in range(40):
        scene = SCENES.get("covered", covered_spots, "train", number)
        digits = sorted((mark for mark in scene.marks if mark.word), key=lambda mark: mark.centre)
        assert [digit.word for digit in digits] == [str(place + 1) for place in range(len(digits))]
        for digit, spot in zip(digits, spots_from_the_left(scene), strict=True):
            assert digit.place == spot.place
            assert digit.box[1] > spot.box[3]
            assert spot.box[0] < digit.centre[0] < spot.box[2]
