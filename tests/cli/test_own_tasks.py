"""A user's own task, from its card to the leaderboard."""

import itertools
import json
import re
import shlex
from pathlib import Path

import pytest

from mibench.cards import check_card, load_cards
from mibench.data.store import CARD, DataFolder
from mibench.metrics import METRICS
from tests.builders import PNG, answers, make_data, write_lines
from tests.cli.program import mibench
from tests.test_cards import CARD as BUILT_IN

PAGE = Path(__file__).parents[2] / "docs" / "add-a-task.md"
OWN = BUILT_IN.partition("data:")[0].replace("name: nlvr", "name: mine")


def line(number=0, **changes):
    fields = {"text": f"Statement {number}."}
    return {"id": f"row-{number}", "image": f"{number}.png", "fields": fields, "targets": ["yes"], **changes}


def make_own(folder, card=OWN, lines=None):
    """Write a card, three instances and their pictures, and return what `data add` is told."""
    folder.mkdir(exist_ok=True)
    (folder / "mine.yaml").write_text(card)
    for number in range(3):
        (folder / f"{number}.png").write_bytes(PNG)
    write_lines(folder / "mine.jsonl", [line(number) for number in range(3)] if lines is None else lines)
    return ["data", "add", folder / "mine.yaml", folder / "mine.jsonl", "--output", folder / "data"]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    make_data(folder / "data", tasks=("nlvr",))
    mibench(*make_own(folder))
    return folder / "data"


@pytest.fixture(scope="module")
def runs(tmp_path_factory, data):
    """Submissions of the own task alone, and of one of the benchmark as well."""
    base = tmp_path_factory.mktemp("runs")
    for name, model, tasks in (
        ("a", "random-option", "mine"),
        ("b", "first-option", "mine"),
        ("c", "echo", "mine,nlvr"),
    ):
        mibench("run", "--model", model, "--tasks", tasks, "--data", data, "--output", base / name)
    return base


def scores(folder):
    return json.loads((folder / "scores.json").read_text())


def test_the_page_is_followed_to_the_letter(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"(?:^`([\w.]+)`\n\n)?^```(\w*)\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    assert [(name, kind) for name, kind, _ in blocks if kind] == [("weather.yaml", "yaml"), ("weather.jsonl", "jsonl")]
    ran = []
    for name, kind, text in blocks:
        if kind:
            Path(name).write_text(text)
        for row in map(json.loads, text.splitlines() if kind == "jsonl" else []):
            picture = Path("photos", row["image"])
            picture.parent.mkdir(parents=True, exist_ok=True)
            picture.write_bytes(PNG)
        for command in text.splitlines() if not kind else []:
            program, *arguments = shlex.split(command)
            assert program == "mibench"
            mibench(*arguments)
            ran.append(arguments[0])
    assert {"tasks", "data", "run", "validate", "score", "compare"} == set(ran)
    assert scores(Path("runs/first"))["tasks"]["weather"]["n"] == 5
    assert "Does it rain?" in Path("preview.html").read_text()


@pytest.mark.parametrize("kind", ["choice", "text", "region"])
def test_a_skeleton_is_sound_and_explains_every_key(tmp_path, kind):
    path = tmp_path / "my_task.yaml"
    assert mibench("tasks", "new", "my_task", "--kind", kind, "--output", path).stdout == f"{path}\n"
    mibench("tasks", "check", path)
    card, faults = check_card(path, {"metrics": METRICS.keys()}, own=True)
    assert (faults, card.answer.kind, card.own) == ([], kind, True)
    lines = path.read_text().splitlines()
    for before, key in itertools.pairwise(lines):
        if re.match(r"[a-z]", key) and key != "generation:":
            assert before.startswith("#"), key
    example = tmp_path / "my_task.jsonl"
    example.write_text(next(text[2:] for text in lines if text.startswith('# {"id"')))
    (tmp_path / "1.jpg").write_bytes(PNG)
    mibench("data", "add", path, example, "--output", tmp_path / "data")
    mibench(
        "data", "verify", tmp_path / "data", status=0 if kind != "region" else 2
    )  # its boxes lie outside so small a picture


def test_a_skeleton_overwrites_nothing_and_takes_no_name_of_the_benchmark(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("precious")
    for name, file, words in (
        ("mine", path, "exists already"),
        ("nlvr", tmp_path / "nlvr.yaml", "'nlvr' is taken by the benchmark"),
        ("nlp", tmp_path / "nlp.yaml", "'nlp' is taken by the benchmark"),
        ("My task", tmp_path / "a.yaml", "no name for a task"),
        ("other", path, "--output other.yaml"),
    ):
        assert words in mibench("tasks", "new", name, "--output", file, status=2).stderr
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("mine.yaml", "precious")]


def test_the_card_travels_with_the_data(data):
    folder = DataFolder(data)
    assert folder.cards().keys() == {"mine"}
    entry = folder.entry("mine")
    assert (entry.rows, entry.pictures, entry.reader, entry.licence) == (3, 3, "own", "CC-BY-4.0")
    row = next(folder.instances("mine"))
    assert (row.image, row.group, row.options) == ("images/0.png", "0.png", ("yes", "no"))
    assert "mine" in mibench("data", "list", "--data", data).stdout
    assert "no faults" in mibench("data", "verify", data, "mine").stdout
    assert mibench("data", "stats", data, "--json").stdout.count('"metric"') == 2
    assert "name: mine" in mibench("tasks", "show", "mine", "--data", data).stdout
    assert "Statement 1." in mibench("tasks", "show", "mine", "--instance", "row-1", "--data", data).stdout
    assert "unknown task 'mine'" in mibench("tasks", "show", "mine", status=2).stderr


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("name: mine", "name: nlvr", 1, "its file 'mine'"),
        ("cluster:", "klaster:", 4, "unknown field"),
        ("[accuracy]", "[guess]", 24, "unknown name 'guess'"),
        ("[accuracy]", '[accuracy, "evaluate:a.py"]', 24, "is a script"),
        ("max_new_tokens: 8\n", "max_new_tokens: 8\ndata: {mini: nlvr, reader: nlvr}\n", 27, "an own task has none"),
        ("title: NLVR", "title: &t NLVR\ncluster: *t", 2, "an alias"),
    ],
)
def test_a_faulty_card_is_refused_with_its_line(tmp_path, old, new, line, words):
    result = mibench(*make_own(tmp_path, OWN.replace(old, new, 1)), status=2)
    assert f"{tmp_path / 'mine.yaml'}:{line}: " in result.stdout
    assert words in result.stdout
    assert not (tmp_path / "data").exists()


