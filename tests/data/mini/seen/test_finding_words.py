"""Questions that look for words, answered again from the words that are written."""

import pytest

from mibench.data.mini.seen.families import finding_words
from mibench.data.mini.seen.family import Family, Question
from mibench.data.mini.seen.scene import Scene
from mibench.data.mini.visual.rows import box_text
from tests.data.mini.seen.lettering_questions import asked, check_shape, largest_share

SHARES = {"is_word_there": 0.57, "box_of_word": 0.02, "count_words": 0.24}


def _answer(family: Family, scene: Scene, question: Question) -> str:
    boxes = {mark.word: mark.box for mark in scene.marks if mark.word}
    if family.name == "count_words":
        return ("one", "two", "three", "four", "five", "six")[len(boxes) - 1]
    word = question.fields["word"].lower()
    if family.name == "box_of_word":
        return box_text(boxes[word])
    return "yes" if word in boxes else "no"


@pytest.mark.parametrize("family", finding_words.FAMILIES, ids=lambda family: family.name)
class TestFindingWords:
    def test_answers_are_what_is_written(self, family: Family) -> None:
        for scene, question in asked(family):
            assert question.target == _answer(family, scene, question)

    def test_no_answer_outweighs(self, family: Family) -> None:
        assert largest_share(family) <= SHARES[family.name]

    def test_shape(self, family: Family) -> None:
        check_shape(family)
