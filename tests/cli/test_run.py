import json
import os
import resource
import subprocess
import sys

import pytest

from mibench.adapters.base import create_adapter
from mibench.adapters.baselines import FirstOption
from mibench.cards import load_cards
from mibench.instructions.sets import InstructionSet, read_set, write_set
from mibench.submissions.description import read_description
from tests.builders import install_adapters, make_data, write_lines
from tests.cli.program import mibench


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return make_data(tmp_path_factory.mktemp("data"))


@pytest.fixture
def adapters(tmp_path, monkeypatch):
    """Install adapters that are slow, broken or blind."""
    (tmp_path / "adapters").mkdir()
    monkeypatch.syspath_prepend(str(install_adapters(tmp_path / "adapters")))
    yield
    sys.modules.pop("odd_models", None)


def run(data, output, *arguments, model="first-option", status=0):
    tasks = [] if "--tasks" in arguments else ["--tasks", "nlvr,text_vqa"]
    return mibench("run", "--model", model, *tasks, "--data", data.path, "--output", output, *arguments, status=status)


def sessions(folder):
    return json.loads((folder / "run.json").read_text())["sessions"]


def predictions(folder, task="nlvr"):
    lines = (folder / "predictions" / f"{task}.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def test_a_run_prints_the_scores_and_writes_a_submission(tmp_path, data):
    result = run(data, tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "predictions",
        "run.json",
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
    assert "all tasks" in result.stderr
    assert "scoring" in result.stderr
    assert "all tasks" not in result.stdout
    assert "scoring" not in result.stdout


def test_the_submission_says_how_it_was_made(tmp_path, data):
    arguments = ["--model-args", "answer=yes", "--name", "Always yes", "--seed", "3", "--limit", "2"]
    run(data, tmp_path / "out", *arguments, "--open-weights", model="constant")
    found = read_description(tmp_path / "out")
    assert (found.name, found.model.name, found.adapter) == ("Always yes", "constant (yes)", "constant")
    assert found.model.open_weights is True
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


def interrupt(data, folder, *arguments):
    """Leave a run as a crash in its second task leaves it."""
    batches, predict = [], FirstOption.predict

    def stopped(self, requests):
        batches.append(requests)
        if len(batches) == 6:
            raise KeyboardInterrupt
        return predict(self, requests)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(FirstOption, "predict", stopped)
        run(data, folder, "--batch-size", "10", *arguments, status=130)
    assert [path.name for path in folder.glob("*/*.blocks")] == ["text_vqa.blocks"]


def test_an_interrupted_run_goes_on(tmp_path, data):
    run(data, tmp_path / "whole")
    interrupt(data, tmp_path / "out")
    run(data, tmp_path / "out")
    for name in ("scores.json", "predictions/nlvr.jsonl", "predictions/text_vqa.jsonl"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_no_resume_refuses_an_interrupted_run(tmp_path, data):
    interrupt(data, tmp_path / "out")
    assert "exists already" in run(data, tmp_path / "out", "--no-resume", status=2).stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--seed", "1"], "another seed: 0, not 1"),
        (["--limit", "2"], "another limit: None, not 2"),
        (["--instructions", "1,3"], "another wordings: None, not (1, 3)"),
        (["--blind"], "another blind: False, not True"),
        (["--name", "Other"], "another name: 'first option', not 'Other'"),
        (["--tasks", "nlvr"], "another data."),
    ],
    ids=" ".join,
)
def test_an_interrupted_run_with_other_arguments_is_refused(tmp_path, data, arguments, words):
    interrupt(data, tmp_path / "out")
    said = run(data, tmp_path / "out", *arguments, status=2).stderr
    assert f"an unfinished run with {words}" in said
    assert said.count("\n") == 1


def test_each_session_is_recorded(tmp_path, data):
    interrupt(data, tmp_path / "out")
    run(data, tmp_path / "out", "--batch-size", "auto")
    one, two = sessions(tmp_path / "out")
    assert (one["end"], one["batch_size"], one["engine"]) == ("interrupted", 10, "local")
    assert (two["end"], two["batch_size"]) == ("finished", "auto: 8")
    assert [session["tasks"]["text_vqa"]["answered"] for session in (one, two)] == [20, 10]
    assert two["command"].startswith("mibench run --model first-option --tasks nlvr,text_vqa --data ")
    assert two["command"].endswith("--batch-size auto")


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
    where = ["--device", "cpu", "--tasks", "nlvr", "--output", tmp_path / "out"]
    assert (
        "its arguments: answer"
        in mibench("run", "--model", "constant", "--model-args", "answer=x", *where, status=2).stderr
    )
    twice = mibench("run", "--model", "ofa", "--model-args", "path=x,device=cpu", *where, status=2)
    assert "'device' stands twice" in twice.stderr


def test_some_instructions_alone_are_asked_and_scored(tmp_path, data):
    result = run(data, tmp_path / "out", "--instructions", "3,1,3")
    assert read_description(tmp_path / "out").wordings == (1, 3)
    assert {row["instruction"] for row in predictions(tmp_path / "out")} == {1, 3}
    mibench("validate", tmp_path / "out", "--data", data.path)
    scores = json.loads((tmp_path / "out" / "scores.json").read_text())
    assert scores["summary"]["notes"][0] == "Only instructions 1, 3 were asked."
    assert scores["summary"]["aggregate"] == {"mean": None, "max": None}
    assert scores["summary"]["sensitivity"] is None
    found = scores["tasks"]["nlvr"]["metrics"]["accuracy"]
    assert [value is None for value in found["per_instruction"]] == [False, True, False, True, True]
    assert "|wordings:1+3|" in scores["signature"]
    assert "Only instructions 1, 3 were asked." in result.stdout
    mibench("score", tmp_path / "out", "--data", data.path, "--check")


def test_some_instructions_are_asked_as_in_a_whole_run(tmp_path, data):
    run(data, tmp_path / "whole")
    run(data, tmp_path / "some", "--instructions", "2,5")
    whole = [row for row in predictions(tmp_path / "whole") if row["instruction"] in (2, 5)]
    assert predictions(tmp_path / "some") == whole


def test_a_set_is_recorded_with_the_tasks_that_it_leaves_out(tmp_path, data):
    path = tmp_path / "set.yaml"
    words = tuple(f"{number} {{text}}" for number in range(5))
    write_set(path, InstructionSet(name="ours", tasks={"nlvr": words}))
    said = run(data, tmp_path / "out", "--instructions", path, "--instructions", "1", model="echo").stderr
    assert "asked in the words of their cards: text_vqa\n" in said
    found = read_description(tmp_path / "out")
    assert (found.instructions, found.own_words) == (read_set(path, load_cards()).digest, ("text_vqa",))
    assert predictions(tmp_path / "out")[0]["prediction"].startswith("0 Statement 0.")
    elsewhere = run(data, tmp_path / "no", "--instructions", path, "--tasks", "text_vqa", status=2).stderr
    assert f"{path}: words none of these tasks" in elsewhere


@pytest.mark.parametrize("value", ["0", "6", "1,,2", "", "1-3", "one", "1, 2", "1,"])
def test_what_is_no_list_of_instructions_is_told(tmp_path, data, value):
    assert "nor a list of instructions" in run(data, tmp_path / "out", "--instructions", value, status=2).stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("value", ["0", "-1", "many", "1.5", "", "AUTO", "1000000"])
def test_what_is_no_batch_size_is_told(tmp_path, data, value):
    said = run(data, tmp_path / "out", f"--batch-size={value}", status=2).stderr
    assert "is neither a whole number above 0 nor auto" in said
    assert not (tmp_path / "out").exists()


def test_a_blind_run_is_recorded_and_told(tmp_path, data, adapters):
    result = run(data, tmp_path / "out", "--blind")
    assert read_description(tmp_path / "out").blind
    assert "The pictures were withheld." in result.stdout
    assert "|pictures:withheld|" in result.stdout
    assert predictions(tmp_path / "out")


def test_an_adapter_that_cannot_see_is_not_shown_pictures(tmp_path, data, adapters):
    said = run(data, tmp_path / "out", model="blind", status=2).stderr
    assert said == (
        "error: blind reads text only and cannot see the pictures of nlvr, text_vqa "
        "(choose other --tasks, as nlp, or --blind to ask without pictures)\n"
    )
    assert not (tmp_path / "out").exists()
    run(data, tmp_path / "out", "--blind", model="blind")
    task = "task1195_disflqa_disfluent_to_fluent_conversion"
    mibench("run", "--model", "blind", "--tasks", task, "--limit", "2", "--output", tmp_path / "text")


def test_an_adapter_opens_the_pictures(tmp_path, data, adapters):
    run(data, tmp_path / "out", "--batch-size", "7", model="viewer")
    assert {row["prediction"] for row in predictions(tmp_path / "out")} == {"(1, 1)"}


def test_an_error_stops_the_run_in_one_line(tmp_path, data, adapters):
    arguments = ["--model-args", f"mended={tmp_path / 'mended'}", "--batch-size", "10"]
    said = run(data, tmp_path / "out", *arguments, model="broken", status=2).stderr
    assert said.startswith("error: the model broke at one of 10 requests, the first of them instance 'row-2' of nlvr")
    assert said.endswith(
        ": ValueError: it broke (--on-error record goes on without it, mibench --debug shows the traceback)\n"
    )
    assert said.count("\n") == 1
    assert not (tmp_path / "out" / "scores.json").exists()
    assert sessions(tmp_path / "out")[0]["end"] == "failed"
    (tmp_path / "mended").touch()
    run(data, tmp_path / "out", *arguments, model="broken")
    run(data, tmp_path / "whole", *arguments, model="broken")
    for name in ("scores.json", "predictions/nlvr.jsonl"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_errors_that_are_recorded_fail_their_rows_until_they_are_mended(tmp_path, data, adapters):
    arguments = ["--model-args", f"mended={tmp_path / 'mended'}", "--on-error", "record"]
    for _ in range(2):
        result = run(data, tmp_path / "out", *arguments, model="broken", status=1)
        assert result.stderr == (
            f"submission: {tmp_path / 'out'}\n2 requests failed and count as wrong; the same command asks them again\n"
        )
        assert "2 answers failed and count as wrong: 1 of nlvr, 1 of text_vqa." in result.stdout
        failed = {"instance": "row-2", "instruction": 1, "prediction": "", "failed": "ValueError: it broke"}
        assert [row for row in predictions(tmp_path / "out") if "failed" in row] == [failed]
        scores = json.loads((tmp_path / "out" / "scores.json").read_text())
        assert [task["failed"] for task in scores["tasks"].values()] == [1, 1]
        mibench("validate", tmp_path / "out", "--data", data.path)
        mibench("score", tmp_path / "out", "--data", data.path, "--check")
    (tmp_path / "mended").touch()
    run(data, tmp_path / "out", *arguments, model="broken")
    run(data, tmp_path / "whole", *arguments, model="broken")
    for name in ("scores.json", "predictions/nlvr.jsonl", "predictions/text_vqa.jsonl"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert not (tmp_path / "out" / "journal").exists()
    assert "exists already" in run(data, tmp_path / "out", *arguments, model="broken", status=2).stderr
    assert [one["tasks"].get("nlvr", {}).get("failed") for one in sessions(tmp_path / "out")] == [1, 1, 0]


def test_a_broken_picture_is_told_by_its_file(tmp_path, adapters):
    data = make_data(tmp_path / "data")
    picture = data.path / "nlvr" / "images" / "1.png"
    picture.write_bytes(picture.read_bytes()[:40])
    said = run(data, tmp_path / "out", model="viewer", status=2).stderr
    assert said.startswith(f"error: {picture}: no readable image")
    assert said.count("\n") == 1
    run(data, tmp_path / "out", "--on-error", "record", model="viewer", status=1)
    assert {row["instance"] for row in predictions(tmp_path / "out") if "failed" in row} == {"row-2", "row-3"}


@pytest.mark.parametrize(
    ("model", "arguments", "words"),
    [
        ("echo", ["--model-args", "beams=5"], "unexpected keyword argument 'beams' (its arguments: none)"),
        ("constant", ["--model-args", "answer=x", "--dtype", "bf16"], "'dtype'"),
        ("constant", ["--model-args", "answer=x", "--share-image"], "'share_image'"),
        ("constant", ["--model-args", "answer=x", "--no-share-image"], "'share_image'"),
        ("constant", ["--model-args", "answer=x", "--score-options"], "'score_options'"),
        ("constant", ["--model-args", "answer=x", "--insecure"], "'insecure'"),
        ("constant", ["--model-args", "answer=x,answer=y"], "'answer' stands twice"),
        ("gpt", [], "unknown model 'gpt'"),
        ("echo", ["--workers", "3"], "--workers and --address are Ray's (add --engine ray)"),
        ("echo", ["--address", "auto"], "--workers and --address are Ray's (add --engine ray)"),
    ],
)
def test_wrong_arguments_are_one_line_and_leave_nothing(tmp_path, data, model, arguments, words):
    said = run(data, tmp_path / "out", *arguments, model=model, status=2).stderr
    assert said.startswith("error: ")
    assert words in said
    assert said.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "arguments",
    [["--on-error", "ignore"], ["--engine", "slurm"], ["--log-format", "xml"], ["--limit", "0"], ["--workers", "0"]],
    ids=" ".join,
)
def test_wrong_flags_are_told_by_name(tmp_path, data, arguments):
    said = run(data, tmp_path / "out", *arguments, status=2).stderr
    assert f"Invalid value for '{arguments[0]}'" in said
    assert not (tmp_path / "out").exists()


def test_an_adapter_may_be_spelt_with_an_underscore(tmp_path, data):
    for model in ("first_option", "first-option"):
        run(data, tmp_path / model, model=model)
    one, other = ((tmp_path / model / "scores.json").read_bytes() for model in ("first_option", "first-option"))
    assert one == other


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("api_key=sk-123,max_tokens=6", "api_key=***,max_tokens="),
        ("max_tokens=6,API_KEY=sk-123", "API_KEY=***"),
        ("api-key=sk-123", "api-key=***"),
        ("hf_token=sk-123,mended=x", "hf_token=***,mended=x"),
        ("password=sk-123", "password=***"),
        ("client_secret=sk-123", "client_secret=***"),
    ],
)
def test_what_looks_like_a_secret_is_not_recorded(tmp_path, data, adapters, monkeypatch, arguments, told):
    monkeypatch.setattr(
        "mibench.adapters.base.create_adapter", lambda name, arguments, create=create_adapter: create(name, {})
    )
    run(data, tmp_path / "out", "--model-args", arguments, model="keyed")
    command = sessions(tmp_path / "out")[0]["command"]
    assert told in command
    for file in (tmp_path / "out").rglob("*"):
        assert file.is_dir() or b"sk-123" not in file.read_bytes()


