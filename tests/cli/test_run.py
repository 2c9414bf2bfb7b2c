import json

import pytest

from mibench.submissions.description import read_description
from tests.builders import make_data, write_lines
from tests.cli.program import mibench


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return make_data(tmp_path_factory.mktemp("data"))


def run(data, output, *arguments, model="first-option", status=0):
    tasks = [] if "--tasks" in arguments else ["--tasks", "nlvr,text_vqa"]
    return mibench("run", "--model", model, *tasks, "--data", data.path, "--output", output, *arguments, status=status)


def predictions(folder, task="nlvr"):
    lines = (folder / "predictions" / f"{task}.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def test_a_run_prints_the_scores_and_writes_a_submission(tmp_path, data):
    result = run(data, tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "predictions",
        "scores.json",
        "submission.yaml",
    ]
    scores = json.loads((tmp_path / "out" / "scores.json").read_text())
    nlvr = scores["tasks"]["nlvr"]["metrics"]["accuracy"]
    (row,) = [line.split() for line in result.stdout.splitlines() if "nlvr" in line and "accuracy" in line]
    shown = [*nlvr["per_instruction"], nlvr["mean"], nlvr["max"], nlvr["std"], nlvr["sensitivity"]]
    assert [cell for cell in row if cell[0].isdigit()] == ["6", *(f"{value:.2f}" for value in shown)]
    assert f"aggregate {scores['summary']['aggregate']['mean']:.2f}" in result.stdout
    assert "7 of 9 multimodal tasks" in result.stdout
    assert scores["signature"] in result.stdout
    mibench("validate", tmp_path / "out", "--data", data.path)


def test_results_go_to_stdout_and_the_rest_to_stderr(tmp_path, data):
    result = run(data, tmp_path / "out")
    assert result.stderr == f"submission: {tmp_path / 'out'}\n"
    assert "submission:" not in result.stdout


def test_progress_goes_to_the_stderr_of_a_terminal(tmp_path, data, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    result = run(data, tmp_path / "out")
    assert "asking" in result.stderr
    assert "scoring" in result.stderr
    assert "asking" not in result.stdout
    assert "scoring" not in result.stdout


def test_the_submission_says_how_it_was_made(tmp_path, data):
    arguments = ["--model-args", "answer=yes", "--name", "Always yes", "--seed", "3", "--limit", "2"]
    run(data, tmp_path / "out", *arguments, model="constant")
    found = read_description(tmp_path / "out")
    assert (found.name, found.model.name, found.adapter) == ("Always yes", "constant (yes)", "constant")
    assert (found.decoding, found.seed, found.limit, found.world) == ({"answer": "yes"}, 3, 2, "official")
    assert list(found.cards) == ["nlvr", "text_vqa"]
    assert len(predictions(tmp_path / "out")) == 10


def test_spellings_of_lm_evaluation_harness_are_taken(tmp_path, data):
    arguments = ["--model", "constant", "--tasks", "nlvr", "--data", data.path, "--limit", "2"]
    mibench("run", *arguments, "--model_args", "answer=no", "--batch_size", "3", "--output_path", tmp_path / "out")
    assert {row["prediction"] for row in predictions(tmp_path / "out")} == {"no"}


def test_without_output_the_name_gives_the_folder(tmp_path, data, monkeypatch):
    monkeypatch.chdir(tmp_path)
    mibench("run", "--model", "echo", "--tasks", "nlvr", "--data", data.path, "--name", "../My  Model №1!")
    assert [path.name for path in (tmp_path / "submissions").iterdir()] == ["my-model-1"]


def test_a_suite_stands_for_its_tasks(tmp_path, data):
    result = run(data, tmp_path / "out", "--tasks", "multimodal", status=2)
    assert "no data for task" in result.stderr
    assert not (tmp_path / "out").exists()


def test_the_seed_moves_the_options_and_nothing_else_does(tmp_path, data):
    for name, arguments in {"one": [], "two": ["--batch-size", "7"], "other": ["--seed", "1"]}.items():
        run(data, tmp_path / name, *arguments)
    assert predictions(tmp_path / "one") == predictions(tmp_path / "two") != predictions(tmp_path / "other")


def test_a_finished_run_is_refused_and_stays(tmp_path, data):
    run(data, tmp_path / "out")
    before = (tmp_path / "out" / "scores.json").read_bytes()
    assert "exists already" in run(data, tmp_path / "out", status=2).stderr
    assert (tmp_path / "out" / "scores.json").read_bytes() == before


def interrupt(data, folder):
    """Leave a run as a crash in its second task leaves it."""
    run(data, folder)
    (folder / "scores.json").unlink()
    file = folder / "predictions" / "text_vqa.jsonl"
    file.write_bytes(file.read_bytes()[:-100])


def test_an_interrupted_run_goes_on(tmp_path, data):
    run(data, tmp_path / "whole")
    interrupt(data, tmp_path / "out")
    run(data, tmp_path / "out")
    for name in ("scores.json", "predictions/nlvr.jsonl", "predictions/text_vqa.jsonl"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_no_resume_refuses_an_interrupted_run(tmp_path, data):
    interrupt(data, tmp_path / "out")
    assert "exists already" in run(data, tmp_path / "out", "--no-resume", status=2).stderr


def test_an_interrupted_run_with_other_arguments_is_refused(tmp_path, data):
    interrupt(data, tmp_path / "out")
    assert "another seed: 0, not 1" in run(data, tmp_path / "out", "--seed", "1", status=2).stderr


def test_compress_changes_the_files_and_no_score(tmp_path, data):
    run(data, tmp_path / "plain")
    run(data, tmp_path / "packed", "--compress")
    names = sorted(path.name for path in (tmp_path / "packed" / "predictions").iterdir())
    assert names == ["nlvr.jsonl.zst", "text_vqa.jsonl.zst"]
    assert (tmp_path / "packed" / "scores.json").read_bytes() == (tmp_path / "plain" / "scores.json").read_bytes()


def test_a_file_of_answers_is_a_model(tmp_path, data):
    rows = [
        {"task": "nlvr", "instance": row.id, "instruction": number, "prediction": row.targets[0]}
        for row in data.instances("nlvr")
        for number in range(1, 6)
    ]
    write_lines(tmp_path / "answers.jsonl", rows)
    arguments = ["--tasks", "nlvr", "--model-args", f"path={tmp_path / 'answers.jsonl'}"]
    run(data, tmp_path / "out", *arguments, model="predictions")
    assert json.loads((tmp_path / "out" / "scores.json").read_text())["summary"]["aggregate"]["mean"] == 100
    write_lines(tmp_path / "answers.jsonl", rows[:-1])
    result = run(data, tmp_path / "short", *arguments, model="predictions", status=2)
    assert "no answer to instance 'row-5' of nlvr, instruction 5" in result.stderr


def test_the_mini_world_is_the_default(tmp_path):
    mibench("run", "--model", "random-option", "--tasks", "nlvr", "--output", tmp_path / "out", "--limit", "20")
    assert read_description(tmp_path / "out").world == "mini"
    assert len(predictions(tmp_path / "out")) == 100
    mibench("score", tmp_path / "out")


def test_a_device_is_an_argument_of_the_adapter(tmp_path):
    where = ["--device", "cpu", "--output", tmp_path / "out"]
    assert (
        "its arguments: answer"
        in mibench("run", "--model", "constant", "--model-args", "answer=x", *where, status=2).stderr
    )
    twice = mibench("run", "--model", "ofa", "--model-args", "path=x,device=cpu", *where, status=2)
    assert "'device' stands twice" in twice.stderr
