import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mibench.metrics.accuracy import _nfkc, accuracy, accuracy_lenient, accuracy_strict, normalise
from mibench.metrics.references import References

YES_NO = ("yes", "no", "not sure")


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Yes.", "yes"),
        ("  not \t sure\n", "not sure"),
        ("\uff39\uff25\uff33\uff01", "yes"),  # full-width letters and exclamation mark
        ("straße", "straße"),
        ("Is it? No ...", "is it? no"),
        ("1 2 3 4", "1 2 3 4"),
        ("C++", "c++"),
        ("", ""),
        ("?!", "?!"),
        ("yes .", "yes"),
        ("«oui»", "«oui"),
    ],
)
def test_normalise(text, plain):
    assert normalise(text) == plain


@given(st.text())
def test_normalise_is_idempotent_up_to_compatibility_forms(text):
    once = normalise(text)
    assert normalise(once) == normalise(normalise(once))


@given(
    st.text(
        st.sampled_from("eK\u0301\u0316\u0344\u0f73ｶﾞ\u1100\u1161\u11a8\ufdfa\u00b4 \u2003\xa0\n") | st.characters(),
        max_size=256,
    )
)
def test_compatibility_forms_word_by_word_are_those_of_the_whole(text):
    assert _nfkc(text).split() == unicodedata.normalize("NFKC", text).split()


def test_composed_and_decomposed_letters_are_one_in_long_texts():
    text = "un café à la crème, " * 5000
    assert accuracy(unicodedata.normalize("NFD", text), References((text,))) == 1


def test_accuracy_takes_any_reference():
    assert accuracy("The North Gate!", References(("gate", "the north gate"))) == 1
    assert accuracy("north gate", References(("gate", "the north gate"))) == 0
    assert accuracy("", References(("?",))) == 0


def test_strict_is_raw_equality():
    assert accuracy_strict("yes", References(("yes",), YES_NO)) == 1
    assert accuracy_strict("Yes", References(("yes",), YES_NO)) == 0
    assert accuracy_strict("yes ", References(("yes",), YES_NO)) == 0


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("Yes, the cat is there.", "yes"),
        ("I am not sure about it: no, or yes?", "not sure"),
        ("not at all; no", "no"),
        ("nothing", None),
        ("eyes", None),
        ("", None),
        ("NO!", "no"),
    ],
)
def test_lenient_takes_the_first_option_named(answer, right):
    for option in YES_NO:
        assert accuracy_lenient(answer, References((option,), YES_NO)) == (option == right)


def test_lenient_prefers_the_longer_option_at_one_place():
    options = ("fire", "fire truck")
    assert accuracy_lenient("A fire truck.", References(("fire truck",), options)) == 1
    assert accuracy_lenient("A fire truck.", References(("fire",), options)) == 0


@given(st.text("ab_ é.", max_size=30), st.lists(st.text("ab_ é", max_size=4), max_size=4))
def test_lenient_finds_what_a_regular_expression_finds(answer, options):
    named = []
    for option in map(normalise, options):
        found = re.search(rf"(?<!\w){re.escape(option)}(?!\w)", normalise(answer))
        named += [(found.start(), -len(option), option)] if found else []
    for option in options:
        right = bool(named) and min(named)[2] == normalise(option)
        assert accuracy_lenient(answer, References((option,), tuple(options))) == right


def test_lenient_needs_options():
    assert accuracy_lenient("yes", References(("yes",))) == 0
    assert accuracy_lenient("yes, or no", References(("yes",), ("no", "not sure"))) == 0
    assert accuracy_lenient("I think no.", References(("yes", "no"), YES_NO)) == 1


@given(st.text(), st.lists(st.text(), min_size=1, max_size=4))
def test_strict_implies_accuracy(prediction, references):
    known = References(tuple(references))
    assert accuracy_strict(prediction, known) <= accuracy(prediction, known)
    assert accuracy(references[0], known) == 1
