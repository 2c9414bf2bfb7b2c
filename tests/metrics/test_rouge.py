"""The oracle is the package rouge_score."""

import functools
import string
import sys
from itertools import product
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rouge_score.rouge_scorer import RougeScorer
from rouge_score.tokenizers import DefaultTokenizer

from mibench.errors import InputError
from mibench.metrics import rouge
from mibench.metrics.references import References
from mibench.metrics.rouge import rouge_l, rouge_l_many, rouge_l_stem, rouge_l_stem_many, stems, words

VOCABULARY = "the cat Cats sat on a mat Mat! run running runs relational 42 3.5 é don't".split()  # noqa: SIM905
of_few_words = st.lists(st.sampled_from(VOCABULARY), min_size=4, max_size=12).map(" ".join)
texts = st.one_of(
    st.lists(st.sampled_from(VOCABULARY), max_size=3).map(" ".join),
    st.text("ab019-' ", max_size=20),
    st.text(string.printable, max_size=20),
    st.text(max_size=12),
    of_few_words,
)
STRANGE = (
    "",
    " ",
    "...",
    "🙂🙂",
    "\ud800",
    "word\udfff12",
    "\x00",
    "\x00word",
    "İstanbul word",
    "ſt",
    "Å",
    "１２",
    "ß",
    "Kelvin word",
)
BOTH = pytest.mark.parametrize(
    ("rule", "rules", "stemmer"),
    [
        pytest.param(rouge_l, rouge_l_many, False, id="words"),
        pytest.param(rouge_l_stem, rouge_l_stem_many, True, id="stems"),
    ],
)


def oracle(stemmer):
    """The package's scorer and tokenizer; the tokenizer remembers, for stemming is slow."""
    tokenizer = SimpleNamespace(tokenize=functools.cache(DefaultTokenizer(stemmer).tokenize))
    return RougeScorer(["rougeL"], tokenizer=tokenizer)


