"""Wordings: each has the family's fields, in frames that suit it, and the last ones are kept for the test."""

import re
from collections.abc import Sequence

import pytest

from mibench.cards import placeholders
from mibench.data.mini.seen import FAMILIES
from mibench.data.mini.seen.family import Family, Scenes, draw_example, draw_examples
from mibench.data.mini.seen.wordings import bare_template, wordings
from mibench.prompts import prompt_pieces

SCENES = Scenes()
FRAMES = {True: (11, 9, 13), False: (6, 4, 10)}
"""Frames of questions, of commands and of what is asked for, where there is a picture and where there is none."""
CHOOSING, OPEN = 2, 10
"""Frames of questions, and of commands, that speak of options; wordings that have nothing of the family's own."""
TOLD_BY_OPTIONS = {
    "person_sentence", "weather_kind", "time_of_day", "ground_kind", "season_sentence", "choose_caption",
}  # fmt: skip
"""Families of whose options exactly one fits the picture, and that none shares its options with."""


@pytest.fixture(params=FAMILIES.values(), ids=lambda family: family.name)
def family(request: pytest.FixtureRequest) -> Family:
    found: Family = request.param
    return found


def kinds(family: Family) -> tuple[Sequence[str], Sequence[str], Sequence[str]]:
    return family.questions, family.commands, family.asked


def seen_words(family: Family) -> list[str]:
    return [own for kind in kinds(family) for own in kind[:-1]]


def held_out_words(family: Family) -> list[str]:
    return [own for kind in kinds(family) for own in kind[-1:]]


def frames(family: Family) -> dict[str, set[str]]:
    """Return the seen frames by the words of the family's own that stand in them; "" where there are none."""
    found: dict[str, set[str]] = {own: set() for own in ("", *seen_words(family))}
    for template in wordings(family).seen:
        own = max((own for own in seen_words(family) if own in template), key=len, default="")
        found[own].add(template.replace(own, "#", 1) if own else template)
    return found


def test_every_wording_names_the_fields_of_the_question(family: Family) -> None:
    question = draw_example(family, SCENES, "train", 0, pictures=40).question
    known = wordings(family)
    own = (own for kind in kinds(family) for own in kind)
    for template in (*known.seen, *known.unseen, *own, bare_template(family, tuple(question.fields))):
        assert set(placeholders(template)) == set(question.fields), template
        prompt = "".join(piece.text for piece in prompt_pieces(template, question.fields, question.options))
        assert "{" not in prompt
        assert all(text in prompt for text in (*question.fields.values(), *question.options))


def test_seen_words_and_held_out_words_never_meet(family: Family) -> None:
    """Neither case nor a last mark makes words others."""
    known = wordings(family)
    held_out = [own.lower().rstrip("?.") for own in held_out_words(family)]
    assert not [template for template in known.seen if any(own in template.lower() for own in held_out)]
    assert all(any(own in template for own in held_out_words(family)) for template in known.unseen)


def test_each_kind_of_words_is_framed_as_such(family: Family) -> None:
    """A field, as a story, may stand behind any."""
    assert all(re.search(r"[?:]( \{\w+\})?$", question) for question in family.questions)
    assert all(re.search(r"[.:]( \{\w+\})?$", command) for command in family.commands)
    assert all(re.search(r"^[a-z{].*[\w}\")]$", phrase) for phrase in family.asked)
    known = wordings(family)
    assert known.seen[0] == family.questions[0]
    assert all(sum(own in template for template in known.unseen) == 2 for own in held_out_words(family))
    assert len(known.unseen) == (6 if family.asked else 4)


def test_all_words_of_a_kind_have_all_frames_that_suit_the_family(family: Family) -> None:
    sees, choosing = family.worlds is not None, CHOOSING if family.answer == "choice" else 0
    found = frames(family)
    if not sees:
        assert not any(
            re.search("picture|image|look|eyes", frame, re.IGNORECASE) for frame in set().union(*found.values())
        )
    for kind, count, more in zip(kinds(family), FRAMES[sees], (choosing, choosing, 0), strict=True):
        for own in kind[:-1]:
            assert len(found[own]) == count + more
            assert found[own] == found[kind[0]]
            assert sum("option" in frame for frame in found[own]) == more


def test_only_options_that_tell_what_is_asked_for_stand_alone(family: Family) -> None:
    alone = frames(family)[""]
    assert len(alone) == (OPEN if family.name in TOLD_BY_OPTIONS else 0)
    if alone:
        assert family.answer == "choice"
        assert family.worlds
        assert not any("{" in own for kind in kinds(family) for own in kind)


def test_families_that_options_tell_apart_share_no_set_of_them() -> None:
    offers = [
        {
            frozenset(example.question.options)
            for example in draw_examples(FAMILIES[name], SCENES, "train", 40, pictures=40)
        }
        for name in sorted(TOLD_BY_OPTIONS)
    ]
    assert sum(map(len, offers)) == len(set().union(*offers))


def test_mentions_are_fields_or_words_that_stand_in_one(family: Family) -> None:
    for example in draw_examples(family, SCENES, "train", 12, pictures=40):
        fields, mentions = example.question.fields, example.question.mentions
        for words in mentions.keys() - fields.keys():
            (text,) = (text for text in fields.values() if words in text)
            assert len(re.findall(rf"\b{re.escape(words)}\b", text)) == text.count(words) == 1


def test_the_bare_template_is_the_title_and_the_fields_in_order() -> None:
    family = FAMILIES["figure_in_box_check"]
    assert bare_template(family, ("thing", "box")) == f"{family.title} {{thing}}, {{box}}"
    assert bare_template(family, ()) == family.title
