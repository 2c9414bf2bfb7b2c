"""Wordings: each has the family's fields, in frames that suit it, and the last ones are kept for the test."""

import re

import pytest

from mibench.cards import placeholders
from mibench.data.mini.seen import FAMILIES
from mibench.data.mini.seen.family import Family, Scenes, draw_example
from mibench.data.mini.seen.wordings import bare_template, wordings
from mibench.prompts import prompt_pieces

SCENES = Scenes()
ASKING, COMMANDING, CHOOSING = 11, 9, 2
"""Frames of questions, of commands, and those of each that speak of options."""


@pytest.fixture(params=FAMILIES.values(), ids=lambda family: family.name)
def family(request: pytest.FixtureRequest) -> Family:
    found: Family = request.param
    return found


def test_every_wording_names_the_fields_of_the_question(family: Family) -> None:
    question = draw_example(family, SCENES, "train", 0, pictures=40).question
    known = wordings(family)
    for template in (*known.seen, *known.unseen, bare_template(family, tuple(question.fields))):
        assert set(placeholders(template)) == set(question.fields), template
        prompt = "".join(piece.text for piece in prompt_pieces(template, question.fields, question.options))
        assert "{" not in prompt
        assert all(text in prompt for text in (*question.fields.values(), *question.options))


def test_each_asks_or_commands_in_the_familys_words(family: Family) -> None:
    known = wordings(family)
    for template in known.seen:
        assert sum(own in template for own in (*family.questions[:-1], *family.commands[:-1])) >= 1
        assert not any(own in template for own in (family.questions[-1], family.commands[-1]))
    assert all(any(own in template for own in (family.questions[-1], family.commands[-1])) for template in known.unseen)


def test_questions_are_framed_as_questions_and_commands_as_commands(family: Family) -> None:
    """A field, as a story, may stand behind either."""
    assert all(re.search(r"[?:]( \{\w+\})?$", question) for question in family.questions)
    assert all(re.search(r"[.:]( \{\w+\})?$", command) for command in family.commands)
    known = wordings(family)
    assert known.seen[0] == family.questions[0]
    assert sum(family.questions[-1] in template for template in known.unseen) == 2
    assert len(known.unseen) == 4


def test_frames_suit_the_family(family: Family) -> None:
    sees, chooses = family.worlds is not None, family.answer == "choice"
    known = wordings(family)
    frames = set()
    for template in known.seen:
        own = max((own for own in (*family.questions, *family.commands) if own in template), key=len)
        frames.add(template.replace(own, "#"))
    if not sees:
        assert not any(re.search("picture|image|look", frame, re.IGNORECASE) for frame in frames)
    assert any("option" in frame for frame in frames) == chooses
    if sees:
        each = CHOOSING if chooses else 0
        asked, told = len(family.questions) - 1, len(family.commands) - 1
        assert len(known.seen) == asked * (ASKING + each) + told * (COMMANDING + each)


def test_the_bare_template_is_the_title_and_the_fields_in_order() -> None:
    family = FAMILIES["figure_in_box_check"]
    assert bare_template(family, ("thing", "box")) == f"{family.title} {{thing}}, {{box}}"
    assert bare_template(family, ()) == family.title
