"""Questions about three panels: recounted from the figures' places in pixels, balanced."""

from collections import Counter

import pytest

from mibench.data.mini.seen.families.panels import FAMILIES
from mibench.data.mini.seen.family import Example, Family, Scenes, draw_examples
from mibench.data.mini.seen.scene import STRIP, Mark, Scene

NUMBERS = ("zero", "one", "two", "three", "four", "five")
PLACES = ("left", "middle", "right")
CHANCE = {"count_in_panel": 1 / 5, "count_of_kind": 1 / 5}


def draw(family: Family, count: int) -> list[tuple[Example, Scene]]:
    scenes = Scenes()
    examples = draw_examples(family, scenes, "train", count, pictures=400)
    return [
        (example, scenes.get(example.world, family.worlds[example.world], "train", example.number))
        for example in examples
    ]


def panel(mark: Mark) -> str:
    return PLACES[int(mark.centre[0] / (STRIP[0] / 3))]


def kind(mark: Mark) -> str:
    return f"{mark.colour} {mark.name}"


def right_answer(example: Example, scene: Scene) -> str:
    fields = example.question.fields
    inside = {place: [mark for mark in scene.marks if panel(mark) == place] for place in PLACES}
    match example.family:
        case "count_in_panel":
            return NUMBERS[len(inside[fields["place"]])]
        case "count_of_kind":
            plural = {
                f"{kind(mark)}es" if mark.name == "cross" else f"{kind(mark)}s": kind(mark) for mark in scene.marks
            }
            return NUMBERS[sum(kind(mark) == plural.get(fields["things"]) for mark in scene.marks)]
        case "fullest_panel":
            found = [place for place in PLACES if len(inside[place]) == max(map(len, inside.values()))]
        case "panel_with":
            wanted = fields["thing"].removeprefix("an ").removeprefix("a ")
            found = [place for place in PLACES if any(kind(mark) == wanted for mark in inside[place])]
        case "panel_of_one_colour":
            found = [place for place in PLACES if len({mark.colour for mark in inside[place]}) == 1]
    (answer,) = found
    return answer


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_answers_are_what_the_panels_show(family: Family) -> None:
    for example, scene in draw(family, 200):
        question = example.question
        assert (example.width, example.height) == STRIP
        assert question.target == right_answer(example, scene)
        if question.options:
            assert sorted(question.options) == sorted(PLACES)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_no_answer_is_frequent(family: Family) -> None:
    questions = [example.question for example, _ in draw(family, 400)]
    chance = CHANCE.get(family.name, 1 / 3)
    assert Counter(question.target for question in questions).most_common(1)[0][1] / 400 < chance + 0.08


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_figures_do_not_touch_and_are_inside_the_picture(family: Family) -> None:
    for _, scene in draw(family, 50):
        for number, mark in enumerate(scene.marks):
            left, top, right, bottom = mark.box
            assert left >= 0
            assert top >= 0
            assert right <= scene.width
            assert bottom <= scene.height
            for other in scene.marks[:number]:
                assert left > other.box[2] or right < other.box[0] or top > other.box[3] or bottom < other.box[1]
