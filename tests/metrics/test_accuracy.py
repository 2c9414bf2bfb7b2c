import pytest
from hypothesis import given
from hypothesis import strategies as st

from mibench.metrics.accuracy import LONGEST_REMEMBERED, accuracy, accuracy_lenient, accuracy_strict, normalise

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


@given(st.text(max_size=2 * LONGEST_REMEMBERED))
def test_remembering_changes_nothing(text):
    assert normalise(text) == normalise.__globals__["_normalise"](text)


def test_accuracy_takes_any_reference():
    assert accuracy("The North Gate!", ("gate", "the north gate"), ()) == 1
    assert accuracy("north gate", ("gate", "the north gate"), ()) == 0
    assert accuracy("", ("?",), ()) == 0


def test_strict_is_raw_equality():
    assert accuracy_strict("yes", ("yes",), YES_NO) == 1
    assert accuracy_strict("Yes", ("yes",), YES_NO) == 0
    assert accuracy_strict("yes ", ("yes",), YES_NO) == 0


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
        assert accuracy_lenient(answer, (option,), YES_NO) == (option == right)


def test_lenient_prefers_the_longer_option_at_one_place():
    options = ("fire", "fire truck")
    assert accuracy_lenient("A fire truck.", ("fire truck",), options) == 1
    assert accuracy_lenient("A fire truck.", ("fire",), options) == 0


@given(st.text(), st.lists(st.text(), min_size=1, max_size=4))
def test_strict_implies_accuracy(prediction, references):
    assert accuracy_strict(prediction, references, ()) <= accuracy(prediction, references, ())
    assert accuracy(references[0], references, ()) == 1
