"""Words and where they stand: answered again from the boxes alone."""

from collections import Counter

import pytest

from mibench.data.mini.seen.families import places_of_words
from mibench.data.mini.seen.family import Family, Question
from mibench.data.mini.seen.scene import Mark, Scene
from mibench.data.mini.visual.things import THINGS
from tests.data.mini.seen.lettering_questions import asked, check_shape, largest_share

SHARES = {"text_at_end": 0.04, "outer_line": 0.04, "frame_of_word": 0.24, "thing_of_tag": 0.13}
EDGES = {"leftmost": (0, -1), "highest": (1, -1), "rightmost": (2, 1), "lowest": (3, 1)}
"""Edge of a box and direction."""


def _texts(scene: Scene) -> list[Mark]:
    return [mark for mark in scene.marks if mark.word]


def _at_end(scene: Scene, end: str) -> Mark:
    """Return the text that is ahead with its edge, and clearly with its middle."""
    edge, direction = EDGES[end]
    first, *others = sorted(_texts(scene), key=lambda mark: direction * mark.box[edge], reverse=True)
    assert all(direction * (first.centre[edge % 2] - other.centre[edge % 2]) >= 12 for other in others)
    return first


def _line_at(scene: Scene, end: str) -> list[Mark]:
    """Return the words from left to right that stand as high as the first or the last."""
    heights = [mark.centre[1] for mark in _texts(scene)]
    height = min(heights) if end == "top" else max(heights)
    assert max(heights) - min(heights) > 12
    line = [mark for mark in _texts(scene) if abs(mark.centre[1] - height) < 1]
    return sorted(line, key=lambda mark: mark.box[0])


def _written(scene: Scene, text: str) -> Mark:
    (mark,) = (mark for mark in scene.marks if mark.word and mark.word == text.lower())
    return mark


def _frame_around(scene: Scene, word: Mark) -> Mark:
    x, y = word.centre
    (frame,) = (
        mark
        for mark in scene.marks
        if mark.name == "plaque" and mark.box[0] < x < mark.box[2] and mark.box[1] < y < mark.box[3]
    )
    return frame


def _thing_above(scene: Scene, word: Mark) -> Mark:
    """Return the nearest thing that ends above a text and is over its middle."""
    x, top = word.centre[0], word.box[1]
    things = [mark for mark in scene.marks if mark.name in THINGS and mark.box[0] < x < mark.box[2]]
    return min((mark for mark in things if mark.box[3] < top), key=lambda mark: top - mark.box[3])


def _answer(family: Family, scene: Scene, question: Question) -> tuple[str, tuple[Mark, ...], Mark]:
    """Return the answer, what the field speaks of, and what the answer is read from."""
    (value,) = question.fields.values()
    if family.name == "text_at_end":
        text = _at_end(scene, value)
        return text.word, (text,), text
    if family.name == "outer_line":
        line = _line_at(scene, value)
        return " ".join(mark.word for mark in line), tuple(line), line[0]
    word = _written(scene, value)
    if family.name == "frame_of_word":
        frame = _frame_around(scene, word)
        return frame.colour, (word,), frame
    thing = _thing_above(scene, word)
    return thing.name, (word,), thing


@pytest.mark.parametrize("family", places_of_words.FAMILIES, ids=lambda family: family.name)
class TestPlacesOfWords:
    def test_answers_are_what_the_places_tell(self, family: Family) -> None:
        for scene, question in asked(family):
            assert question.target == _answer(family, scene, question)[0]

    def test_mentions_and_focus_are_the_places(self, family: Family) -> None:
        for scene, question in asked(family):
            _, marks, focus = _answer(family, scene, question)
            ((name, box),) = question.mentions.items()
            assert name in question.fields
            assert box[:2] == (min(mark.box[0] for mark in marks), min(mark.box[1] for mark in marks))
            assert box[2:] == (max(mark.box[2] for mark in marks), max(mark.box[3] for mark in marks))
            assert question.focus == focus.box

    def test_no_answer_outweighs(self, family: Family) -> None:
        assert largest_share(family) <= SHARES[family.name]

    def test_shape(self, family: Family) -> None:
        check_shape(family)


@pytest.mark.parametrize(
    ("family", "ends"), [(places_of_words.TEXT_AT_END, set(EDGES)), (places_of_words.OUTER_LINE, {"top", "bottom"})]
)
def test_each_end_is_asked_for(family: Family, ends: set[str]) -> None:
    asks = Counter(question.fields["end"] for _, question in asked(family))
    assert asks.keys() == ends
    assert max(asks.values()) / asks.total() < 1 / len(ends) + 0.08


def test_a_word_is_asked_about_in_either_case() -> None:
    upper = [question.fields["word"].isupper() for _, question in asked(places_of_words.FRAME_OF_WORD)]
    assert 0.4 < sum(upper) / len(upper) < 0.6
