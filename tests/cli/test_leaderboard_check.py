"""`mibench leaderboard check`: what it prints, and how it ends."""

import json
import shutil

import pytest

from mibench.cards import load_cards
from mibench.scoring.report import write_scores
from mibench.scoring.score import score_submission
from tests.builders import make_data, make_submission, opened
from tests.cli.program import mibench


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    data = make_data(folder / "data")
    submission = make_submission(folder / "submissions" / "mine", data)
    write_scores(submission, score_submission(opened(submission, data), load_cards()))
    return folder


@pytest.fixture
def check(tmp_path, made):
    shutil.copytree(made / "submissions", tmp_path / "submissions")

    def run(*arguments, status=0, data=(made / "data",)):
        chosen = [word for folder in data for word in ("--data", folder)]
        where = ["--submissions", tmp_path / "submissions", *chosen]
        return mibench("leaderboard", "check", *where, *arguments, status=status)

    return run


def add(tmp_path, name):
    return shutil.copytree(tmp_path / "submissions" / "mine", tmp_path / "submissions" / name)


def answer_otherwise(folder):
    file = folder / "predictions" / "nlvr.jsonl"
    file.write_text(file.read_text().replace('"yes"', '"no"', 1))


def test_what_holds_is_a_line(check):
    result = check()
    assert (result.stdout, result.stderr) == ("mine: holds\n", "")
    assert json.loads(check("--json").stdout) == {
        "good": True,
        "submissions": [{"slug": "mine", "outcome": "holds", "found": []}],
    }


def test_each_submission_is_told_whatever_the_others_are(tmp_path, check):
    answer_otherwise(add(tmp_path, "other"))
    (add(tmp_path, "broken") / "predictions" / "nlvr.jsonl").write_text("no\n")
    (add(tmp_path, "bare") / "scores.json").unlink()
    lines = check(status=1).stdout.splitlines()
    assert [line for line in lines if not line.startswith("  ")] == [
        "bare: invalid",
        "broken: invalid",
        "mine: holds",
        "other: differs",
    ]
    assert lines[1].startswith("  ")
    assert "the submission has no scores" in lines[1]
    assert "broken/predictions/nlvr.jsonl:1: not JSON" in lines[3]
    assert any("published 100.0, now" in line for line in lines)
    found = json.loads(check("--json", status=1).stdout)
    assert (found["good"], [one["outcome"] for one in found["submissions"]]) == (
        False,
        ["invalid", "invalid", "holds", "differs"],
    )


def test_some_are_checked_by_name(tmp_path, check):
    answer_otherwise(add(tmp_path, "other"))
    assert check("mine").stdout == "mine: holds\n"
    assert check("other", "mine", status=1).stdout.startswith("mine: holds\nother: differs\n")
    assert "no submission 'moon' here" in check("mine", "moon", status=2).stderr
    assert "no submission '../submissions/mine' here" in check("../submissions/mine", status=2).stderr


def test_data_that_are_not_given_are_a_failure_unless_they_may_be_missing(tmp_path, check):
    expected = "mine: not checked\n  answers the official world: give its --data\n"
    add(tmp_path, "bad name")
    result = check("mine", data=["mini"], status=1)
    assert result.stdout == expected
    assert check("mine", "--skip-missing-data", data=["mini"]).stdout == expected
    check("--skip-missing-data", data=["mini"], status=1)


def test_a_change_is_checked_by_its_paths(tmp_path, check):
    answer_otherwise(add(tmp_path, "other"))
    changed = tmp_path / "changed"

    def listed(*paths):
        changed.write_bytes(b"".join(path.encode() + b"\0" for path in paths))
        return "--changed", changed

    assert check(*listed("submissions/mine/scores.json", "submissions/mine/run.json")).stdout == "mine: holds\n"
    assert check(*listed("submissions/other/scores.json"), status=1).stdout.startswith("other: differs\n")
    assert check(*listed()).stdout == "no submissions\n"
    assert "'README.md' is none of" in check(*listed("submissions/mine/scores.json", "README.md"), status=2).stderr
    assert "no submission 'gone' here" in check(*listed("submissions/gone/scores.json"), status=2).stderr
    assert "give either names or --changed" in check("mine", *listed(), status=2).stderr


def test_wrong_use_is_one_message(tmp_path, check, made):
    twice = (made / "data", made / "data")
    assert "two folders of the official world" in check(data=twice, status=2).stderr
    assert "not a prepared data folder" in check(data=(tmp_path,), status=2).stderr
    shutil.rmtree(tmp_path / "submissions")
    assert "submissions: not a folder" in check(status=2).stderr
    (tmp_path / "submissions").mkdir()
    assert check().stdout == "no submissions\n"


def test_a_name_cannot_pass_for_a_line_of_its_own(tmp_path, check):
    file = tmp_path / "submissions" / "mine" / "predictions" / "x\n::error::y\x1b[2K\u202e.jsonl"
    file.write_text("{}\n")
    lines = check(status=1).stdout.splitlines()
    assert lines[0] == "mine: invalid"
    assert all(line.startswith("  ") for line in lines[1:])
    assert not {"\x1b", "\u202e"} & {*"".join(lines)}