@pytest.mark.parametrize(
    "thousands",
    [pytest.param(10, id="ten thousand"), pytest.param(100, id="a hundred thousand", marks=pytest.mark.slow)],
)
@BOTH
def test_equal_to_rouge_score_to_the_last_bit(rule, rules, stemmer, thousands):
    scorer, compared = oracle(stemmer), {}

    @settings(max_examples=32 * thousands // 10, derandomize=True, database=None, deadline=None)
    @given(st.one_of(st.lists(kind, min_size=20, max_size=20, unique=True) for kind in (of_few_words, texts)))
    def compare(drawn):
        pairs = list(product(drawn, drawn))
        expected = [scorer.score(target, prediction)["rougeL"].fmeasure for prediction, target in pairs]
        known = [References((target,)) for _, target in pairs]
        assert [rule(prediction, target) for (prediction, _), target in zip(pairs, known, strict=True)] == expected
        assert rules([prediction for prediction, _ in pairs], known).tolist() == expected
        compared.update(zip(pairs, expected, strict=True))

    compare()
    assert len(compared) >= 1000 * thousands
    assert sum(0 < score < 1 for score in compared.values()) >= 400 * thousands


@BOTH
def test_best_reference(rule, rules, stemmer):
    scorer = RougeScorer(["rougeL"], use_stemmer=stemmer)

    @settings(max_examples=150, derandomize=True, database=None, deadline=None)
    @given(st.lists(st.tuples(texts, st.lists(texts, min_size=1, max_size=4)), max_size=8))
    def compare(rows):
        expected = [scorer.score_multi(targets, prediction)["rougeL"].fmeasure for prediction, targets in rows]
        predictions, known = [text for text, _ in rows], [References(tuple(targets)) for _, targets in rows]
        assert list(map(rule, predictions, known)) == expected
        assert rules(predictions, known).tolist() == expected

    compare()


@BOTH
def test_strange_input(rule, rules, stemmer):
    scorer = RougeScorer(["rougeL"], use_stemmer=stemmer)
    plain = ("word other 12", "i stanbul kelvin word")
    pairs = [*product(STRANGE, STRANGE), *product(STRANGE, plain), *product(plain, STRANGE)]
    known = [References((target,)) for _, target in pairs]
    expected = [scorer.score(target, prediction)["rougeL"].fmeasure for prediction, target in pairs]
    assert [rule(prediction, target) for (prediction, _), target in zip(pairs, known, strict=True)] == expected
    assert rules([prediction for prediction, _ in pairs], known).tolist() == expected


@BOTH
def test_ten_thousand_words(rule, rules, stemmer):
    long = " ".join(VOCABULARY[number * number % 13] for number in range(10_000))
    short = " ".join(VOCABULARY[number * 5 % 11] for number in range(60))
    expected = RougeScorer(["rougeL"], use_stemmer=stemmer).score(short, long)["rougeL"].fmeasure
    assert 0 < expected < 1
    assert rule(long, References((short,))) == expected == rule(short, References((long,)))
    assert rules([long, long], [References((short,)), References((long,))]).tolist() == [expected, 1.0]


@BOTH
def test_no_reference_scores_nothing(rule, rules, stemmer):
    known = [References(()), References(("word",)), References(())]
    assert [rule("word", references) for references in known] == [0, 1, 0]
    assert rules(["word"] * 3, known).tolist() == [0, 1, 0]
    assert rules(["word"], known[:1]).tolist() == [0]
    assert rules([], []).tolist() == []


@pytest.mark.parametrize("together", [0, 1, 3])
def test_the_blocks_do_not_show(together):
    @settings(derandomize=True, database=None, deadline=None)
    @given(
        st.lists(st.tuples(texts, st.lists(texts, max_size=3).map(lambda drawn: References(tuple(drawn)))), max_size=9)
    )
    def compare(rows):
        predictions, known = [text for text, _ in rows], [references for _, references in rows]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(rouge, "WORDS_TOGETHER", together)
            assert rouge_l_many(predictions, known).tolist() == list(map(rouge_l, predictions, known))

    compare()


def test_more_words_than_characters_before_the_surrogates():
    many = [f"w{number}" for number in range(0xD800 + 0x1000)]
    around = many[0xD7F0:0xD810]
    pairs = [(many, around), (around, many), (around, around[::-1]), (around, around), (many[::-1], many[0xD000:])]
    predictions, targets = ([" ".join(text) for text in column] for column in zip(*pairs, strict=True))
    known = [References((target,)) for target in targets]
    found = 2 * len(around) / (len(many) + len(around))
    scores = rouge_l_many(predictions, known)
    assert scores[:4] == pytest.approx([found, found, 1 / len(around), 1])
    assert scores.tolist() == list(map(rouge_l, predictions, known))


def test_names_of_words_are_distinct_characters_that_text_may_hold():
    names = rouge._Names()
    drawn = [names[b"%d" % number] for number in range(0xD800 + 0x1000)]
    assert len(set("".join(drawn).encode().decode())) == len(drawn)
    assert names[b"0"] == drawn[0]


@pytest.mark.parametrize(("predictions", "references"), [(1, 2), (2, 1), (0, 1)])
def test_as_many_predictions_as_references(predictions, references):
    with pytest.raises(ValueError, match="zip"):
        rouge_l_many(["word"] * predictions, [References(("word",))] * references)


def test_worked_by_hand():
    """Two of four words are the reference's two: precision 1/2, recall 1, F1 2/3."""
    assert rouge_l("It costs 3.90.", References(("3.90",))) == 2 / 3
    assert rouge_l("This bus goes to Oslo", References(("Oslo", "to Oslo"))) == pytest.approx(4 / 7)
    assert rouge_l("cats running", References(("cat runs",))) == 0
    assert rouge_l_stem("cats running", References(("cat runs",))) == 1


def test_words_are_ascii_letters_and_digits():
    assert words("Don't stop-me_now 3.5!") == [b"don", b"t", b"stop", b"me", b"now", b"3", b"5"]


def test_stems_are_of_words_of_more_than_three_letters():
    assert stems("Cats, was running") == [b"cat", b"was", b"run"]


def test_without_nltk_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "nltk.stem.porter", None)
    rouge._stemmer.cache_clear()
    with pytest.raises(InputError, match=r"rouge_l_stem needs nltk \(pip install 'mibench\[metrics\]'\)"):
        rouge_l_stem("sesquipedalian", References(("word",)))
    assert rouge_l("sesquipedalian", References(("word",))) == 0
