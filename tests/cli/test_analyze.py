"""`mibench analyze attention` on small random models."""

import json

import pytest

pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("transformers", reason="transformers is not installed")

from tests.analysis.small_models import make_model
from tests.cli.program import mibench

TASKS = ("--tasks", "nlvr,task033_winogrande_answer_generation", "--limit", "2", "--device", "cpu")


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    return [make_model(folder / name, seed) for seed, name in enumerate(("base", "tuned"))]


def test_one_model_as_a_table_and_as_json(models):
    printed = mibench("analyze", "attention", models[0], *TASKS).stdout
    assert "Cross-attention of base, percent" in printed
    assert all(word in printed for word in ("nlvr", "instruction", "95 % interval", "L2"))
    assert "tuned models" not in printed
    told = json.loads(mibench("analyze", "attention", models[0], *TASKS, "--json").stdout)
    assert told["models"] == ["base"]
    assert told["hypothesis"] is None
    (of,) = told["tasks"]["nlvr"]["models"]
    assert sum(one["mean"]["value"] for one in of["regions"].values()) == pytest.approx(1, abs=1e-5)
    assert f"{100 * of['regions']['instruction']['mean']['value']:.1f}" in printed


def test_two_models_with_a_page(models, tmp_path):
    found = mibench("analyze", "attention", *models, *TASKS, "--output", tmp_path / "site", "--json")
    told = json.loads(found.stdout)
    assert told == json.loads((tmp_path / "site" / "attention.json").read_text())
    assert told["models"] == ["base", "tuned"]
    first, second = (one["regions"]["instruction"]["mean"]["value"] for one in told["tasks"]["nlvr"]["models"])
    change = told["tasks"]["nlvr"]["change"]["instruction"]["mean"]["value"]
    assert change == pytest.approx(second - first, abs=1e-5)
    assert (tmp_path / "site" / "index.html").is_file()
    assert '"tuned models look more at the instruction": ' in mibench("analyze", "attention", *models, *TASKS).stdout


def test_a_model_against_itself_does_not_differ(models):
    told = json.loads(mibench("analyze", "attention", models[0], models[0], *TASKS, "--json").stdout)
    assert told["models"] == ["base (1)", "base (2)"]
    assert told["hypothesis"]["difference"]["value"] == 0
    assert told["hypothesis"]["verdict"] == "cannot be told"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nowhere"], "nowhere: no such folder"),
        (["MODEL", "nowhere"], "nowhere: no such folder"),
        (["MODEL", "--tasks", "chess"], "chess"),
        (["MODEL", "--data", "nowhere"], "nowhere: not a prepared data folder"),
        (["MODEL", "--device", "abacus"], "unknown device 'abacus'"),
        (["MODEL", "--output", "FULL"], "holds something else"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(models, tmp_path, arguments, told):
    (tmp_path / "letter.txt").write_text("dear")
    known = {"MODEL": models[0], "FULL": tmp_path}
    found = mibench("analyze", "attention", *[known.get(word, word) for word in arguments], "--limit", "1", status=2)
    assert told in found.stderr
    assert found.stderr.count("\n") == 1
    assert found.stdout == ""
