"""Questions about three frames: recomputed from where the items are in each, balanced."""

from collections import Counter

import pytest

from mibench.data.mini.seen.families.temporal import FAMILIES
from mibench.data.mini.seen.family import Example, Family, Scenes, draw_examples
from mibench.data.mini.seen.scene import STRIP, Mark, Scene

FRAMES = ("first", "second", "third")
PITCH = 112
CHANCE = {"direction_of_move": 1 / 4, "change_of_size": 1 / 3, "coming_or_going": 1 / 3, "only_frame": 1 / 3}


def draw(family: Family, count: int) -> list[tuple[Example, Scene]]:
    scenes = Scenes()
    examples = draw_examples(family, scenes, "train", count, pictures=400)
    return [
        (example, scenes.get(example.world, family.worlds[example.world], "train", example.number))
        for example in examples
    ]


def frame(mark: Mark) -> int:
    return int(mark.centre[0] // (STRIP[0] / 3))


def shown(scene: Scene, name: str) -> dict[int, Mark]:
    return {frame(mark): mark for mark in sorted(scene.marks, key=frame) if mark.name == name}


def direction(first: Mark, last: Mark) -> str:
    across, down = last.centre[0] - first.centre[0] - 2 * PITCH, last.centre[1] - first.centre[1]
    if abs(across) > abs(down):
        return "left" if across < 0 else "right"
    return "up" if down < 0 else "down"


def growth(first: Mark, last: Mark) -> str:
    ratio = (last.box[2] - last.box[0]) / (first.box[2] - first.box[0])
    return "grows" if ratio > 1.5 else "shrinks" if ratio < 0.7 else "stays the same"


def right_answer(example: Example, scene: Scene) -> str:
    if example.family == "newcomer":
        (name,) = {mark.name for mark in scene.marks} - {mark.name for mark in scene.marks if frame(mark) == 0}
        return name
    marks = shown(scene, example.question.fields["thing"])
    match example.family:
        case "direction_of_move":
            return direction(marks[0], marks[2])
        case "change_of_size":
            return growth(marks[0], marks[2])
        case "coming_or_going":
            return {(True, True): "stays", (True, False): "vanishes", (False, True): "appears"}[0 in marks, 2 in marks]
        case "only_frame":
            (number,) = marks
            return FRAMES[number]
    raise AssertionError(example.family)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_answers_are_what_the_frames_show(family: Family) -> None:
    for example, scene in draw(family, 200):
        question = example.question
        assert question.target == right_answer(example, scene)
        if question.options:
            assert question.options.count(question.target) == 1
            assert len({*question.options}) == round(1 / CHANCE[family.name])


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_no_answer_is_frequent(family: Family) -> None:
    questions = [example.question for example, _ in draw(family, 400)]
    share = Counter(question.target for question in questions).most_common(1)[0][1] / 400
    assert share < CHANCE.get(family.name, 0.1) + 0.08


def test_places_name_the_frames() -> None:
    for _, scene in draw(FAMILIES[0], 50):
        assert all(mark.place == FRAMES[frame(mark)] for mark in scene.marks)
