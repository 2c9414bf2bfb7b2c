"""Questions about single words."""

from collections import Counter

import pytest

from mibench.data.mini.seen.families import text_words
from mibench.data.mini.seen.family import Family
from mibench.data.mini.visual import words
from tests.data.mini.seen.lettering_questions import asked, check_shape, largest_share

SHARES = {"opposite_of_word": 0.05, "kind_of_word": 0.32, "plural_of": 0.06, "join_words": 0.06}


@pytest.mark.parametrize("family", text_words.FAMILIES, ids=lambda family: family.name)
class TestTextWords:
    def test_no_answer_outweighs(self, family: Family) -> None:
        assert largest_share(family) <= SHARES[family.name]

    def test_shape(self, family: Family) -> None:
        check_shape(family)


def test_kinds_are_those_of_the_lexicons() -> None:
    lexicons = {"animal": words.ANIMALS, "place": words.PLACES, "town": words.TOWNS, "mood": words.MOODS}
    for _, question in asked(text_words.KIND_OF_WORD):
        assert question.fields["word"] in [word.lower() for word in lexicons[question.target]]


def test_each_word_has_one_opposite() -> None:
    assert max(Counter(word for pair in text_words.OPPOSITES for word in pair).values()) == 1
    pairs = {frozenset(pair) for pair in text_words.OPPOSITES}
    assert all(frozenset((q.fields["word"], q.target)) in pairs for _, q in asked(text_words.OPPOSITE_OF_WORD))


def test_plurals_are_of_their_singulars() -> None:
    for _, question in asked(text_words.PLURAL_OF):
        singular = question.fields["word"]
        assert singular != question.target
        assert text_words.PLURALS[singular] == question.target
    assert len(set(text_words.PLURALS.values())) == len(text_words.PLURALS)


def test_joined_words_hold_both() -> None:
    for _, question in asked(text_words.JOIN_WORDS):
        assert question.target == question.fields["word"] + question.fields["other"]
