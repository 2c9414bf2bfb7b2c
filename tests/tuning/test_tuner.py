import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from mibench.errors import InputError  # noqa: E402
from mibench.ofa import OFAForConditionalGeneration, OFAProcessor  # noqa: E402
from mibench.tuning import tuner  # noqa: E402
from mibench.tuning.examples import ExampleSource  # noqa: E402
from mibench.tuning.objective import AnswerLoss  # noqa: E402
from mibench.tuning.training_log import read_log  # noqa: E402
from tests.tuning.official_files import recipe, write_model, write_natural, write_official, write_recipe  # noqa: E402

ROOT = Path(__file__).parent.parent.parent


class KilledError(Exception):
    pass


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tuner")
    write_official(folder / "data")
    write_natural(folder / "natural")
    write_model(folder / "ofa")
    return folder


def losses(output):
    return [line["loss"] for line in read_log(output / "log.jsonl") if "loss" in line]


def test_a_tuned_model_is_a_folder_that_loads(folder, tmp_path):
    output = tmp_path / "run"
    content = recipe(folder, steps=12, label_smoothing=0.1)
    assert tuner.tune(content, output) == output / "model"
    curve = losses(output)
    assert len(curve) == 12
    assert curve[-1] < 0.9 * curve[0]
    model = OFAForConditionalGeneration.from_pretrained(output / "model")
    processor = OFAProcessor.from_pretrained(output / "model")
    assert processor.image_processor.size == {"height": 32, "width": 32}
    rows = tuner.example_source(content).rows(0)
    with torch.no_grad():
        tuned, untuned = (
            AnswerLoss(processor, 1024, 30, 0.0)(found.eval(), rows, torch.device("cpu")).total
            for found in (model, OFAForConditionalGeneration.from_pretrained(folder / "ofa"))
        )
    assert tuned < 0.9 * untuned
    ElementTree.fromstring((output / "curve.svg").read_text())
    assert json.loads((output / "recipe.json").read_text())["seed"] == 0


def test_a_run_that_was_killed_gives_the_same_curve(folder, tmp_path, monkeypatch):
    content = recipe(folder, strategy="mixed", steps=6)
    assert OFAForConditionalGeneration.from_pretrained(folder / "ofa").config.dropout > 0
    tuner.tune(content, tmp_path / "whole")

    def rows(source, step, plain=ExampleSource.rows):
        if step == 3:
            raise KilledError
        return plain(source, step)

    with monkeypatch.context() as patch:
        patch.setattr(ExampleSource, "rows", rows)
        with pytest.raises(KilledError):
            tuner.tune(content, tmp_path / "killed")
    tuner.tune(content, tmp_path / "killed")
    assert losses(tmp_path / "killed") == pytest.approx(losses(tmp_path / "whole"), abs=1e-6)
    with pytest.raises(InputError, match="other settings"):
        tuner.tune(recipe(folder, strategy="multi", steps=6), tmp_path / "killed")


def test_checkpointed_gradients_are_the_same(folder, tmp_path):
    for name, checkpointing in (("plain", False), ("checkpointed", True)):
        tuner.tune(recipe(folder, steps=3, gradient_checkpointing=checkpointing), tmp_path / name)
    assert losses(tmp_path / "plain") == pytest.approx(losses(tmp_path / "checkpointed"), abs=1e-5)


def test_an_epoch_of_a_cluster_and_half_precision(folder, tmp_path):
    content = recipe(folder, clusters=["vqa"], epochs=2.0, steps=None, batch=5, precision="bf16", export="fp16")
    model = OFAForConditionalGeneration.from_pretrained(tuner.tune(content, tmp_path), dtype="auto")
    assert model.dtype == torch.float16
    assert read_log(tmp_path / "log.jsonl")[-1]["samples"] == 12


def test_a_new_model_follows_the_seed(folder, monkeypatch):
    from mibench.ofa.sizes import Size

    monkeypatch.setitem(tuner.SIZES, "tiny", Size(32, 48, (1, 1), 2, "resnet18"))
    made = [
        tuner.build_model(recipe(folder, model={"size": "tiny", "tokenizer": str(folder / "ofa")}, seed=seed))[0]
        for seed in (0, 0, 1)
    ]
    weights = [model.encoder.embed_tokens.weight for model in made]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


@pytest.mark.slow
def test_evaluation_is_a_submission_on_the_same_path(folder, tmp_path):
    evaluation = {"tasks": ["nlvr", "text_vqa"], "limit": 4, "every": 2, "beams": 1}
    tuner.tune(recipe(folder, evaluation=evaluation), tmp_path / "run")
    lines = [line for line in read_log(tmp_path / "run" / "log.jsonl") if "evaluation" in line]
    assert [line["step"] for line in lines] == [2, 4]
    assert lines[0]["evaluation"].keys() >= {"nlvr", "text_vqa", "aggregate"}
    for step in (2, 4):
        scores = json.loads((tmp_path / "run" / "evaluation" / f"step-{step}" / "scores.json").read_text())
        assert scores["tasks"]["nlvr"]["n"] == 4
    left = sorted(path.name for path in (tmp_path / "run" / "evaluation").iterdir())
    assert left == ["step-2", "step-4"]
    tuner.tune(recipe(folder, strategy="none", evaluation=evaluation), tmp_path / "untuned")
    (line,) = read_log(tmp_path / "untuned" / "log.jsonl")
    assert line["step"] == 0
    model = OFAForConditionalGeneration.from_pretrained(tmp_path / "untuned" / "model")
    before = OFAForConditionalGeneration.from_pretrained(folder / "ofa")
    assert torch.equal(model.encoder.embed_tokens.weight, before.encoder.embed_tokens.weight)


def test_a_task_to_evaluate_that_there_is_not_stops_before_training(folder, tmp_path):
    with pytest.raises(InputError, match="unknown task 'nlvrr'"):
        tuner.tune(recipe(folder, evaluation={"tasks": ["nlvrr"]}), tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_two_processes_tune_as_one(folder, tmp_path):
    """Dropout is each process's own, so that the model here has none."""
    write_model(tmp_path / "ofa", dropout=0.0, attention_dropout=0.0, activation_dropout=0.0)
    changes = {"model": {"folder": str(tmp_path / "ofa")}, "strategy": "mixed"}
    path = write_recipe(folder, **changes)
    tuner.tune(recipe(folder, **changes), tmp_path / "one")
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2", "-m"]
    command += ["mibench", "tune", str(path), "--output", str(tmp_path / "two")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "two" / "done.json").read_text())["processes"] == 2
    assert done.stdout.split() == [str(tmp_path / "two" / "model")]
    assert losses(tmp_path / "two") == pytest.approx(losses(tmp_path / "one"), abs=1e-5)
    one, two = (OFAForConditionalGeneration.from_pretrained(tmp_path / name / "model") for name in ("one", "two"))
    for name, value in one.state_dict().items():
        torch.testing.assert_close(value, two.state_dict()[name], atol=3e-5, rtol=0)