def test_lines_of_json_come_instead_of_bars(tmp_path, data, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setattr("mibench.cli.watching.LINE_SECONDS", 0)
    said = run(data, tmp_path / "out", "--log-format", "json", "--batch-size", "10").stderr
    lines = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    assert [line["done"] for line in lines] == [10, 20, 30, 40, 50, 60]
    assert {line["total"] for line in lines} == {60}
    assert "all tasks" not in said


def test_a_place_under_a_file_is_told(tmp_path, data):
    (tmp_path / "file").write_text("")
    said = run(data, tmp_path / "file" / "out", status=2).stderr
    assert said == f"error: {tmp_path / 'file' / 'out' / 'journal'}: cannot be read or written: Not a directory\n"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_is_only_read_is_told(tmp_path, data):
    (tmp_path / "closed").mkdir(mode=0o500)
    said = run(data, tmp_path / "closed" / "out", status=2).stderr
    assert said.startswith("error: ")
    assert said.endswith("Permission denied\n")


def limited(size, *arguments):
    """Run `mibench` where no file may grow beyond so many bytes, as on a disk that is full."""
    return subprocess.run(
        [sys.executable, "-m", "mibench", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)),
    )


def test_a_full_disk_is_one_line_and_the_run_goes_on(tmp_path, data):
    arguments = ["run", "--model", "echo", "--tasks", "nlvr", "--data", data.path, "--batch-size", "10"]
    result = limited(2500, *arguments, "--output", tmp_path / "out")
    journal = tmp_path / "out" / "journal" / "nlvr.blocks"
    assert (result.returncode, result.stderr) == (2, f"error: {journal}: cannot be read or written: File too large\n")
    assert 0 < journal.stat().st_size <= 2500
    mibench(*arguments, "--output", tmp_path / "out")
    mibench(*arguments, "--output", tmp_path / "whole")
    for name in ("scores.json", "predictions/nlvr.jsonl"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert sessions(tmp_path / "out")[0]["tasks"]["nlvr"]["answered"] == 10
