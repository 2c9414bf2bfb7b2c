"""Submissions beside each other."""

import json
import statistics

import numpy as np
import pytest

from mibench.cards import load_cards
from mibench.errors import InputError
from mibench.scoring.compare import _flips, _settled, compare_submissions, primary_rows
from mibench.scoring.score import score_submission
from mibench.submissions.description import read_description, write_description
from mibench.submissions.faults import InvalidSubmissionError
from tests.builders import make_data, make_submission, opened, write_lines


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return make_data(tmp_path_factory.mktemp("data"), count=40)


def right_in(share):
    """Answer a share of the rows rightly, others under other wordings."""

    def answer(row, number):
        place = (int(row.id.partition("-")[2]) * 7 + number * 3) % 40
        return row.targets[0] if place < 40 * share else "wrong"

    return answer


@pytest.fixture(scope="module")
def folders(tmp_path_factory, data):
    base = tmp_path_factory.mktemp("submissions")
    shares = {"good": 0.9, "fair": 0.5, "poor": 0.2}
    return {name: make_submission(base / name, data, right_in(share)) for name, share in shares.items()}


def compare_all(submissions):
    return compare_submissions(submissions, load_cards(), resamples=1000)


def compare(folders, data, *names):
    return compare_all({name: opened(folders[name], data) for name in names})


def test_differences_are_those_of_the_scores(folders, data):
    (pair,) = compare(folders, data, "good", "poor").pairs
    one, two = (score_submission(opened(folders[name], data), load_cards()) for name in ("good", "poor"))
    for name, task in pair.tasks.items():
        first, second = (scores.tasks[name].metrics[task.metric] for scores in (one, two))
        assert task.mean.value == pytest.approx(first.mean - second.mean, abs=1e-6)
        assert task.sensitivity.value == pytest.approx(first.sensitivity - second.sensitivity, abs=1e-6)
    assert pair.aggregate.value == pytest.approx(one.summary.aggregate.mean - two.summary.aggregate.mean, abs=1e-6)
    assert pair.sensitivity.value == pytest.approx(one.summary.sensitivity - two.summary.sensitivity, abs=1e-6)
    low, high = pair.aggregate.ci.shown
    assert 0 < low < pair.aggregate.value < high
    assert pair.aggregate.p == pytest.approx(1 / 1001, abs=1e-6)
    assert pair.tasks["nlvr"].mean.p_holm == pytest.approx(2 / 1001, abs=2e-6)
    assert (pair.flips, pair.tasks["nlvr"].flips) == (0, 0)
    assert pair.verdict.startswith("The aggregate of good is higher than that of poor by ")


def test_turned_round_everything_changes_sign(folders, data):
    (pair,), (turned,) = (compare(folders, data, *names).pairs for names in (("good", "fair"), ("fair", "good")))
    for one, other in ((pair.aggregate, turned.aggregate), (pair.sensitivity, turned.sensitivity)):
        assert (other.value, other.p) == (-one.value, one.p)
        assert other.ci.percentile == pytest.approx([-bound for bound in one.ci.percentile[::-1]])
    assert pair.flips == turned.flips


def test_a_submission_beside_itself(folders, data):
    (pair,) = compare_all({name: opened(folders["fair"], data) for name in ("one", "two")}).pairs
    assert (pair.aggregate.value, pair.aggregate.ci, pair.aggregate.p, pair.flips) == (0, None, 1, None)
    assert "not told apart" in pair.verdict


def test_ranks_of_many(folders, data):
    found = compare(folders, data, "poor", "good", "fair")
    assert [standing.name for standing in found.submissions] == ["good", "fair", "poor"]
    assert [standing.aggregate.rank for standing in found.submissions] == [1, 2, 3]
    assert [standing.aggregate.interval for standing in found.submissions] == [(1, 1), (2, 2), (3, 3)]
    assert [(pair.first, pair.second) for pair in found.pairs] == [("poor", "good"), ("poor", "fair"), ("good", "fair")]
    sensitivities = [standing.sensitivity.value for standing in found.submissions]
    assert [standing.sensitivity.rank for standing in found.submissions] == [
        1 + sorted(sensitivities).index(value) for value in sensitivities
    ]


def test_a_pair_is_the_same_whoever_else_is_compared_and_however_its_rows_were_read(folders, data):
    submissions = {name: opened(folders[name], data) for name in ("poor", "good", "fair")}
    kept = {(one.folder, card.name): primary_rows(one, card) for one in submissions.values() for card in one.cards}
    chosen = [("good", "fair"), ("fair", "poor")]
    found = compare_submissions(
        submissions,
        load_cards(),
        resamples=1000,
        pairs=chosen,
        read=lambda submission, card: kept[submission.folder, card.name],
    )
    assert found.pairs == [compare(folders, data, *names).pairs[0] for names in chosen]
    assert found.submissions == compare(folders, data, "poor", "good", "fair").submissions


