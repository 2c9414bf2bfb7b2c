"""Everyday things: answers found again from the marks, and no answer more likely than another."""

from collections import Counter

import pytest

from mibench.data.mini.seen.families import places_of_things, things
from mibench.data.mini.seen.family import Family, Question, Scenes, draw_examples
from mibench.data.mini.seen.scene import Mark, Scene
from mibench.data.mini.seen.worlds.things import scattered_things, things_of
from mibench.data.mini.visual.rows import box_text
from mibench.data.mini.visual.things import THINGS

FAMILIES = {family.name: family for family in (*things.FAMILIES, *places_of_things.FAMILIES)}
LARGEST_SHARE = {
    "thing_in_box": 0.13,
    "use_in_box": 0.13,
    "thing_for_use": 0.41,
    "where_is_thing": 0.41,
    "count_things": 0.33,
    "presence_of_thing": 0.57,
    "statement_about_things": 0.57,
    "thing_in_box_check": 0.57,
    "box_of_thing": 0.03,
    "empty_box": 0.03,
    "filled_box": 0.03,
}
SCENES = Scenes()


def examples(family: Family, count: int) -> list[tuple[Question, Scene]]:
    drawn = draw_examples(family, SCENES, "train", count, pictures=400)
    return [(one.question, SCENES.get(one.world, scattered_things, "train", one.number)) for one in drawn]


def is_inside(mark: Mark, box: str) -> bool:
    left, top, right, bottom = map(int, box.split())
    x, y = mark.centre
    return left < x < right and top < y < bottom


def only(marks: list[Mark]) -> Mark:
    assert len(marks) == 1
    return marks[0]


def named_as_in(text: str) -> set[str]:
    """Return the things that a text with articles names."""
    return {name for name, thing in THINGS.items() if f"{thing.article} {name}" in text}


def answer(name: str, question: Question, scene: Scene) -> str:
    fields, shown = question.fields, things_of(scene)
    if name == "box_of_thing":
        return box_text(only([mark for mark in shown if mark.name == fields["thing"]]).box)
    if name in ("thing_in_box", "use_in_box"):
        mark = only([mark for mark in shown if is_inside(mark, fields["box"])])
        return mark.name if name == "thing_in_box" else THINGS[mark.name].use
    if name in ("thing_for_use", "where_is_thing"):
        sought = [fields.get("thing", mark.name) == mark.name for mark in shown]
        if name == "thing_for_use":
            sought = [THINGS[mark.name].use == fields["use"] for mark in shown]
        mark = only([mark for mark, meant in zip(shown, sought, strict=True) if meant])
        return ("left", "middle", "right")[int(mark.centre[0] * 3 / scene.width)]
    if name == "count_things":
        return {2: "two", 3: "three", 4: "four", 5: "five"}[len(shown)]
    if name in ("empty_box", "filled_box"):
        filled = {box: any(is_inside(mark, box) for mark in scene.marks) for box in question.options}
        (box,) = [box for box in question.options if filled[box] == (name == "filled_box")]
        return box
    if name == "thing_in_box_check":
        shown = [mark for mark in shown if is_inside(mark, fields["box"])]
    claimed = named_as_in(fields.get("text", fields.get("thing", "")))
    assert len(claimed) == (2 if name == "statement_about_things" else 1)
    return "yes" if claimed <= {mark.name for mark in shown} else "no"


@pytest.mark.parametrize("name", FAMILIES)
def test_answers_follow_from_what_was_drawn(name: str) -> None:
    for question, scene in examples(FAMILIES[name], 200):
        assert question.target == answer(name, question, scene)
        assert question.options.count(question.target) == (1 if question.options else 0)


@pytest.mark.parametrize("name", FAMILIES)
def test_no_answer_is_much_more_likely_than_another(name: str) -> None:
    drawn = [question for question, _ in examples(FAMILIES[name], 400)]
    assert max(Counter(question.target for question in drawn).values()) / len(drawn) <= LARGEST_SHARE[name]
    if len(drawn[0].options) > 2:
        places = Counter(question.options.index(question.target) for question in drawn)
        assert max(places.values()) / len(drawn) <= 1 / len(drawn[0].options) + 0.08


def test_a_sentence_mentions_the_things_that_are_shown() -> None:
    for question, scene in examples(FAMILIES["statement_about_things"], 200):
        named = named_as_in(question.fields["text"])
        assert question.mentions == {mark.name: mark.box for mark in things_of(scene) if mark.name in named}


def test_boxes_keep_inside_the_picture_and_apart() -> None:
    for number in range(60):
        marks = SCENES.get("things", scattered_things, "train", number).marks
        for place, mark in enumerate(marks):
            left, top, right, bottom = mark.box
            assert min(left, top) >= 0
            assert max(right, bottom) <= 224
            for other in marks[:place]:
                apart = other.box[0] >= right - 1 or other.box[2] <= left + 1
                assert apart or other.box[1] >= bottom - 1 or other.box[3] <= top + 1
