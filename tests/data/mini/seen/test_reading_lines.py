"""Questions about lines, answered again from the words' places."""

import pytest

from mibench.data.mini.seen.families import reading_lines
from mibench.data.mini.seen.family import Family, Question
from mibench.data.mini.seen.scene import Scene
from tests.data.mini.seen.lettering_questions import asked, check_shape, largest_share, marks_within

SHARES = {"line_in_box": 0.04, "last_word_in_line": 0.05, "two_lines_in_boxes": 0.04, "which_line_has": 0.4}


def _line(scene: Scene, box: str) -> list[str]:
    return [mark.word for mark in marks_within(scene, box)]


def _answer(family: Family, scene: Scene, question: Question) -> str:
    fields = question.fields
    if family.name == "which_line_has":
        tops = sorted({round(sum(mark.box[1::2])) for mark in scene.marks if mark.word})
        (mark,) = (mark for mark in scene.marks if mark.word == fields["word"].lower())
        return ("first", "second", "third")[tops.index(round(sum(mark.box[1::2])))]
    line = _line(scene, fields["box"])
    if family.name == "last_word_in_line":
        return line[-1]
    return " ".join(line + (_line(scene, fields["other"]) if "other" in fields else []))


@pytest.mark.parametrize("family", reading_lines.FAMILIES, ids=lambda family: family.name)
class TestReadingLines:
    def test_answers_are_what_is_written(self, family: Family) -> None:
        for scene, question in asked(family):
            assert question.target == _answer(family, scene, question)

    def test_no_answer_outweighs(self, family: Family) -> None:
        assert largest_share(family) <= SHARES[family.name]

    def test_shape(self, family: Family) -> None:
        check_shape(family)


def test_two_lines_are_never_all_that_is_written() -> None:
    for scene, question in asked(reading_lines.TWO_LINES_IN_BOXES):
        assert len(question.target.split()) < sum(bool(mark.word) for mark in scene.marks)


def test_two_lines_are_named_in_either_order() -> None:
    tops = [[int(box.split()[1]) for box in q.fields.values()] for _, q in asked(reading_lines.TWO_LINES_IN_BOXES)]
    assert 0.4 < sum(top < other for top, other in tops) / len(tops) < 0.6