def test_equal_submissions_share_their_ranks(folders, data):
    found = compare_all({name: opened(folders["fair"], data) for name in ("one", "two", "three")})
    assert {(standing.aggregate.rank, standing.aggregate.interval) for standing in found.submissions} == {(1, (1, 3))}


def test_flips_are_counted_out(tmp_path, data):
    """The second wins under wording 1, they tie under 2, and the first wins under the others."""
    right = {"one": (0, 0, 1, 1, 1), "two": (1, 0, 0, 0, 0)}

    def answers(name):
        return lambda row, number: row.targets[0] if right[name][number - 1] else "wrong"

    (pair,) = compare(
        {name: make_submission(tmp_path / name, data, answers(name)) for name in right}, data, *right
    ).pairs
    assert [task.flips for task in pair.tasks.values()] == [0.3, 0.3]
    gaps = [a + b for a in (-1, 0, 1, 1, 1) for b in (-1, 0, 1, 1, 1)]
    expected = statistics.mean((gap < 0) + (gap == 0) / 2 for gap in gaps)
    assert pair.flips == pytest.approx(expected, abs=0.015)


def test_half_of_the_tasks_are_enough(tmp_path, folders, data):
    only = make_data(tmp_path / "data", count=40, tasks=("nlvr",))
    folder = make_submission(tmp_path / "only", only, right_in(0.5))
    found = compare_all({"fair": opened(folders["fair"], data), "only": opened(folder, only)})
    assert found.tasks == ["nlvr"]
    assert found.notes[1:] == ["Left out, for not all answered them: text_vqa."]
    assert found.notes[0] == "Aggregate and Sensitivity are over the 1 of 29 tasks compared."


def test_a_wording_that_one_was_not_asked_leaves_the_task_out(tmp_path, folders, data):
    folder = make_submission(tmp_path / "four", data, right_in(0.5))
    file = folder / "predictions" / "nlvr.jsonl"
    write_lines(file, [row for row in map(json.loads, file.read_text().splitlines()) if row["instruction"] != 3])
    found = compare_all({"fair": opened(folders["fair"], data), "four": opened(folder, data)})
    assert found.tasks == ["text_vqa"]
    assert found.notes[1:] == ["Left out: nlvr, for which not all five wordings were asked."]


@pytest.mark.parametrize("change", [{"seed": 1}, {"limit": 3}, {"instructions": "sha256:" + "0" * 64}])
def test_what_was_asked_otherwise_is_refused(tmp_path, folders, data, change):
    folder = make_submission(tmp_path / "other", data)
    write_description(folder, read_description(folder).model_copy(update=change))
    with pytest.raises(InputError, match=f"fair and other differ in {next(iter(change))}"):
        compare_all({"fair": opened(folders["fair"], data), "other": opened(folder, data)})


def test_other_data_is_refused(tmp_path, folders, data):
    other = make_data(tmp_path / "data", count=20)
    folder = make_submission(tmp_path / "other", other)
    with pytest.raises(InputError, match="fair and other answered different data of"):
        compare_all({"fair": opened(folders["fair"], data), "other": opened(folder, other)})


def test_faulty_predictions_are_not_compared(tmp_path, folders, data):
    folder = make_submission(tmp_path / "faulty", data)
    (folder / "predictions" / "nlvr.jsonl").write_text("no\n")
    with pytest.raises(InvalidSubmissionError):
        compare_all({"fair": opened(folders["fair"], data), "faulty": opened(folder, data)})


def test_one_group_has_no_intervals_and_no_ranks_but_an_order(tmp_path):
    data = make_data(tmp_path / "data", count=1)
    folders = {name: make_submission(tmp_path / name, data, right_in(share)) for name, share in (("a", 1), ("b", 0))}
    found = compare(folders, data, "a", "b")
    assert [standing.aggregate.rank for standing in found.submissions] == [1, 2]
    assert {standing.aggregate.interval for standing in found.submissions} == {None}
    assert (found.pairs[0].aggregate.value, found.pairs[0].aggregate.ci) == (100, None)


def test_means_that_are_equal_but_for_rounding_have_no_flips():
    one, two = np.array([100 / 3, 50.1, 20.7, 61.3, 0.4]), np.array([61.3, 0.4, 100 / 3, 50.1, 20.7])
    assert _flips(one - two, float((one - two).mean())) is None
    assert len(set(_settled(np.array([0.1 + 0.2, 0.3])))) == 1