def test_the_name_of_a_built_in_task_is_refused(tmp_path):
    (tmp_path / "nlvr.yaml").write_text(OWN.replace("name: mine", "name: nlvr"))
    _, _, _, *rest = make_own(tmp_path)
    result = mibench("data", "add", tmp_path / "nlvr.yaml", *rest, status=2)
    assert f"{tmp_path / 'nlvr.yaml'}:1: the name 'nlvr' is taken" in result.stdout


def test_every_faulty_line_is_told_and_nothing_is_written(tmp_path):
    faulty = [
        (line(1), "stands on line 1 already"),
        (line(2, image=None), "has no image, and its card says suite: multimodal"),
        (line(2, image="absent.png"), "shows 'absent.png'"),
        (line(2, image="../2.png"), "no relative path"),
        (line(2, image="mine.yaml"), "shows 'mine.yaml'"),
        (line(2, fields={}), "lacks the field 'text'"),
        (line(2, fields={"text": "x", "more": "y"}), "has a field 'more'"),
        (line(2, targets=[]), "has no target"),
        (line(2, targets=["maybe"]), "has the target 'maybe'"),
        (line(2, options=["yes", "maybe"]), "does not offer the options of its card"),
        (line(2, answer="yes"), "unknown field `answer`"),
        ([], "not an instance"),
    ]
    rows = [
        line(1),
        *({**row, "id": row["id"] if n == 0 else f"x{n}"} if row else row for n, (row, _) in enumerate(faulty)),
    ]
    result = mibench(*make_own(tmp_path, lines=rows), status=2)
    told = result.stdout.splitlines()
    assert told[0] == f"{len(faulty)} faults"
    for number, (said, (_, words)) in enumerate(zip(told[1:], faulty, strict=True), 2):
        assert said.startswith(f"{tmp_path / 'mine.jsonl'}:{number}: ")
        assert words in said
    assert not (tmp_path / "data").exists()
    assert "no instances" in mibench(*make_own(tmp_path, lines=[]), status=2).stdout


def test_options_and_boxes_of_their_own_are_checked(tmp_path):
    card = OWN.replace('  options: ["yes", "no"]\n', "").replace("kind: choice", "kind: region")
    rows = [line(0, options=["0 0 1 1", "1 1 0 0"], targets=["0 0 1 1"]), line(1)]
    said = mibench(*make_own(tmp_path, card, rows), status=2).stdout
    assert "mine.jsonl:1: instance 'row-0' offers '1 1 0 0', which is no box" in said
    assert "mine.jsonl:2: instance 'row-1' has no options" in said


def test_an_own_task_of_text_has_no_pictures(tmp_path):
    card = OWN.replace("suite: multimodal", "suite: nlp")
    assert "has an image" in mibench(*make_own(tmp_path, card), status=2).stdout
    rows = [{key: value for key, value in line(number).items() if key != "image"} for number in range(3)]
    mibench(*make_own(tmp_path, card, rows))
    assert [row.group for row in DataFolder(tmp_path / "data").instances("mine")] == ["row-0", "row-1", "row-2"]
    assert "no faults" in mibench("data", "verify", tmp_path / "data").stdout


def test_adding_again_replaces_the_task(tmp_path):
    mibench(*make_own(tmp_path))
    mibench(*make_own(tmp_path, OWN.replace("First", "Foremost"), [line(0)]))
    folder = DataFolder(tmp_path / "data")
    assert folder.entry("mine").rows == 1
    assert folder.cards()["mine"].instructions[0] == "Foremost {text}"


