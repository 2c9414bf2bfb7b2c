"""Questions about uses and short stories, answered again from the sentences."""

import pytest

from mibench.data.mini.seen.families import text_stories
from mibench.data.mini.seen.family import Family, Question
from mibench.data.mini.visual.things import THINGS
from tests.data.mini.seen.lettering_questions import asked, check_shape, largest_share

SHARES = {
    "fill_blank_use": 0.12,
    "thing_named_by_use": 0.12,
    "who_has_thing": 0.16,
    "colour_in_story": 0.24,
    "place_in_story": 0.24,
    "who_came_first": 0.16,
}


def _answer(family: Family, question: Question) -> str:
    fields = question.fields
    if family.name == "fill_blank_use":
        return THINGS[fields["thing"]].use
    if family.name == "thing_named_by_use":
        return next(name for name, thing in THINGS.items() if thing.use == fields["text"])
    sentences = fields["text"].lower().rstrip(".").split(". ")
    if family.name == "who_came_first":
        (words,) = (sentence.split() for sentence in sentences)
        return words[0] if "before" in words else words[-1]
    (told,) = (sentence for sentence in sentences if f" {fields['thing']} " in f"{sentence} ")
    if family.name == "who_has_thing":
        return told.split()[0]
    return told.split(" is ")[1] if family.name == "colour_in_story" else told.split(" lies ")[1]


@pytest.mark.parametrize("family", text_stories.FAMILIES, ids=lambda family: family.name)
class TestTextStories:
    def test_answers_follow_from_the_fields(self, family: Family) -> None:
        for _, question in asked(family):
            assert question.target == _answer(family, question)

    def test_no_answer_outweighs(self, family: Family) -> None:
        assert largest_share(family) <= SHARES[family.name]

    def test_shape(self, family: Family) -> None:
        check_shape(family)


def test_who_is_named_first_came_first_in_half_of_the_stories() -> None:
    drawn = asked(text_stories.WHO_CAME_FIRST, 400)
    first = sum(q.fields["text"].lower().startswith(q.target) for _, q in drawn)
    assert 0.43 < first / len(drawn) < 0.57
