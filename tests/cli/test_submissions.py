"""`mibench score`, `validate` and `submit`."""

import csv
import json
import shutil

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mibench.instructions.sets import InstructionSet, write_set
from mibench.submissions.description import read_description
from mibench.submissions.raw import COLUMNS
from tests.builders import answers, make_data, make_submission
from tests.cli.program import mibench


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return make_data(tmp_path_factory.mktemp("data"))


@pytest.fixture
def folder(tmp_path, data):
    return make_submission(tmp_path / "submission", data)


@pytest.fixture
def answers_csv(tmp_path, data):
    path = tmp_path / "answers.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        for task in data.manifest.tasks:
            writer.writerows({"task": task, **row} for row in answers(data, task, lambda row, number: row.targets[0]))
    return path


def spoil(folder, count=1):
    file = folder / "predictions" / "nlvr.jsonl"
    file.write_bytes(b"no\n" * count + b"".join(file.read_bytes().splitlines(keepends=True)[count:]))
    return file


def test_score_writes_what_it_prints_as_json(folder, data):
    result = mibench("score", folder, "--data", data.path, "--json")
    assert result.stdout == (folder / "scores.json").read_text()
    assert json.loads(result.stdout)["summary"]["aggregate"]["mean"] == 100
    assert result.stderr == ""


def test_score_prints_a_table(folder, data):
    text = mibench("score", folder, "--data", data.path).stdout
    assert "100.00" in text
    assert json.loads((folder / "scores.json").read_text())["signature"] in text


def test_scoring_again_gives_the_same_bytes(folder, data):
    texts = [mibench("score", folder, "--data", data.path, "--json").stdout for _ in range(2)]
    assert texts[0] == texts[1]


def test_a_faulty_submission_is_not_scored(folder, data):
    file = spoil(folder)
    result = mibench("score", folder, "--data", data.path, status=2)
    assert f"{file}:1: not JSON" in result.stderr
    assert not (folder / "scores.json").exists()


def test_validate_finds_nothing_wrong(folder, data):
    assert mibench("validate", folder, "--data", data.path).stdout == f"{folder}: no faults\n"
    found = json.loads(mibench("validate", folder, "--data", data.path, "--json").stdout)
    assert found == {"valid": True, "count": 0, "faults": []}


def test_validate_lists_the_faults_on_stdout(folder, data):
    file = spoil(folder, 25)
    result = mibench("validate", folder, "--data", data.path, status=2)
    lines = result.stdout.splitlines()
    assert lines[0] == "26 faults"
    assert [line.partition(": ")[0] for line in lines[1:21]] == [f"{file}:{number}" for number in range(1, 21)]
    assert lines[21:] == ["... and 6 more"]
    assert result.stderr == ""


def test_validate_lists_the_faults_as_json(folder, data):
    file = spoil(folder)
    found = json.loads(mibench("validate", folder, "--data", data.path, "--json", status=2).stdout)
    assert (found["valid"], found["count"]) == (False, 2)
    assert (found["faults"][0]["file"], found["faults"][0]["line"]) == (str(file), 1)
    assert found["faults"][1]["remedy"] == "complete the run"


@pytest.mark.parametrize("verb", ["score", "validate"])
def test_the_world_must_be_that_of_the_answers(folder, verb):
    result = mibench(verb, folder, status=2)
    assert "answers the official world (give --data the folder it was run on)" in result.output


@pytest.mark.parametrize("verb", ["score", "validate"])
@pytest.mark.parametrize(
    "ruin",
    [
        lambda folder: (folder / "submission.yaml").write_bytes(b"\xff"),
        lambda folder: (folder / "submission.yaml").unlink(),
        lambda folder: shutil.rmtree(folder / "predictions"),
        lambda folder: (folder / "predictions" / "nlvr.jsonl").write_bytes(b""),
        lambda folder: (folder / "predictions" / "nlvr.jsonl").write_bytes(b"\xff\xfe\0" * 100),
        lambda folder: (folder / "predictions" / "nlvr.jsonl").write_bytes(b"[" * 300_000),
        lambda folder: (folder / "predictions" / "nlvr.jsonl.zst").write_bytes(b"\x28\xb5\x2f\xfd"),
        lambda folder: (folder / "predictions" / "text_vqa.jsonl").symlink_to("/dev/zero"),
        lambda folder: (folder / "predictions" / "nlvr.moon.jsonl").mkdir(),
    ],
)
def test_no_ruin_gives_a_traceback(folder, data, verb, ruin):
    (folder / "predictions" / "text_vqa.jsonl").unlink()
    ruin(folder)
    result = mibench(verb, folder, "--data", data.path, status=2)
    assert str(folder) in result.output
    assert "Traceback" not in result.output


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(content=st.binary(min_size=1, max_size=100), whole=st.booleans())
def test_random_bytes_are_faults_and_never_a_traceback(tmp_path_factory, data, content, whole):
    folder = make_submission(tmp_path_factory.mktemp("fuzz") / "submission", data)
    file = folder / "predictions" / "nlvr.jsonl"
    file.write_bytes(content if whole else file.read_bytes() + content)
    result = mibench("validate", folder, "--data", data.path, status=2)
    assert f"{file}:" in result.stdout


