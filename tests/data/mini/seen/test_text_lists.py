"""Questions about rows of words and numbers, answered again."""

import pytest

from mibench.data.mini.seen.families import text_lists
from mibench.data.mini.seen.family import Family, Question
from tests.data.mini.seen.lettering_questions import asked, check_shape, largest_share

SHARES = {
    "sort_two_words": 0.02,
    "count_the_words": 0.27,
    "repeat_last_word": 0.04,
    "is_word_in_list": 0.57,
    "next_number": 0.06,
}


def _answer(family: Family, question: Question) -> str:
    fields = question.fields
    if family.name == "sort_two_words":
        return " ".join(sorted(fields.values()))
    if family.name == "count_the_words":
        return {2: "two", 3: "three", 4: "four", 5: "five", 6: "six"}[len(fields["text"].split())]
    if family.name == "repeat_last_word":
        return fields["text"].split()[-1]
    if family.name == "is_word_in_list":
        return "yes" if fields["word"] in fields["text"].split(", ") else "no"
    first, second, third = map(int, fields["text"].split())
    assert second - first == third - second
    return str(third + third - second)


@pytest.mark.parametrize("family", text_lists.FAMILIES, ids=lambda family: family.name)
class TestTextLists:
    def test_answers_follow_from_the_fields(self, family: Family) -> None:
        for _, question in asked(family):
            assert question.target == _answer(family, question)

    def test_no_answer_outweighs(self, family: Family) -> None:
        assert largest_share(family) <= SHARES[family.name]

    def test_shape(self, family: Family) -> None:
        check_shape(family)


def test_words_are_sorted_the_same_way_in_half_of_the_questions() -> None:
    given = [tuple(question.fields.values()) for _, question in asked(text_lists.SORT_TWO_WORDS, 400)]
    assert 0.43 < sum(one < other for one, other in given) / len(given) < 0.57
