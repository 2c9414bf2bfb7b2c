"""`mibench study mini` on tiny recipes."""

import json

import pytest

from mibench.data.mini.seen import FAMILIES
from tests.analysis.study_fakes import STUDY, write_recipes
from tests.cli.program import mibench

SMALL = STUDY.split("strategies")[0].replace("limit: 4", "limit: 1").replace("steps: 600", "steps: 12")


@pytest.fixture
def recipe(tmp_path):
    return write_recipes(tmp_path)


def test_check_tells_the_runs_and_how_much_they_are(recipe):
    printed = mibench("study", "mini", recipe, "--check").stdout
    assert "19 runs from the stage 'bare': 10,800 steps of 8 rows, 86,400 rows in all; then 11,020 requests" in printed
    lines = {line.split()[0]: line.split()[1:] for line in printed.splitlines() if "-seed" in line}
    seeing = str(sum(family.worlds is not None for family in FAMILIES.values()))
    assert lines["task_name-seed0"] == [seeing, "bare", "600", "4,800", "580", "no"]
    assert lines["multi-wordings5-seed1"] == [seeing, "5", "600", "4,800", "580", "no"]
    assert lines["sequential-seed0"] == [str(len(FAMILIES)), "all", "600", "4,800", "580", "no"]
    assert len(lines) == 18


def test_options_take_the_place_of_the_recipe(recipe):
    options = ("--parts", "wordings", "--seeds", "3", "--steps", "50", "--limit", "2")
    printed = mibench("study", "mini", recipe, "--check", *options).stdout
    assert "3 runs from the stage 'bare': 150 steps of 8 rows, 1,200 rows in all; then 870 requests" in printed
    assert "multi-wordings5-seed3" in printed


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--parts", "strategies,chess"], "'chess' is none of"),
        (["--seeds", "0,0"], "is no list of different whole numbers"),
        (["--seeds", "-1"], "is no list of different whole numbers"),
        (["--steps", "1"], "1"),
        ([], "--training and --output are needed"),
    ],
)
def test_wrong_use_is_told(recipe, options, told):
    assert told in mibench("study", "mini", recipe, *options, status=2).stderr


def test_a_training_that_is_not_done_is_told(recipe, tmp_path):
    pytest.importorskip("torch", reason="torch is not installed")
    arguments = ("--training", tmp_path / "nowhere", "--output", tmp_path / "out")
    told = mibench("study", "mini", recipe, *arguments, status=2).stderr
    assert "nowhere: the stage 'bare' is not done: there is no trunk" in told
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_a_study_from_the_first_step_to_the_tables(tmp_path):
    pytest.importorskip("torch", reason="torch is not installed")
    pytest.importorskip("transformers", reason="transformers is not installed")
    study = f"{SMALL}strategies: [none, multi, sequential]\nclusters: [1, 5]\n".replace("[0, 1]", "[0]")
    recipe, training, output = write_recipes(tmp_path, study), tmp_path / "training", tmp_path / "out"
    mibench("tune", tmp_path / "base.yaml", "--output", training)
    before = (training / "bare" / "model.safetensors").read_bytes()
    arguments = ("study", "mini", recipe, "--training", training, "--output", output)
    assert mibench(*arguments).stdout == f"{output / 'study.md'}\n"
    report = json.loads((output / "study.json").read_bytes())
    assert (report["done"], report["planned"]) == (4, 4)
    for run in ("none", "multi-seed0", "sequential-seed0", "multi-clusters1-seed0"):
        scores = json.loads((output / run / "submission" / "scores.json").read_bytes())
        found = [one for arm in report["arms"] for one in arm["runs"] if one["run"] == run]
        assert {one["measures"]["aggregate"]["value"] for one in found} == {scores["summary"]["aggregate"]["mean"]}
    weights = [output / "multi-seed0" / "training" / "study-seed0" / "model.safetensors"]
    weights += [
        output / "sequential-seed0" / "training" / f"{name}-seed0" / "model.safetensors" for name in ("text", "study")
    ]
    assert len({before, *(file.read_bytes() for file in weights)}) == 4
    assert (training / "bare" / "model.safetensors").read_bytes() == before
    times = {file: file.stat().st_mtime_ns for file in [*weights, *output.glob("*/submission/scores.json")]}
    mibench(*arguments)
    assert times == {file: file.stat().st_mtime_ns for file in times}
    told = mibench(*arguments, "--limit", "2", status=2).stderr
    assert "none: holds a run of other settings" in told
