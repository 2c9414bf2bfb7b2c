"""Answers that failed, and what the likelihoods of the options say, row by row."""

import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mibench.cards import load_cards
from mibench.prompts import option_order
from mibench.scoring.rows import read_rows
from tests.builders import make_data, make_submission, opened, write_lines

ROWS = 4
CARDS = load_cards()
FAILED = {"prediction": "", "failed": "no reply"}
VQA = ("vqa_accuracy", "rouge_l", "rouge_l_stem", "accuracy", "accuracy_strict")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return make_data(tmp_path_factory.mktemp("data"), count=ROWS)


@pytest.fixture
def read(tmp_path, data):
    """Return what reads a task whose lines a function changes; by default all answers are right."""

    def read(change, task="nlvr", metrics=None):
        folder = tmp_path / "submission"
        if not folder.exists():
            make_submission(folder, data)
        file = folder / "predictions" / f"{task}.jsonl"
        write_lines(file, [change(json.loads(line)) for line in file.read_text().splitlines()])
        card = CARDS[task].model_copy(update={"metrics": metrics or CARDS[task].metrics})
        submission = opened(folder, data)
        rows = read_rows(submission, card, keep_texts=True)
        assert not submission.faults
        return rows

    return read


def at(row, instruction):
    """Return what picks one line."""
    return lambda line: (line["instance"], line["instruction"]) == (f"row-{row}", instruction)


def scored(line, liked, seed=0, key="option_scores"):
    """Add option scores to a line: -1 for an option that is liked, -2 for others."""
    shown = option_order(("yes", "no"), seed=seed, task="nlvr", **{k: line[k] for k in ("instance", "instruction")})
    return line | {key: [-1.0 if option in liked else -2.0 for option in shown]}


@pytest.mark.parametrize(
    ("task", "metrics"), [("nlvr", ("accuracy", "accuracy_strict", "accuracy_lenient")), ("text_vqa", VQA)]
)
def test_a_failed_answer_scores_0_in_every_metric(read, task, metrics):
    failed = at(2, 3)
    rows = read(lambda line: line | FAILED if failed(line) else line, task, metrics)
    assert rows.failed == 1
    assert set(rows.values) == set(metrics)
    for name, values in rows.values.items():
        assert values[2, 2] == 0
        if name != "vqa_accuracy":
            assert values.sum() == 5 * ROWS - 1


def test_a_failed_answer_scores_0_even_where_nothing_is_the_right_answer(read, monkeypatch):
    monkeypatch.setattr("mibench.metrics.metric.Metric.distinct", lambda self, texts, references: np.ones(len(texts)))
    failed = at(0, 1)
    values = read(lambda line: line | (FAILED if failed(line) else {"prediction": ""})).values["accuracy"]
    assert values[0, 0] == 0
    assert values.sum() == 5 * ROWS - 1


def test_nothing_failed_by_default(read):
    assert read(lambda line: line).failed == 0


def test_all_may_have_failed(read):
    rows = read(lambda line: line | FAILED)
    assert rows.failed == 5 * ROWS
    assert all(not values.any() for values in rows.values.values())


def test_the_digest_tells_a_failure_from_an_empty_answer_and_not_why_it_failed(read):
    failed = at(1, 2)
    digests = [
        read(lambda line, more=more: line | more if failed(line) else line).digest
        for more in ({}, {"prediction": ""}, FAILED, FAILED | {"failed": "another reason"}, FAILED | {"failed": ""})
    ]
    assert len(set(digests)) == 3
    assert len(set(digests[2:])) == 1


def test_option_scores_bring_their_metrics(read):
    rows = read(lambda line: scored(scored(line, ["yes"]), ["yes", "no"], key="option_scores_per_token"))
    assert set(rows.values) == {*CARDS["nlvr"].metrics, "accuracy_options", "accuracy_options_per_token"}
    assert rows.values["accuracy_options"].tolist() == [[1, 0, 1, 0]] * 5
    assert rows.values["accuracy_options_per_token"].tolist() == [[0.5] * 4] * 5


def test_without_those_per_token_there_is_one_metric_more(read):
    assert set(read(lambda line: scored(line, ["no"])).values) == {*CARDS["nlvr"].metrics, "accuracy_options"}


def test_a_failed_answer_scores_0_among_option_scores_too(read):
    failed = at(0, 1)
    both = ("option_scores", "option_scores_per_token")

    def change(line):
        for key in both:
            line = line | FAILED if failed(line) else scored(line, ["yes"], key=key)
        return line

    values = read(change).values
    for name in ("accuracy_options", "accuracy_options_per_token"):
        assert values[name].tolist() == [[0, 0, 1, 0], *[[1, 0, 1, 0]] * 4]


def test_rows_without_option_scores_leave_a_gap_there_alone(read):
    plain = at(3, 5)
    values = read(lambda line: line if plain(line) else scored(line, ["yes"])).values
    assert np.argwhere(np.isnan(values["accuracy_options"])).tolist() == [[4, 3]]
    assert not np.isnan(values["accuracy"]).any()


def test_the_digest_sees_the_scores_of_the_options(read):
    def digest(**changes):
        return read(
            lambda line: {**line, **dict.fromkeys(["option_scores", "option_scores_per_token"]), **changes}
        ).digest

    one = [-1.0, -2.0]
    found = [
        digest(),
        digest(option_scores=one),
        digest(option_scores=[-1.0, -3.0]),
        digest(option_scores=one, option_scores_per_token=one),
        digest(option_scores=one, option_scores_per_token=[-1.0, -1.5]),
    ]
    assert len(set(found)) == len(found)


lines = st.sampled_from(["right", "wrong", "scored", "failed"])


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(kinds=st.lists(lines, min_size=5 * ROWS, max_size=5 * ROWS), random=st.randoms(use_true_random=False))
def test_no_order_of_lines_changes_anything(tmp_path_factory, data, kinds, random):
    folder = make_submission(tmp_path_factory.mktemp("order") / "submission", data)
    file = folder / "predictions" / "nlvr.jsonl"
    changes = {
        "right": lambda line: line,
        "wrong": lambda line: line | {"prediction": "maybe"},
        "scored": lambda line: scored(line, ["no"]),
        "failed": lambda line: line | FAILED,
    }
    rows = [changes[kind](json.loads(line)) for kind, line in zip(kinds, file.read_text().splitlines(), strict=True)]
    found = []
    for _ in range(2):
        write_lines(file, rows)
        found.append(read_rows(opened(folder, data), CARDS["nlvr"]))
        random.shuffle(rows)
    one, other = found
    assert (one.digest, one.failed) == (other.digest, other.failed) == (one.digest, kinds.count("failed"))
    assert one.values.keys() == other.values.keys()
    for name, values in one.values.items():
        np.testing.assert_array_equal(values, other.values[name])
