"""Numbered things: found again by the boxes that the sentences about them give."""

import re
from collections import Counter

import pytest

from mibench.data.mini.seen.families import numbered_items
from mibench.data.mini.seen.family import Family, Question
from mibench.data.mini.seen.scene import Mark, Scene
from mibench.data.mini.visual.rows import box_text
from mibench.data.mini.visual.things import THINGS
from tests.data.mini.seen.lettering_questions import asked, check_shape, largest_share

SHARES = {"name_of_item": 0.34, "use_of_item": 0.04}
PLACED = re.compile(r"((?:item|thing|part) (\d)) (is in|lies at|has the box) (\d+ \d+ \d+ \d+)\.")


def _numbered(scene: Scene, question: Question) -> dict[str, Mark]:
    """Return the marks that the sentences number, by what these call them."""
    text = question.fields["items"]
    boxes = {box_text(mark.box): mark for mark in scene.marks}
    assert PLACED.sub("", text).strip() == ""
    return {match[1]: boxes[match[4]] for match in PLACED.finditer(text)}


def _uses(question: Question) -> dict[str, str]:
    """Return the options by the uses of things that they name."""
    return {thing.use: option for option in question.options for thing in THINGS.values() if thing.use in option}


@pytest.mark.parametrize("family", numbered_items.FAMILIES, ids=lambda family: family.name)
class TestNumberedItems:
    def test_answers_are_what_the_box_of_the_item_shows(self, family: Family) -> None:
        for scene, question in asked(family):
            mark = _numbered(scene, question)[question.fields["item"]]
            named = family.name == "name_of_item"
            assert question.target == (mark.name if named else _uses(question)[THINGS[mark.name].use])

    def test_items_are_different_and_numbered_from_one_in_one_way(self, family: Family) -> None:
        for scene, question in asked(family):
            marks = list(_numbered(scene, question).values())
            assert len(set(marks)) == len(marks) == min(3, len(scene.marks))
            found = PLACED.findall(question.fields["items"])
            assert [number for _, number, _, _ in found] == ["1", "2", "3"][: len(marks)]
            assert len({(name.split()[0], placed) for name, _, placed, _ in found}) == 1

    def test_the_mention_is_the_box_of_the_item(self, family: Family) -> None:
        for scene, question in asked(family):
            mark = _numbered(scene, question)[question.fields["item"]]
            assert question.mentions == {box_text(mark.box): mark.box}
            assert question.focus == mark.box

    def test_any_number_is_asked_about(self, family: Family) -> None:
        asks = Counter(
            question.fields["item"].split()[1] for _, question in asked(family) if " 3 " in question.fields["items"]
        )
        assert asks.keys() == {"1", "2", "3"}
        assert max(asks.values()) / asks.total() < 0.45

    def test_no_answer_outweighs(self, family: Family) -> None:
        assert largest_share(family) <= SHARES[family.name]

    def test_shape(self, family: Family) -> None:
        check_shape(family)


def test_options_are_four_uses_in_one_sentence_with_those_of_all_items() -> None:
    for scene, question in asked(numbered_items.USE_OF_ITEM):
        uses = _uses(question)
        assert len(uses) == len(question.options) == 4
        assert len({option.replace(use, "#") for use, option in uses.items()}) == 1
        shown = [mark for mark in _numbered(scene, question).values() if mark.name in THINGS]
        assert uses.keys() >= {THINGS[mark.name].use for mark in shown}


def test_options_tell_nothing() -> None:
    questions = [question for _, question in asked(numbered_items.USE_OF_ITEM, 400)]
    places = Counter(question.options.index(question.target) for question in questions)
    assert max(places.values()) / 400 < 0.33
    offered = Counter(use for question in questions for use in _uses(question))
    right = Counter(
        use for question in questions for use, option in _uses(question).items() if option == question.target
    )
    assert offered.keys() == {thing.use for thing in THINGS.values()}
    assert max(right[use] / offered[use] for use in offered) < 0.42