def test_own_tasks_enter_no_number_of_the_benchmark(runs):
    alone, mixed = scores(runs / "a"), scores(runs / "c")
    assert alone["tasks"].keys() == {"mine"}
    assert (alone["summary"]["aggregate"]["mean"], alone["summary"]["sensitivity"]) == (None, None)
    assert len(alone["summary"]["missing"]) == 29
    assert mixed["tasks"].keys() == {"nlvr", "mine"}
    assert mixed["summary"]["aggregate"]["mean"] == mixed["tasks"]["nlvr"]["metrics"]["accuracy"]["mean"]
    assert len(mixed["summary"]["missing"]) == 28
    for found, tasks in ((alone, "tasks:0mm+0nlp+1own|"), (mixed, "tasks:1mm+0nlp+1own|")):
        assert "Not of the benchmark, and in none of its numbers: mine." in found["summary"]["notes"]
        assert tasks in found["signature"]


def test_all_verbs_know_the_task(runs, data):
    assert "no faults" in mibench("validate", runs / "a", "--data", data).stdout
    assert "mine" in mibench("score", runs / "a", "--data", data, "--explain").stdout
    assert "the scores hold" in mibench("score", runs / "c", "--data", data, "--check").stdout
    said = mibench("compare", runs / "a", runs / "b", "--data", data).stdout
    assert "The difference in aggregate cannot be told: no task of the benchmark was compared." in said


def test_a_comparison_keeps_own_tasks_apart(runs, data):
    found = json.loads(mibench("compare", runs / "a", runs / "b", "--data", data, "--json").stdout)
    (pair,) = found["pairs"]
    assert pair["tasks"].keys() == {"mine"}
    assert (pair["aggregate"]["value"], pair["aggregate"]["reason"]) == (None, "no task of the benchmark was compared")
    assert found["notes"] == [
        "Aggregate and Sensitivity are over the 0 of 29 tasks compared.",
        "Not of the benchmark, and in none of its numbers: mine.",
    ]
    mibench("compare", runs / "a", runs / "b", runs / "c", "--data", data)


def test_a_run_asks_own_tasks_only_by_name(tmp_path, data):
    arguments = ["--model", "echo", "--data", data, "--output", tmp_path / "out"]
    assert "no data for task" in mibench("run", *arguments, status=2).stderr
    assert "no data for task" in mibench("run", *arguments, "--tasks", "multimodal", status=2).stderr


def test_predictions_of_an_own_task_are_submitted(tmp_path, data):
    rows = [{"task": "mine", **row} for row in answers(DataFolder(data), "mine", lambda row, number: row.targets[0])]
    write_lines(tmp_path / "answers.jsonl", rows)
    mibench("submit", tmp_path / "answers.jsonl", "--name", "X", "--data", data, "--output", tmp_path / "x")
    assert scores(tmp_path / "x")["tasks"]["mine"]["metrics"]["accuracy"]["mean"] == 100


def test_a_changed_card_is_noticed(tmp_path):
    mibench(*make_own(tmp_path))
    data, out = tmp_path / "data", tmp_path / "out"
    mibench("run", "--model", "echo", "--tasks", "mine", "--data", data, "--output", out)
    mibench(*make_own(tmp_path, OWN.replace("First", "Foremost")))
    assert "mine" in mibench("validate", out, "--data", data, status=2).stdout


def test_the_leaderboard_shows_a_submission_of_own_tasks_as_not_complete(tmp_path, runs):
    mibench("leaderboard", "build", "--submissions", runs, "--output", tmp_path / "site")
    index = (tmp_path / "site" / "index.html").read_text()
    assert index.count("<small>0 of 29 tasks") == 2
    assert index.count("<small>1 of 29 tasks") == 1
    assert "in none of its numbers: mine" in (tmp_path / "site" / "submissions" / "a.html").read_text()


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda card, outside: card.write_text("name: other"), "missing"),
        (lambda card, outside: card.write_text("#" * (1 << 20) + "\n"), "over 1 MiB"),
        (lambda card, outside: (card.rename(outside), card.symlink_to(outside)), "not the card itself"),
        (lambda card, outside: card.unlink(), "unknown task 'mine'"),
    ],
)
def test_a_spoiled_card_in_the_folder_is_told(tmp_path, spoil, words):
    mibench(*make_own(tmp_path))
    spoil(tmp_path / "data" / "mine" / CARD, tmp_path / "outside.yaml")
    assert words in mibench("data", "verify", tmp_path / "data", status=2).stdout


def test_no_card_in_a_folder_takes_the_place_of_a_built_in_one(tmp_path):
    data = make_data(tmp_path / "data", tasks=("nlvr",))
    (data.folder("nlvr") / CARD).write_text(OWN.replace("name: mine", "name: nlvr"))
    assert data.cards() == {}
    shown = mibench("tasks", "show", "nlvr", "--data", data.path, "--json").stdout
    assert json.loads(shown)["version"] == load_cards()["nlvr"].version
    assert json.loads(shown)["instructions"] == list(load_cards()["nlvr"].instructions)
