"""Questions about a single text in a box, answered again from the words' places."""

import pytest

from mibench.data.mini.seen.families import reading
from mibench.data.mini.seen.family import Family
from mibench.data.mini.seen.scene import Scene
from mibench.data.mini.visual import words
from mibench.data.mini.visual.rows import box_text
from tests.data.mini.seen.lettering_questions import asked, check_shape, largest_share, marks_within

SHARES = {
    "word_in_box": 0.04,
    "number_in_box": 0.06,
    "first_letter": 0.09,
    "word_kind": 0.32,
    "tag_of_thing_in_box": 0.04,
}
_LEXICONS = {"animal": words.ANIMALS, "place": words.PLACES, "town": words.TOWNS, "mood": words.MOODS}


def _kind(word: str) -> str:
    return next(kind for kind, names in _LEXICONS.items() if word in (name.lower() for name in names))


def _tag(scene: Scene, box: str) -> str:
    """Return the text nearest below the middle of a box."""
    thing = next(mark for mark in scene.marks if box_text(mark.box) == box)
    below = [mark for mark in scene.marks if mark.word and mark.centre[1] > thing.centre[1]]
    x, bottom = thing.centre[0], thing.box[3]
    return min(below, key=lambda mark: abs(mark.centre[0] - x) + abs(mark.box[1] - bottom)).word


def _answer(family: Family, scene: Scene, box: str) -> str:
    if family.name == "tag_of_thing_in_box":
        return _tag(scene, box)
    (mark,) = marks_within(scene, box)
    return {"first_letter": mark.word[0], "word_kind": ""}.get(family.name, mark.word) or _kind(mark.word)


@pytest.mark.parametrize("family", reading.FAMILIES, ids=lambda family: family.name)
class TestReading:
    def test_answers_are_what_is_written(self, family: Family) -> None:
        for scene, question in asked(family):
            assert question.target == _answer(family, scene, question.fields["box"])
            assert question.focus is not None

    def test_no_answer_outweighs(self, family: Family) -> None:
        assert largest_share(family) <= SHARES[family.name]

    def test_shape(self, family: Family) -> None:
        check_shape(family)


def test_numbers_are_numbers() -> None:
    targets = [question.target for _, question in asked(reading.NUMBER_IN_BOX)]
    assert all(target.replace(".", "", 1).isdigit() for target in targets)
    assert any("." in target for target in targets)
    assert any("." not in target for target in targets)
