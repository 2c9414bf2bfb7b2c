"""`mibench compare`."""

import json

import pytest

from tests.builders import make_data, make_submission
from tests.cli.program import mibench


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return make_data(tmp_path_factory.mktemp("data"), count=20)


@pytest.fixture(scope="module")
def folders(tmp_path_factory, data):
    base = tmp_path_factory.mktemp("submissions")

    def right_below(limit):
        return lambda row, number: row.targets[0] if (int(row.id[4:]) * 3 + number) % 20 < limit else "wrong"

    return [make_submission(base / name, data, right_below(limit)) for name, limit in (("a", 18), ("b", 9), ("c", 2))]


def test_two_are_compared_with_a_verdict(folders, data):
    text = mibench("compare", *folders[:2], "--data", data.path).stdout
    assert "a minus b" in text
    assert "The aggregate of a is higher than that of b by" in text
    assert "After Holm's correction a is better on 2, worse on 0 and not told apart on 0 of 2 tasks." in text
    assert "would reverse their order in 0.0 % of draws" in text
    assert "rank" not in text
    assert "…" not in text


def test_three_are_ranked(folders, data):
    text = mibench("compare", *folders[::-1], "--data", data.path).stdout
    assert [line.split()[0] for line in text.splitlines() if line.startswith(("  a ", "  b ", "  c "))] == [*"abc"] * 2
    assert text.count("After Holm's correction") == 3


def test_json_holds_it_all(folders, data):
    found = json.loads(mibench("compare", *folders, "--data", data.path, "--json").stdout)
    assert [standing["name"] for standing in found["submissions"]] == ["a", "b", "c"]
    assert found["pairs"][0]["tasks"]["nlvr"]["mean"]["p_holm"] < 0.05
    assert len(found["pairs"]) == 3


def test_it_is_the_same_each_time(folders, data):
    texts = [mibench("compare", *folders[:2], "--data", data.path, "--json").stdout for _ in range(2)]
    assert texts[0] == texts[1]


@pytest.mark.parametrize("width", [80, 100, 160])
def test_no_number_is_cut(monkeypatch, folders, data, width):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", str(width))
    assert "…" not in mibench("compare", *folders, "--data", data.path).stdout


def test_one_alone_is_refused(folders, data):
    assert "name two folders or more" in mibench("compare", folders[0], "--data", data.path, status=2).stderr


def test_one_twice_is_refused(folders, data):
    result = mibench("compare", folders[0], folders[0], "--data", data.path, status=2)
    assert "a submission is named twice" in result.stderr


def test_folders_of_one_name_are_told_apart_by_their_paths(tmp_path, folders, data):
    other = make_submission(tmp_path / "elsewhere" / "a", data)
    found = json.loads(mibench("compare", folders[0], other, "--data", data.path, "--json").stdout)
    assert {standing["name"] for standing in found["submissions"]} == {str(folders[0]), str(other)}


def test_names_are_shown_as_they_are(tmp_path, data):
    folders = [make_submission(tmp_path / name, data) for name in ("m[v1]", "m[v2]", "[bold]x")]
    text = mibench("compare", *folders, "--data", data.path).stdout
    assert all(text.count(f"  {folder.name} ") == 2 for folder in folders)


def test_a_folder_is_called_by_its_name_wherever_one_stands(monkeypatch, folders, data):
    monkeypatch.chdir(folders[0])
    assert "Scores: a minus b" in mibench("compare", ".", "../b", "--data", data.path).stdout


def test_how_many_tasks_are_compared_is_said(folders, data):
    text = mibench("compare", *folders[:2], "--data", data.path).stdout
    assert text.startswith("Aggregate and Sensitivity are over the 2 of 29 tasks compared.")
