"""Every submission is validated and scored again, whatever stands in it, and nothing in it is run or followed."""

import json
import os
import shutil
import tracemalloc

import pytest
import zstandard

from mibench.cards import load_cards
from mibench.leaderboard import check
from mibench.leaderboard.check import Verdict, check_submission, check_submissions, choose_folders
from mibench.scoring.report import MAX_BYTES, write_scores
from mibench.scoring.score import score_submission
from mibench.submissions.lines import MAX_LINE
from tests.builders import answers, make_data, make_submission, opened

CARDS = load_cards()


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return make_data(tmp_path_factory.mktemp("data") / "data")


@pytest.fixture(scope="module")
def scored(tmp_path_factory, data):
    folder = make_submission(tmp_path_factory.mktemp("scored") / "mine", data)
    write_scores(folder, score_submission(opened(folder, data), CARDS))
    return folder


@pytest.fixture
def folder(tmp_path, scored):
    return shutil.copytree(scored, tmp_path / "submissions" / "mine")


def verdict(folder, data, fault=None):
    return check_submission(folder, fault, cards=CARDS, data={"official": data})


def score_file(folder, change):
    """Change what `scores.json` holds."""
    content = json.loads((folder / "scores.json").read_text())
    change(content)
    (folder / "scores.json").write_text(json.dumps(content, separators=(",", ":")))


def pack(file, pieces):
    """Put a compressed file in the place of a plain one."""
    file.unlink()
    packer = zstandard.ZstdCompressor(level=1).compressobj()
    with file.with_name(f"{file.name}.zst").open("wb") as packed:
        packed.writelines(map(packer.compress, pieces))
        packed.write(packer.flush())
    return file.with_name(f"{file.name}.zst")


def test_a_whole_submission_holds(folder, data):
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert verdict(folder, data) == Verdict(slug="mine", outcome="holds")
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_another_answer_makes_another_score(folder, data):
    file = folder / "predictions" / "nlvr.jsonl"
    file.write_text(file.read_text().replace('"yes"', '"no"', 1))
    found = verdict(folder, data)
    assert found.outcome == "differs"
    assert found.found[0].startswith("digests.predictions.nlvr: published 'sha256:")
    assert any(line.startswith("tasks.nlvr.metrics.accuracy.mean: published 100.0, now ") for line in found.found)


@pytest.mark.parametrize(
    "change",
    [
        lambda scores: scores["summary"]["aggregate"].update(mean=99.0),
        lambda scores: scores["tasks"]["nlvr"]["metrics"]["accuracy"].update(mean=99.99999999999999),
        lambda scores: scores["tasks"]["nlvr"]["metrics"].update(
            invented=scores["tasks"]["nlvr"]["metrics"]["accuracy"]
        ),
        lambda scores: scores["tasks"]["nlvr"].update(at_chance=True),
        lambda scores: scores["summary"]["notes"].append("The best of all."),
        lambda scores: scores.update(comment="The best of all."),
        lambda scores: scores["tasks"]["nlvr"].update(comment={"a": ["b"]}),
        lambda scores: scores["tasks"]["nlvr"].pop("failed"),
    ],
    ids=["aggregate", "last digit", "metric", "chance", "note", "key", "inner key", "missing key"],
)
def test_any_change_of_a_score_is_a_difference(folder, data, change):
    score_file(folder, change)
    found = verdict(folder, data)
    assert (found.outcome, bool(found.found)) == ("differs", True)


