"""Questions about figures and their boxes: recomputed from the marks, balanced, with the answer once in the options."""

from collections import Counter

import pytest

from mibench.data.mini.seen.families import figure_boxes, figure_sentences, figures
from mibench.data.mini.seen.family import Example, Family, Scenes, draw_examples
from mibench.data.mini.seen.scene import Mark, Scene
from mibench.data.mini.visual.rows import box_text

FAMILIES = [*figures.FAMILIES, *figure_boxes.FAMILIES, *figure_sentences.FAMILIES]

LARGEST_SHARE = {
    "colour_of_figure": 1 / 6,
    "presence_of_figure": 1 / 2,
    "count_figures": 1 / 5,
    "place_of_figure": 1 / 9,
    "size_of_figure": 1 / 2,
    "shape_in_box": 1 / 6,
    "colour_in_box": 1 / 6,
    "figure_in_box_check": 1 / 2,
    "about_it": 1 / 6,
    "statement_about_figure": 1 / 2,
}
"""Share of the most frequent answer; where the answer is a box, it differs from picture to picture."""


def draw(family: Family, count: int) -> list[tuple[Example, Scene]]:
    scenes = Scenes()
    examples = draw_examples(family, scenes, "train", count, pictures=400)
    return [
        (example, scenes.get(example.world, family.worlds[example.world], "train", example.number))
        for example in examples
    ]


def one(scene: Scene, **wanted: str) -> Mark:
    """Return the one mark of these attributes."""
    (mark,) = (mark for mark in scene.marks if all(getattr(mark, name) == value for name, value in wanted.items()))
    return mark


def at(scene: Scene, box: str) -> Mark:
    (mark,) = (mark for mark in scene.marks if box_text(mark.box) == box)
    return mark


def bare(phrase: str) -> str:
    return phrase.removeprefix("an ").removeprefix("a ")


def odd_one(scene: Scene) -> Mark:
    for attribute in ("name", "colour", "size"):
        values = Counter(getattr(mark, attribute) for mark in scene.marks)
        if sorted(values.values()) == [1, 3]:
            return one(scene, **{attribute: min(values, key=lambda value: values[value])})
    raise AssertionError("no odd figure")


def largest(scene: Scene, example: Example) -> Mark:
    marks = [at(scene, box) for box in example.question.options]
    widths = sorted((mark.box[2] - mark.box[0], number) for number, mark in enumerate(marks))
    assert widths[-1][0] > 1.3 * widths[-2][0]
    return marks[widths[-1][1]]


def holds(scene: Scene, text: str) -> bool:
    words = text.removesuffix(".").split()
    mark = one(scene, name=words[1])
    return " ".join(words[3:]) in (mark.colour, mark.size, f"at the {mark.place}", f"in the {mark.place}")


def right_answer(example: Example, scene: Scene) -> str:
    fields = example.question.fields
    match example.family:
        case "colour_of_figure":
            return one(scene, name=fields["thing"]).colour
        case "presence_of_figure":
            return "yes" if any(mark.name == bare(fields["thing"]) for mark in scene.marks) else "no"
        case "count_figures":
            return ["one", "two", "three", "four", "five"][len(scene.marks) - 1]
        case "place_of_figure":
            return one(scene, name=fields["thing"]).place
        case "size_of_figure":
            left, _, right, _ = one(scene, name=fields["thing"]).box
            return "large" if right - left > 48 else "small"
        case "shape_in_box":
            return at(scene, fields["box"]).name
        case "colour_in_box":
            return at(scene, fields["box"]).colour
        case "figure_in_box_check":
            return "yes" if at(scene, fields["box"]).name == bare(fields["thing"]) else "no"
        case "box_of_figure":
            return box_text(one(scene, name=fields["thing"]).box)
        case "box_of_colour":
            return box_text(one(scene, colour=fields["colour"]).box)
        case "odd_box":
            return box_text(odd_one(scene).box)
        case "largest_box":
            return box_text(largest(scene, example).box)
        case "about_it":
            return getattr(one(scene, name=bare(fields["thing"])), fields["attribute"])
        case "statement_about_figure":
            return "yes" if holds(scene, fields["text"]) else "no"
    raise AssertionError(example.family)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_answers_are_what_the_picture_shows(family: Family) -> None:
    for example, scene in draw(family, 200):
        question = example.question
        assert question.target == right_answer(example, scene)
        boxes = {mark.box for mark in scene.marks}
        assert boxes >= {*question.mentions.values()}
        for words in question.mentions.keys() - question.fields.keys():
            assert question.mentions[words] == one(scene, name=words).box
        assert question.focus is None or question.focus in boxes
        if question.options:
            assert question.options.count(question.target) == 1
            assert len({*question.options}) == len(question.options) == len(draw(family, 1)[0][0].question.options)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_no_answer_is_frequent(family: Family) -> None:
    questions = [example.question for example, _ in draw(family, 400)]
    if family.name == "about_it":
        for attribute, chance in (("colour", 1 / 6), ("size", 1 / 2), ("place", 1 / 9)):
            about = [question.target for question in questions if question.fields["attribute"] == attribute]
            assert Counter(about).most_common(1)[0][1] / len(about) < chance + 0.1
        return
    share = Counter(question.target for question in questions).most_common(1)[0][1] / len(questions)
    assert share < LARGEST_SHARE.get(family.name, 0.01) + 0.08
    if questions[0].options:
        places = Counter(question.options.index(question.target) for question in questions)
        assert places.most_common(1)[0][1] / len(questions) < 1 / len(questions[0].options) + 0.08


def test_a_known_statement() -> None:
    star = Mark((0, 0, 60, 60), "star", "red", "large", place="middle")
    assert figure_sentences.statement(star, "colour", "red") == "The star is red."
    assert figure_sentences.statement(star, "place", "middle") == "The star is in the middle."
    assert figure_sentences.statement(star, "place", "top left") == "The star is at the top left."