def test_submit_writes_a_valid_and_scored_folder(tmp_path, data, answers_csv):
    arguments = ["--name", "Mine", "--revision", "1", "--parameters", "930000000", "--url", "https://example.org/mine"]
    result = mibench("submit", answers_csv, *arguments, "--data", data.path, "--output", tmp_path / "out")
    assert "100.00" in result.stdout
    assert result.stderr == f"submission: {tmp_path / 'out'}\n"
    found = read_description(tmp_path / "out")
    assert (found.name, found.adapter, found.model.name) == ("Mine", None, "Mine")
    assert (found.model.revision, found.model.parameters, found.model.url) == ("1", 930_000_000, arguments[-1])
    mibench("validate", tmp_path / "out", "--data", data.path)
    text = mibench("score", tmp_path / "out", "--data", data.path, "--json").stdout
    assert text == (tmp_path / "out" / "scores.json").read_text()


@pytest.mark.parametrize(("flags", "expected"), [([], None), (["--open-weights"], True), (["--closed-weights"], False)])
def test_submit_records_whether_the_weights_are_open(tmp_path, data, answers_csv, flags, expected):
    mibench("submit", answers_csv, "--name", "Mine", *flags, "--data", data.path, "--output", tmp_path / "out")
    assert read_description(tmp_path / "out").model.open_weights is expected


def test_submit_refuses_faulty_files_and_leaves_nothing(tmp_path, data, answers_csv):
    answers_csv.write_text(answers_csv.read_text() + "nlvr,row-0,1,yes\n")
    place = ["--data", data.path, "--output", tmp_path / "out"]
    result = mibench("submit", answers_csv, "--name", "Mine", *place, status=2)
    assert f"{answers_csv}:62: instance 'row-0', instruction 1 is answered twice" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["answers.csv"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--name", ""], "name: "),
        (["--name", "x" * 300], "name: "),
        (["--name", "x", "--url", "javascript:alert(1)"], "--url: "),
        (["--name", "x", "--parameters", "0"], "--parameters"),
        (["--name", "x", "--revision", "r" * 2000], "--revision: "),
    ],
)
def test_submit_refuses_faulty_flags(tmp_path, data, answers_csv, arguments, words):
    place = ["--data", data.path, "--output", tmp_path / "out"]
    assert words in mibench("submit", answers_csv, *arguments, *place, status=2).stderr
    assert not (tmp_path / "out").exists()


def test_a_limited_submission_needs_the_first_rows_alone(tmp_path, data):
    path = tmp_path / "answers.jsonl"
    rows = [{"task": "nlvr", **row} for row in answers(data, "nlvr", lambda row, number: "yes")[:10]]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    place = ["--data", data.path, "--output", tmp_path / "out", "--name", "First"]
    assert "20 of 30 rows missing" in mibench("submit", path, *place, status=2).stderr
    mibench("submit", path, *place, "--limit", "2")
    assert read_description(tmp_path / "out").limit == 2


def write_words(path, task):
    """Write a set that words one task, and return it."""
    words = {"nlvr": "text", "visual_dialogue": "question"}
    written = InstructionSet(name="ours", tasks={task: tuple(f"{n} {{{words[task]}}}" for n in range(5))})
    write_set(path, written)
    return written


