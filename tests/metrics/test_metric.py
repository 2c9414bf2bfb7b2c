import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mibench.metrics import METRICS
from mibench.metrics.metric import Metric
from mibench.metrics.references import References

OURS = (
    "accuracy",
    "accuracy_strict",
    "accuracy_lenient",
    "accuracy_options",
    "accuracy_iou",
    "accuracy_iou50",
    "vqa_accuracy",
    "rouge_l",
    "rouge_l_stem",
)
ANSWERS = ("yes", "Yes.", "no", "the cat sat", "a cat sits", "0 0 4 4", "1 0 5 4", "")
few = st.lists(st.sampled_from(ANSWERS), max_size=3).map(tuple)
rows = st.lists(st.tuples(st.sampled_from(ANSWERS), st.builds(References, few, few, few)), max_size=12)


class Spy:
    """A rule that notes what it was asked."""

    def __init__(self):
        self.asked = []

    def __call__(self, prediction, references):
        self.asked.append((prediction, references))
        return len(prediction) / 10

    def many(self, predictions, references):
        return np.array([self(*pair) for pair in zip(predictions, references, strict=True)])


@pytest.mark.parametrize("name", OURS)
@settings(deadline=None)
@given(rows)
def test_a_corpus_is_its_rows(name, rows):
    predictions, references = [text for text, _ in rows], [known for _, known in rows]
    scores = METRICS[name].corpus(predictions, references)
    assert scores.dtype == np.float64
    assert scores.tolist() == [METRICS[name](text, known) for text, known in rows]
    assert all(0 <= score <= 1 for score in scores)


@pytest.mark.parametrize("many", [False, True])
@settings(deadline=None)
@given(rows)
def test_a_corpus_asks_once_for_each_distinct_pair(many, rows):
    spy = Spy()
    metric = Metric(spy, 1, "spy", rules=spy.many if many else None)
    scores = metric.corpus([text for text, _ in rows], [known for _, known in rows])
    assert scores.tolist() == [len(text) / 10 for text, _ in rows]
    assert spy.asked == list(dict.fromkeys(rows))


def test_the_same_answer_to_other_references_is_another_pair():
    spy = Spy()
    known = [References(("yes",)), References(("yes",), ("yes", "no")), References(("yes",), answers=("yes", "no"))]
    Metric(spy, 1, "spy").corpus(["yes"] * 6, known * 2)
    assert spy.asked == [("yes", references) for references in known]


@pytest.mark.parametrize("name", OURS)
@pytest.mark.parametrize(("predictions", "references"), [(1, 2), (2, 1), (0, 1)])
def test_as_many_predictions_as_references(name, predictions, references):
    for score in (METRICS[name].corpus, METRICS[name].distinct):
        with pytest.raises(ValueError, match="zip"):
            score(["yes"] * predictions, [References(("yes",))] * references)


def test_the_signature_names_version_and_settings():
    assert Metric(Spy(), 3, "raw+best").signature == "v3+raw+best"


@pytest.mark.parametrize("name", OURS)
@pytest.mark.parametrize(
    "piece",
    [
        " ",
        "!",
        ".",
        "-",
        "1",
        "1 ",
        "1,",
        "1.",
        "y",
        "a ",
        "yes",
        "ten ",
        "İ",
        "\ufdfa",
        "\u0300\u0316",
        "\u0f73",
        "\ud800",
    ],
)
def test_a_mebibyte_of_anything_is_scored(name, piece):
    """One that takes the square of the length would not come back."""
    text = piece * ((1 << 20) // len(piece.encode(errors="surrogatepass")))
    known = References(("yes", "1 2 3 4"), ("yes", "a", "1 2 3 4"), ("yes", "no", "a cat"))
    assert 0 <= METRICS[name](text, known) <= 1
