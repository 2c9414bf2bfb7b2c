"""Sentences about two or all: taken apart again and judged by the marks."""

import re
from collections import Counter

import pytest

from mibench.data.mini.seen.families import set_sentences
from mibench.data.mini.seen.family import Family
from mibench.data.mini.seen.scene import Mark, Scene
from mibench.data.mini.visual.shapes import COLOURS, SIZES
from tests.data.mini.seen.lettering_questions import asked, check_shape, largest_share

NUMBERS = ("one", "two", "three", "four", "five")
COMPARISON = re.compile(
    r"The (?P<one>[a-z ]+?) (?:is (?P<width>larger|smaller) than"
    r"|has (?P<trait>(?:the same|another) (?:colour|size)) (?:as|than)) the (?P<other>[a-z ]+)\."
)
KINDS = {
    "number": re.compile(r"(?:There (?:is|are) exactly|One counts) (\w+) figures?\."),
    "colour": re.compile(r"(?:At least one figure is|Among the figures is an?) (\w+)(?: one)?\."),
    "absence": re.compile(r"(?:No figure is|None of the figures is) (\w+)\."),
    "size": re.compile(r"(?:Every figure is|All that was drawn is) (\w+)\."),
}


def _width(mark: Mark) -> float:
    return mark.box[2] - mark.box[0]


def _size(mark: Mark) -> str:
    return "large" if _width(mark) > 48 else "small"


def _compared(text: str) -> re.Match[str]:
    match = COMPARISON.fullmatch(text)
    assert match, text
    return match


def _named(scene: Scene, phrase: str) -> Mark:
    (mark,) = (mark for mark in scene.marks if phrase in (mark.name, f"{mark.colour} {mark.name}"))
    return mark


def _comparison_holds(scene: Scene, text: str) -> bool:
    match = _compared(text)
    one, other = (_named(scene, match[name]) for name in ("one", "other"))
    assert one is not other
    if match["width"]:
        small, large = sorted((_width(one), _width(other)))
        assert large / small >= 1.25
        return (_width(one) > _width(other)) == (match["width"] == "larger")
    if match["trait"].endswith("colour"):
        assert one.colour
        assert other.colour
        assert (match["one"], match["other"]) == (one.name, other.name)
        alike = one.colour == other.colour
    else:
        alike = _size(one) == _size(other)
    return alike == match["trait"].startswith("the same")


def _kind(text: str) -> tuple[str, str]:
    """Return what a sentence about all speaks of, and the word that matters."""
    ((kind, match),) = ((kind, match) for kind, known in KINDS.items() if (match := known.fullmatch(text)))
    return kind, match[1]


def _holds_of_all(scene: Scene, text: str) -> bool:
    kind, word = _kind(text)
    if kind == "number":
        assert ("figures" in text) == (word != "one")
        return NUMBERS.index(word) + 1 == len(scene.marks)
    if kind == "size":
        return {_size(mark) for mark in scene.marks} == {word}
    return (word in {mark.colour for mark in scene.marks}) == (kind == "colour")


@pytest.mark.parametrize("family", set_sentences.FAMILIES, ids=lambda family: family.name)
class TestSetSentences:
    def test_answers_are_what_the_picture_shows(self, family: Family) -> None:
        holds = _comparison_holds if family.name == "comparison_sentence" else _holds_of_all
        for scene, question in asked(family):
            assert question.target == ("yes" if holds(scene, question.fields["text"]) else "no")
            assert question.options == ("yes", "no")

    def test_no_answer_outweighs(self, family: Family) -> None:
        assert largest_share(family) <= 0.57

    def test_shape(self, family: Family) -> None:
        check_shape(family)


def test_the_two_that_are_compared_are_mentioned() -> None:
    for scene, question in asked(set_sentences.COMPARISON_SENTENCE):
        match = _compared(question.fields["text"])
        one, other = (_named(scene, match[name]).box for name in ("one", "other"))
        assert question.mentions == {match["one"]: one, match["other"]: other}
        assert question.focus == one


def test_a_comparison_says_nothing_of_its_truth() -> None:
    answers: dict[str, Counter[str]] = {}
    for _, question in asked(set_sentences.COMPARISON_SENTENCE, 1500):
        match = _compared(question.fields["text"])
        answers.setdefault(match["width"] or match["trait"], Counter())[question.target] += 1
    assert len(answers) == 6
    for said, found in answers.items():
        assert 0.38 < found["yes"] / found.total() < 0.62, said


def test_a_sentence_about_all_says_nothing_of_its_truth() -> None:
    by_kind: dict[str, Counter[str]] = {}
    by_word: dict[str, Counter[str]] = {}
    for _, question in asked(set_sentences.SENTENCE_ABOUT_ALL, 1500):
        kind, word = _kind(question.fields["text"])
        by_kind.setdefault(kind, Counter())[question.target] += 1
        by_word.setdefault(word, Counter())[question.target] += 1
    assert by_kind.keys() == KINDS.keys()
    assert by_word.keys() == {*NUMBERS, *COLOURS, *SIZES}
    for answers, most in ((by_kind, 0.6), (by_word, 0.7)):
        for said, found in answers.items():
            assert max(found.values()) / found.total() < most, said
