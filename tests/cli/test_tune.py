import pytest

pytest.importorskip("torch")

from tests.cli.program import mibench
from tests.tuning.official_files import write_model, write_natural, write_official, write_recipe


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tune")
    write_official(folder / "data")
    write_natural(folder / "natural")
    write_model(folder / "ofa")
    return folder


def test_tuning_from_the_command_line(folder, tmp_path):
    result = mibench("tune", write_recipe(folder), "--output", tmp_path / "run", "--steps", 2)
    assert result.stdout.split() == [str(tmp_path / "run" / "model")]
    assert len((tmp_path / "run" / "log.jsonl").read_text().splitlines()) == 2
    again = mibench("tune", write_recipe(folder), "--output", tmp_path / "run", "--seed", 3, status=2)
    assert "other settings" in again.output


def test_a_check_says_what_would_be_trained_on(folder):
    result = mibench("tune", write_recipe(folder, strategy="sequential", epochs=2.0, steps=None), "--check")
    assert "part 1 of 2: 16 rows" in result.output
    assert "6    5 wordings  VQA" in result.output
    assert "small: 5 tasks, 26 rows, 9 steps of 6 rows" in result.output
    assert not list(folder.glob("**/log.jsonl"))
    assert "nothing is trained" in mibench("tune", write_recipe(folder, strategy="none"), "--check").output


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"batchsize": 4}, "recipe.yaml:1: batchsize: unknown key"),
        ({"model": {"folder": "gone"}}, "model.folder: there is no gone"),
        ({"optimiser": {"learning_rate": 1.0, "clip": 0.0}, "steps": 30}, "learning rate"),
    ],
)
def test_wrong_recipes_and_diverging_runs_stop_with_one_line(folder, tmp_path, changes, message):
    result = mibench("tune", write_recipe(folder, **changes), "--output", tmp_path / "run", status=2)
    *told, last = result.output.strip().splitlines()
    assert message in last
    assert all(line.startswith("no rows of") for line in told)


def test_what_does_not_go_together(folder, tmp_path):
    path = write_recipe(folder)
    assert "has no stages" in mibench("tune", path, "--output", tmp_path, "--stages", "a", status=2).output
    assert "--adopt" in mibench("tune", path, "--output", tmp_path, "--adopt", "a=b", status=2).output
    assert "'a' is not STAGE=DIR" in mibench("tune", path, "--output", tmp_path, "--adopt", "a", status=2).output
    assert "--output is missing" in mibench("tune", path, status=2).output
    staged = tmp_path / "staged.yaml"
    staged.write_text("stages: []\n")
    assert "of their own" in mibench("tune", staged, "--output", tmp_path, "--steps", 3, status=2).output
