"""The oracle is the package rouge_score."""

import string

from hypothesis import given, settings
from hypothesis import strategies as st
from rouge_score.rouge_scorer import RougeScorer

from mibench.metrics.rouge import rouge_l, words

SCORER = RougeScorer(["rougeL"], use_stemmer=False)

VOCABULARY = ["the", "cat", "sat", "on", "a", "mat", "Mat!", "42", "é"]
few_words = st.lists(st.sampled_from(VOCABULARY), max_size=14).map(" ".join)
texts = st.one_of(few_words, st.text(), st.text(alphabet=string.printable))


def oracle(prediction, references):
    return SCORER.score_multi(references, prediction)["rougeL"].fmeasure


@settings(max_examples=2000)
@given(texts, st.lists(texts, min_size=1, max_size=4))
def test_equal_to_rouge_score_to_the_last_bit(prediction, references):
    assert rouge_l(prediction, references, ()) == oracle(prediction, references)


def test_strange_input():
    long = "word and other " * 2000
    for text in ("", " ", "...", "🙂🙂", "\ud800", "\x00", long, "İstanbul", "ſt", "Å", "１２"):
        assert rouge_l(text, ("word other 12",), ()) == oracle(text, ("word other 12",))
        assert rouge_l("word other 12", (text,), ()) == oracle("word other 12", (text,))


def test_no_reference_scores_nothing():
    assert rouge_l("word", (), ()) == 0.0


def test_words_are_ascii_letters_and_digits():
    assert words("Don't stop-me_now 3.5!") == ("don", "t", "stop", "me", "now", "3", "5")