def test_another_version_of_mibench_is_none(folder, data):
    text = (folder / "scores.json").read_text()
    assert "|mibench:" in text
    (folder / "scores.json").write_text(text.replace("|mibench:", "|mibench:9."))
    assert verdict(folder, data).outcome == "holds"


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda folder: (folder / "submission.yaml").unlink(), "submission.yaml: cannot be read"),
        (lambda folder: (folder / "scores.json").unlink(), "the submission has no scores (mibench score "),
        (lambda folder: (folder / "scores.json").write_text("{}"), "scores.json"),
        (lambda folder: (folder / "scores.json").write_text("[" * 9000), "scores.json"),
        (lambda folder: (folder / "scores.json").write_bytes(b" " * (MAX_BYTES + 1)), "too long"),
        (lambda folder: (folder / "run.json").write_text("[]"), "run.json: not a record of runs"),
        (lambda folder: (folder / "predictions" / "nlvr.jsonl").unlink(), "30 of 30 rows missing"),
        (lambda folder: (folder / "predictions" / "notes.html").write_text("<h1>"), "not a file of predictions"),
        (lambda folder: score_file(folder, lambda scores: scores["tasks"].pop("nlvr")), "not what scoring writes"),
        (
            lambda folder: score_file(folder, lambda scores: scores["tasks"]["nlvr"].update(primary="x")),
            "not what scor",
        ),
    ],
)
def test_faults_are_told(folder, data, spoil, words):
    spoil(folder)
    found = verdict(folder, data)
    assert found.outcome == "invalid"
    assert words in found.found[0]


@pytest.mark.parametrize(
    "name", ["submission.yaml", "scores.json", "run.json", "predictions", "predictions/nlvr.jsonl"]
)
@pytest.mark.parametrize("target", ["itself", "/dev/zero", "/proc/self/environ"])
def test_no_link_is_followed(tmp_path, folder, data, name, target):
    place = folder / name
    if target == "itself":
        target = tmp_path / "elsewhere"
        place.rename(target) if place.exists() else target.write_text('{"format": 1, "sessions": []}')
    elif place.is_dir():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)
    place.symlink_to(target)
    found = verdict(folder, data)
    assert found.outcome == "invalid"
    assert "PATH=" not in str(found)


@pytest.mark.parametrize(
    "tag", ["!!python/object/apply:os.system [touch ran]", "!!python/name:os.system", "!!python/module:antigravity"]
)
@pytest.mark.parametrize("key", ["name", "decoding", "adapter"])
def test_no_tag_of_yaml_is_obeyed(tmp_path, monkeypatch, folder, data, key, tag):
    monkeypatch.chdir(tmp_path)
    lines = (folder / "submission.yaml").read_text().splitlines()
    kept = [line for line in lines if not line.startswith(f"{key}:")]
    (folder / "submission.yaml").write_text("\n".join([*kept, f"{key}: {tag}"]))
    found = verdict(folder, data)
    assert (found.outcome, "not YAML" in found.found[0]) == ("invalid", True)
    assert not (tmp_path / "ran").exists()


def test_nothing_beside_the_answers_is_run(tmp_path, monkeypatch, folder, data):
    """Neither a module, nor a pickle, nor a card that names a script is so much as opened for it."""
    monkeypatch.chdir(folder)
    code = f"open({str(tmp_path / 'ran')!r}, 'w')\n"
    for name in ("sitecustomize.py", "conftest.py", "numpy.py", "nlvr.py", "predictions.py"):
        (folder / name).write_text(code)
    (folder / "predictions.pkl").write_bytes(f"c__builtin__\nexec\n(V{code}tR.".encode())
    card = (load_cards()["nlvr"].model_dump(mode="json")) | {"metrics": [f"evaluate:{folder / 'nlvr.py'}"]}
    (folder / "nlvr.yaml").write_text(json.dumps(card))
    assert verdict(folder, data).outcome == "holds"
    assert not (tmp_path / "ran").exists()


LONG = json.dumps({"instance": "row-0", "instruction": 1, "prediction": "a" * (MAX_LINE - 80)}).encode() + b"\n"


