"""Sentences against figures, judged again word by word."""

from collections import Counter

import pytest

from mibench.data.mini.seen.families import matching
from mibench.data.mini.seen.family import Family, Question
from mibench.data.mini.seen.scene import Scene
from tests.data.mini.seen.lettering_questions import asked, check_shape, largest_share

SHARES = {"caption_of_figures": 0.57, "choose_caption": 0.02, "missing_figure": 0.24, "more_of_colour": 0.24}


def _true(scene: Scene, sentence: str) -> bool:
    """Tell whether each phrase of a sentence is true of some figure."""
    phrases = [set(phrase.split()[1:]) for phrase in sentence.rstrip(".").split(" and ")]
    return all(any(phrase <= {mark.size, mark.colour, mark.name} for mark in scene.marks) for phrase in phrases)


def _answers(family: Family, scene: Scene, question: Question) -> list[str]:
    if family.name == "caption_of_figures":
        return ["yes" if _true(scene, question.fields["text"]) else "no"]
    if family.name == "choose_caption":
        return [option for option in question.options if _true(scene, option)]
    if family.name == "missing_figure":
        return [option for option in question.options if option not in {mark.name for mark in scene.marks}]
    counts = Counter(mark.colour for mark in scene.marks)
    most = max(counts[option] for option in question.options)
    return [option for option in question.options if counts[option] == most]


@pytest.mark.parametrize("family", matching.FAMILIES, ids=lambda family: family.name)
class TestMatching:
    def test_one_answer_is_right(self, family: Family) -> None:
        for scene, question in asked(family):
            assert _answers(family, scene, question) == [question.target]

    def test_no_answer_outweighs(self, family: Family) -> None:
        assert largest_share(family) <= SHARES[family.name]

    def test_shape(self, family: Family) -> None:
        check_shape(family)


def test_no_caption_is_nearer_to_the_others() -> None:
    for _, question in asked(matching.CHOOSE_CAPTION):
        options = [option.split() for option in question.options]
        distances = {
            tuple(sorted(sum(a != b for a, b in zip(one, other, strict=True)) for other in options)) for one in options
        }
        assert len(options) == 4
        assert len(distances) == 1


@pytest.mark.parametrize("word", ["small", "large", "red", "orange", "purple", "star", "cross"])
def test_a_word_says_nothing_of_a_captions_truth(word: str) -> None:
    found = [q.target for _, q in asked(matching.CAPTION_OF_FIGURES, 3000) if word in q.fields["text"].lower()]
    assert 0.42 < found.count("yes") / len(found) < 0.58
