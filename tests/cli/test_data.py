import json

import pytest

from mibench.cards import load_cards
from mibench.data.store import DataFolder
from tests.builders import make_data
from tests.cli.program import mibench


def test_the_real_files_of_nlvr_are_prepared(tmp_path, real_data):
    result = mibench("data", "prepare", "nlvr", "--raw", real_data / "nlvr" / "test", "--output", tmp_path / "data")
    entry = DataFolder(tmp_path / "data").entry("nlvr")
    assert result.stdout == f"nlvr: 990 rows, {entry.digest}\n"
    result = mibench("data", "list", "--data", tmp_path / "data")
    assert "990" in result.stdout


def test_all_permutations_of_the_real_files_are_prepared(tmp_path, real_data):
    arguments = ["--raw", real_data / "nlvr", "--output", tmp_path / "data", "--permutations", "all"]
    assert mibench("data", "prepare", "nlvr", *arguments).stdout.startswith("nlvr: 5940 rows, ")
    arguments = ["--model-args", "answer=yes", "--tasks", "nlvr", "--data", tmp_path / "data"]
    mibench("run", "--model", "constant", *arguments, "--output", tmp_path / "out")
    scores = json.loads((tmp_path / "out" / "scores.json").read_text())
    assert scores["tasks"]["nlvr"]["metrics"]["accuracy"]["mean"] == 100 * 556 / 990


def test_the_real_files_of_natural_instructions_are_prepared(tmp_path, real_data):
    files = (real_data / "natural_instructions" / "tasks").glob("*.json")
    tasks = sorted(path.stem for path in files if path.stem in load_cards())
    assert len(tasks) >= 8
    arguments = ["--raw", real_data / "natural_instructions", "--output", tmp_path / "data"]
    result = mibench("data", "prepare", *tasks, *arguments)
    assert [line.split(": ")[0] for line in result.stdout.splitlines()] == tasks
    assert DataFolder(tmp_path / "data").entry(tasks[0]).rows >= 100


@pytest.mark.parametrize(
    ("task", "words"),
    [("moon", "unknown task 'moon'"), ("nlvr", "no test.json"), ("text_vqa", "text_vqa")],
)
def test_a_failed_preparation_is_one_message(tmp_path, task, words):
    (tmp_path / "raw").mkdir()
    arguments = ["--raw", tmp_path / "raw", "--output", tmp_path / "data"]
    result = mibench("data", "prepare", task, *arguments, status=2)
    assert result.stderr.startswith("error: ")
    assert words in result.stderr
    assert not (tmp_path / "data").exists()


def test_the_mini_world_is_written_where_one_wants_it(tmp_path):
    mibench("data", "prepare", "nlvr", "--raw", "mini", "--output", tmp_path / "data")
    data = DataFolder(tmp_path / "data")
    assert (data.world, list(data.manifest.tasks), data.entry("nlvr").rows) == ("mini", ["nlvr"], 200)


def test_list_prints_the_manifest(tmp_path):
    data = make_data(tmp_path / "data")
    text = mibench("data", "list", "--data", data.path).stdout
    assert all(entry.digest[:19] in text for entry in data.manifest.tasks.values())
    found = json.loads(mibench("data", "list", "--data", data.path, "--json").stdout)
    assert found == json.loads((data.path / "manifest.json").read_text())


def test_preview_writes_one_page_of_the_tasks_that_are_there(tmp_path):
    data = make_data(tmp_path / "data")
    page = tmp_path / "page.html"
    assert mibench("data", "preview", "--data", data.path, "--output", page).stdout == f"{page}\n"
    text = page.read_text(encoding="utf-8")
    assert [card.title for card in load_cards().values() if f"<h2>{card.title}</h2>" in text] == ["NLVR", "Text VQA"]
    mibench("data", "preview", "nlvr", "--data", data.path, "--output", page, "--rows", "1")
    assert page.read_text(encoding="utf-8").count("<figure>") == 1
    assert "Text VQA" not in page.read_text(encoding="utf-8")