@pytest.mark.parametrize(
    ("piece", "size"),
    [
        (b"\0" * MAX_LINE, 10 << 30),
        (b"\n" * MAX_LINE, 10 << 30),
        (b'{"instance": "row-0", "instruction": 1, "prediction": "yes"}\n' * 10_000, 10 << 30),
        (LONG, 10 << 30),
    ],
    ids=["one line", "blank lines", "one answer again and again", "long answers"],
)
@pytest.mark.slow
def test_a_bomb_of_ten_gigabytes_is_one_fault(folder, data, piece, size):
    packed = pack(folder / "predictions" / "nlvr.jsonl", (piece for _ in range(size // len(piece))))
    assert packed.stat().st_size < 4 << 20
    check_bomb(folder, data)


def check_bomb(folder, data):
    """Check that a submission is refused in little memory and after little of it was read."""
    tracemalloc.start()
    found = verdict(folder, data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.outcome == "invalid"
    assert len(found.found) <= 21
    assert peak < 128 << 20


def test_a_bomb_is_not_read_to_its_end(folder, data):
    pack(folder / "predictions" / "nlvr.jsonl", (b"\0" * MAX_LINE for _ in range(256)))
    found = verdict(folder, data)
    assert [line.partition(": ")[2] for line in found.found] == [
        "far more than there are answers to give; from here on, nothing was read"
    ]


def test_many_small_bombs_are_one(folder, data):
    lines = b"\n" * 900
    for number in range(200):
        (folder / "predictions" / f"nlvr.{number}.jsonl").write_bytes(lines)
    found = verdict(folder, data)
    assert (len(found.found), found.found[-1]) == (21, "... and 1011 more")


@pytest.mark.slow
@pytest.mark.parametrize("place", ["notes", "unknown key", "layers"])
def test_the_largest_scores_are_compared(folder, data, place):
    filler = ["x"] * (MAX_BYTES // 5)
    for _ in range(900 if place == "layers" else 0):
        filler = [filler]
    score_file(folder, lambda scores: scores["summary"].update({"notes" if place == "notes" else "more": filler}))
    found = verdict(folder, data)
    assert found.outcome == "differs"
    assert len(found.found) <= 21


def test_the_world_must_be_at_hand(folder, data):
    found = check_submission(folder, None, cards=CARDS, data={})
    assert found == Verdict(slug="mine", outcome="unchecked", found=["answers the official world: give its --data"])


def test_a_faulty_submission_does_not_keep_others_from_being_checked(folder, data):
    submissions = folder.parent
    shutil.copytree(folder, submissions / "zz")
    shutil.copytree(folder, submissions / "MINE")
    shutil.copytree(folder, submissions / "bad name")
    (submissions / "empty").mkdir()
    (submissions / ".hidden").mkdir()
    (submissions / "linked").symlink_to(folder)
    (submissions / "lost").symlink_to("/nowhere")
    (submissions / "README.md").write_text("not a submission")
    found = list(check_submissions(choose_folders(submissions, ()), CARDS, {"official": data}))
    outcomes = {one.slug: one.outcome for one in found}
    assert {slug for slug, outcome in outcomes.items() if outcome == "holds"} in ({"MINE", "zz"}, {"mine", "zz"})
    assert [one.slug for one in found] == sorted(outcomes)
    assert outcomes.keys() == {"MINE", "bad name", "empty", "linked", "mine", "zz"}
    assert "a symbolic link" in next(one.found[0] for one in found if one.slug == "linked")


@pytest.mark.slow
def test_processes_change_nothing(monkeypatch, folder, data):
    shutil.copytree(folder, folder.with_name("other"))
    (folder / "predictions" / "nlvr.jsonl").write_bytes(b"no\n")
    folders = choose_folders(folder.parent, ())
    alone = list(check_submissions(folders, CARDS, {"official": data}))
    monkeypatch.setattr(check, "WORTH_PROCESSES", 1)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    assert list(check_submissions(folders, CARDS, {"official": data})) == alone
    assert [one.outcome for one in alone] == ["invalid", "holds"]


def test_long_answers_are_scored_a_few_at_a_time(monkeypatch, tmp_path, data):
    monkeypatch.setattr("mibench.scoring.rows.CHUNK_CHARACTERS", 1000)
    folder = make_submission(tmp_path / "long", data, lambda row, number: row.targets[0] + " " * 600)
    few = score_submission(opened(folder, data), CARDS)
    monkeypatch.setattr("mibench.scoring.rows.CHUNK_CHARACTERS", 1 << 26)
    assert score_submission(opened(folder, data), CARDS) == few
    assert len(answers(data, "nlvr", lambda row, number: "")) == 30
