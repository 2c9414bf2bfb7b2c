"""People who hold things: answers found again from the marks, and no answer more likely than another."""

from collections import Counter

import pytest

from mibench.data.mini.seen.families.people import FAMILIES
from mibench.data.mini.seen.family import Family, Question, Scenes, draw_examples
from mibench.data.mini.seen.scene import Mark, Scene
from mibench.data.mini.seen.worlds.people import people_with_things
from mibench.data.mini.visual.rows import box_text
from mibench.data.mini.visual.shapes import COLOURS
from mibench.data.mini.visual.things import THINGS

LARGEST_SHARE = {"shirt_colour": 0.24, "thing_held": 0.13, "person_sentence": 0.03, "wants_to": 0.24}
SCENES = Scenes()


def examples(family: Family, count: int) -> list[tuple[Question, Scene]]:
    drawn = draw_examples(family, SCENES, "train", count, pictures=1000)
    return [(one.question, SCENES.get(one.world, people_with_things, "train", one.number)) for one in drawn]


def holder(thing: Mark, scene: Scene) -> Mark:
    """Return the person whose arm ends at the thing."""
    people = [mark for mark in scene.marks if mark.name == "person"]
    return min(people, key=lambda mark: abs(mark.box[2] - thing.box[0]))


def answers(name: str, question: Question, scene: Scene) -> list[str]:
    held = [(holder(mark, scene), mark) for mark in scene.marks if mark.name in THINGS]
    if name == "person_sentence":
        true = [(someone.colour, f"{THINGS[thing.name].article} {thing.name}") for someone, thing in held]
        return [
            option
            for option in question.options
            if any(f" {colour} " in option and f" {thing}" in option for colour, thing in true)
        ]
    if name == "wants_to":
        return [someone.colour for someone, thing in held if THINGS[thing.name].use == question.fields["use"]]
    if name == "thing_held":
        return [thing.name for someone, thing in held if box_text(someone.box) == question.fields["box"]]
    return [mark.colour for mark in scene.marks if box_text(mark.box) == question.fields["box"]]


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_answers_follow_from_what_was_drawn(family: Family) -> None:
    for question, scene in examples(family, 200):
        assert [question.target] == answers(family.name, question, scene)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_no_answer_is_much_more_likely_than_another(family: Family) -> None:
    drawn = [question for question, _ in examples(family, 400)]
    assert max(Counter(question.target for question in drawn).values()) / len(drawn) <= LARGEST_SHARE[family.name]


def test_each_colour_and_each_thing_of_the_sentences_is_offered_twice() -> None:
    (family,) = [family for family in FAMILIES if family.name == "person_sentence"]
    for question, _ in examples(family, 100):
        words = Counter(word for option in question.options for word in COLOURS if f" {word} " in option)
        assert set(words.values()) == {2}
        assert len(set(question.options)) == 4


def test_what_is_held_stays_inside_the_picture() -> None:
    for number in range(100):
        scene = SCENES.get("people", people_with_things, "train", number)
        assert all(mark.box[0] >= 0 and mark.box[2] <= 224 for mark in scene.marks)