def test_submit_records_the_set_that_was_asked(tmp_path, data, answers_csv):
    words = write_words(tmp_path / "set.yaml", "nlvr")
    place = ["--name", "Mine", "--data", data.path, "--output", tmp_path / "out"]
    result = mibench("submit", answers_csv, *place, "--instructions", tmp_path / "set.yaml")
    assert result.stderr.startswith("asked in the words of their cards: text_vqa\n")
    found = read_description(tmp_path / "out")
    assert (found.instructions, found.own_words) == (words.digest, ("text_vqa",))
    mibench("validate", tmp_path / "out", "--data", data.path)


def test_submit_refuses_a_set_that_words_none_of_its_tasks(tmp_path, data, answers_csv):
    write_words(tmp_path / "set.yaml", "visual_dialogue")
    place = ["--name", "Mine", "--data", data.path, "--output", tmp_path / "out"]
    result = mibench("submit", answers_csv, *place, "--instructions", tmp_path / "set.yaml", status=2)
    assert f"{tmp_path / 'set.yaml'}: words none of these tasks" in result.stderr
    assert "absent.yaml" in mibench("submit", answers_csv, *place, "--instructions", "absent.yaml", status=2).stderr
    assert not (tmp_path / "out").exists()


def test_a_single_fault_is_one_fault(folder, data):
    with (folder / "predictions" / "nlvr.jsonl").open("a") as file:
        file.write("no\n")
    assert mibench("validate", folder, "--data", data.path, status=2).stdout.startswith("1 fault\n")


@pytest.mark.parametrize("width", [80, 160])
def test_explain_says_how_far_to_believe(monkeypatch, folder, data, width):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", str(width))
    text = mibench("score", folder, "--data", data.path, "--explain").stdout
    for title in ("95 % intervals", "single scores", "best and the worst wording", "fewer wordings", "one cluster"):
        assert title in text
    assert "No interval of instruction 1, " in text
    assert "…" not in text


def test_check_says_that_a_score_holds(folder, data):
    mibench("score", folder, "--data", data.path)
    before = (folder / "scores.json").stat().st_mtime_ns
    result = mibench("score", folder, "--data", data.path, "--check")
    assert result.stdout == f"{folder}: the scores hold\n"
    assert (folder / "scores.json").stat().st_mtime_ns == before
    found = json.loads(mibench("score", folder, "--data", data.path, "--check", "--json").stdout)
    assert found == {"holds": True, "differences": []}


def test_check_tells_what_does_not_hold(folder, data):
    mibench("score", folder, "--data", data.path)
    file = folder / "predictions" / "nlvr.jsonl"
    file.write_text(file.read_text().replace('"yes"', '"no"', 1))
    lines = mibench("score", folder, "--data", data.path, "--check", status=1).stdout.splitlines()
    assert lines[0].startswith("digests.predictions.nlvr: published 'sha256:")
    assert lines[1].startswith("tasks.nlvr.metrics.accuracy.per_instruction[0]: published 100.0, now 83.3")
    assert lines[-1] == f"{folder}: the scores do not hold"


def test_check_needs_a_published_score(folder, data):
    result = mibench("score", folder, "--data", data.path, "--check", status=2)
    assert "scores.json: cannot be read" in result.stderr


def test_caption_metrics_without_java_are_one_message(monkeypatch, folder, data):
    monkeypatch.setattr("shutil.which", lambda name: None)
    result = mibench("score", folder, "--data", data.path, "--metrics", "caption", status=2)
    assert "needs Java, and there is none" in result.stderr
    assert not (folder / "scores.json").exists()


def test_option_scores_of_a_row_without_options_are_a_fault(folder, data):
    file = folder / "predictions" / "text_vqa.jsonl"
    file.write_text(file.read_text().replace("}", ', "option_scores": []}', 1))
    for verb in ("score", "validate"):
        result = mibench(verb, folder, "--data", data.path, status=2)
        assert f"{file}:1: option_scores, but no options, of instance 'row-0'" in result.output


def test_flags_that_would_be_ignored_are_refused(folder, data):
    for flags in (["--check", "--explain"], ["--check", "--metrics", "caption"], ["--json", "--explain"]):
        mibench("score", folder, "--data", data.path, *flags, status=2)


def test_a_limited_submission_says_so(tmp_path, data):
    path = tmp_path / "answers.jsonl"
    rows = [{"task": "nlvr", **row} for row in answers(data, "nlvr", lambda row, number: "yes")[:10]]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    place = ["--data", data.path, "--output", tmp_path / "out", "--name", "First", "--limit", "2"]
    assert "Only the first 2 rows of each task were asked." in mibench("submit", path, *place).stdout
