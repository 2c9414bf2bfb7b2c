import json

import msgspec
import pytest

from mibench.cards import load_cards
from mibench.scoring.check import SHOWN, differences
from mibench.scoring.score import score_submission
from tests.builders import make_data, make_submission, opened


@pytest.fixture(scope="module")
def scores(tmp_path_factory):
    base = tmp_path_factory.mktemp("check")
    data = make_data(base / "data")
    return score_submission(opened(make_submission(base / "submission", data), data), load_cards())


def content(scores):
    return json.loads(scores.to_json())


def test_the_same_scores_hold(scores):
    assert differences(content(scores), scores) == []


def test_intervals_hold_too(tmp_path):
    data = make_data(tmp_path / "data", count=12)
    folder = make_submission(tmp_path / "submission", data, lambda row, number: "yes" if int(row.id[4:]) % 3 else "no")
    scores = score_submission(opened(folder, data), load_cards())
    assert scores.tasks["nlvr"].metrics["accuracy"].ci.mean.percentile[0] < 100
    assert differences(content(scores), scores) == []


def test_what_they_were_computed_from_comes_first(scores):
    digests = msgspec.structs.replace(scores.digests, predictions={**scores.digests.predictions, "nlvr": "sha256:0"})
    summary = msgspec.structs.replace(scores.summary, sensitivity=None)
    found = differences(content(scores), msgspec.structs.replace(scores, digests=digests, summary=summary))
    assert found == [
        f"digests.predictions.nlvr: published {scores.digests.predictions['nlvr']!r}, now 'sha256:0'",
        "summary.sensitivity: published 0.0, now nothing",
    ]


def test_the_last_digit_counts(scores):
    task = scores.tasks["nlvr"]
    metric = msgspec.structs.replace(task.metrics["accuracy"], mean=100.00000000000001)
    changed = msgspec.structs.replace(task, metrics={**task.metrics, "accuracy": metric})
    other = msgspec.structs.replace(scores, tasks={**scores.tasks, "nlvr": changed})
    assert differences(content(scores), other) == [
        "tasks.nlvr.metrics.accuracy.mean: published 100.0, now 100.00000000000001"
    ]


def test_signatures_count_but_for_the_version(scores):
    published = content(scores)
    published["signature"] = published["signature"].replace("mibench:", "mibench:9.")
    assert differences(published, scores) == []
    published["signature"] = published["signature"].replace("seed:0", "seed:7")
    published["tasks"]["nlvr"]["metrics"]["accuracy"]["signature"] = "anything"
    places = [line.partition(":")[0] for line in differences(published, scores)]
    assert places == ["tasks.nlvr.metrics.accuracy.signature", "signature"]


def test_what_scoring_never_wrote_is_told(scores):
    published = content(scores)
    published["summary"]["medal"] = None
    assert differences(published, scores) == ["summary.medal: published nothing, now nothing"]


def test_a_long_list_is_cut_and_counted(scores):
    found = differences(content(scores), msgspec.structs.replace(scores, tasks={}))
    assert len(found) == SHOWN + 1
    assert found[-1].startswith("... and ")
