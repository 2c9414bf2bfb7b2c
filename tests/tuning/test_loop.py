import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("torch")

import torch
from safetensors.torch import load_file
from torch import nn

from mibench.errors import InputError
from mibench.tuning.loop import LoopSettings, Loss, rate_at, step_seed
from mibench.tuning.training_log import read_log
from tests.tuning import toy


class KilledError(Exception):
    pass


class Killing(toy.Rows):
    """Rows that end a run at a step, as a kill does."""

    def __init__(self, step):
        self.step = step

    def rows(self, step):
        if step == self.step:
            raise KilledError
        return super().rows(step)


def curve(output):
    return [
        (line["step"], line["loss"], line["parts"], line["gradient_norm"]) for line in read_log(output / "log.jsonl")
    ]


def weights(output):
    return load_file(output / "model.safetensors")


def assert_same_curve(one, other, tolerance=1e-6):
    assert [line[0] for line in one] == [line[0] for line in other]
    for a, b in zip(one, other, strict=True):
        assert a[1] == pytest.approx(b[1], abs=tolerance)
        assert a[2] == pytest.approx(b[2], abs=tolerance)
        assert a[3] == pytest.approx(b[3], rel=tolerance)


def test_it_learns_and_leaves_weights_log_and_mark(tmp_path):
    seen = []
    model = toy.run(tmp_path, steps=40, dropout=0.0, watch=lambda *figures: seen.append(figures))
    lines = read_log(tmp_path / "log.jsonl")
    assert [line["step"] for line in lines] == list(range(1, 41))
    assert lines[-1]["samples"] == 400
    assert [figures[:2] for figures in seen] == [(step, 40) for step in range(1, 41)]
    assert torch.equal(weights(tmp_path)["0.weight"], model[0].weight)
    assert json.loads((tmp_path / "done.json").read_text())["steps"] == 40
    assert not (tmp_path / "checkpoint").exists()


def test_the_gradient_is_that_of_the_mean_over_the_whole_batch(tmp_path):
    """Rows count differently, so that a mean of the means of micro-batches would be another number."""
    rows = toy.Rows().rows(0)
    model = toy.toy(0.0)
    loss = toy.objective(model, rows, torch.device("cpu"))
    (loss.total / loss.count).backward()
    expected = math.sqrt(sum(float(p.grad.norm()) ** 2 for p in model.parameters() if p.grad is not None))
    toy.run(tmp_path, dropout=0.0, steps=1)
    (line,) = read_log(tmp_path / "log.jsonl")
    assert line["gradient_norm"] == pytest.approx(expected, rel=1e-5)
    assert line["loss"] == pytest.approx(loss.total.item() / loss.count, rel=1e-6)
    assert line["parts"]["right"] == pytest.approx(float(loss.parts["right"]) / loss.count)


@pytest.mark.parametrize("micro_batch", [1, 3, 10])
def test_micro_batches_change_nothing(tmp_path, micro_batch):
    toy.run(tmp_path / "one", dropout=0.0)
    toy.run(tmp_path / "other", dropout=0.0, micro_batch=micro_batch)
    assert_same_curve(curve(tmp_path / "one"), curve(tmp_path / "other"), 1e-5)


@pytest.mark.parametrize("step", [3, 4, 7, 11])
@pytest.mark.parametrize("log_every", [1, 3])
def test_a_run_that_stopped_goes_on_as_if_it_had_not(tmp_path, step, log_every):
    toy.run(tmp_path / "whole", log_every=log_every)
    with pytest.raises(KilledError):
        toy.run(tmp_path / "killed", log_every=log_every, source=Killing(step))
    toy.run(tmp_path / "killed", log_every=log_every)
    assert_same_curve(curve(tmp_path / "whole"), curve(tmp_path / "killed"))
    for name, value in weights(tmp_path / "whole").items():
        assert torch.equal(value, weights(tmp_path / "killed")[name])


def test_what_a_step_draws_is_its_own(tmp_path):
    """Else the test above would hold without dropout being drawn anew."""
    toy.run(tmp_path / "one")
    toy.run(tmp_path / "other", seed=1)
    assert curve(tmp_path / "one")[0][1] != curve(tmp_path / "other")[0][1]
    assert (
        len({step_seed(0, step, part, process) for step in range(3) for part in range(3) for process in (0, 1)}) == 18
    )


def test_a_checkpoint_that_was_being_written_is_passed_over(tmp_path):
    with pytest.raises(KilledError):
        toy.run(tmp_path, source=Killing(7))
    (tmp_path / "checkpoint" / ".step-8.partial").mkdir()
    with (tmp_path / "log.jsonl").open("a") as log:
        log.write('{"step": 8, "lo')
    toy.run(tmp_path)
    assert [line[0] for line in curve(tmp_path)] == list(range(1, 13))


def test_a_run_that_is_done_gives_its_weights_and_is_not_trained_again(tmp_path):
    model = toy.run(tmp_path)
    again = toy.run(tmp_path, source=Killing(0))
    assert torch.equal(model[0].weight, again[0].weight)


@pytest.mark.parametrize("step", [6, None])
def test_a_folder_of_other_settings_is_refused(tmp_path, step):
    if step is None:
        toy.run(tmp_path)
    else:
        with pytest.raises(KilledError):
            toy.run(tmp_path, source=Killing(step))
    with pytest.raises(InputError, match="other settings"):
        toy.run(tmp_path, learning_rate=0.01)


def test_how_often_to_write_is_no_other_setting(tmp_path):
    with pytest.raises(KilledError):
        toy.run(tmp_path, source=Killing(6))
    toy.run(tmp_path, checkpoint_every=5, log_every=2)
    settings = LoopSettings(steps=1, learning_rate=1)
    assert settings.digest("a") != settings.digest("b")


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_loss_that_is_no_number_stops_with_step_and_checkpoint(tmp_path, value):
    class Diverging(toy.Rows):
        def rows(self, step):
            rows = super().rows(step)
            return [(row[0] * value, *row[1:]) for row in rows] if step == 5 else rows

    with pytest.raises(InputError, match=r"step 6: the loss is nan; the last checkpoint is step-4"):
        toy.run(tmp_path, source=Diverging())
    assert not (tmp_path / "done.json").exists()


def test_fp16_without_a_gpu_and_bf16_with_none(tmp_path):
    if not torch.cuda.is_available():
        with pytest.raises(InputError, match="needs a GPU"):
            toy.run(tmp_path / "fp16", precision="fp16")
    toy.run(tmp_path / "bf16", precision="bf16", dropout=0.0)
    toy.run(tmp_path / "fp32", dropout=0.0)
    losses = [[line[1] for line in curve(tmp_path / name)] for name in ("bf16", "fp32")]
    assert losses[0] != losses[1]
    assert losses[0] == pytest.approx(losses[1], abs=0.05)


def test_evaluation_is_of_the_model_as_it_answers_and_in_the_log(tmp_path):
    seen = []

    def evaluate(model, step):
        assert not model.training
        seen.append(step)
        return {"score": float(step)}

    with pytest.raises(KilledError):
        toy.run(tmp_path, source=Killing(7), evaluate=evaluate, evaluate_every=2)
    toy.run(tmp_path, evaluate=evaluate, evaluate_every=2)
    assert seen == [2, 4, 6, 6, 8, 10, 12]
    lines = [line for line in read_log(tmp_path / "log.jsonl") if "evaluation" in line]
    assert [(line["step"], line["evaluation"]) for line in lines] == [(n, {"score": n}) for n in range(2, 13, 2)]


def test_an_evaluation_that_was_killed_is_made_up_for_without_training_again(tmp_path):
    def evaluate(model, step):
        if not killed:
            killed.append(step)
            raise KilledError
        return {"score": float(model(torch.ones(1, 6)).detach().sum())}

    killed = []
    with pytest.raises(KilledError):
        toy.run(tmp_path / "killed", evaluate=evaluate)
    assert killed == [12]
    toy.run(tmp_path / "killed", evaluate=evaluate, source=Killing(0))
    toy.run(tmp_path / "whole", evaluate=evaluate)
    assert read_log(tmp_path / "killed" / "log.jsonl")[-1] == read_log(tmp_path / "whole" / "log.jsonl")[-1]


def test_the_rate_rises_then_falls():
    settings = LoopSettings(steps=110, learning_rate=1.0, warmup_steps=10, schedule="linear", final_rate=0.1)
    assert rate_at(settings, 0) == pytest.approx(0.1)
    assert rate_at(settings, 9) == rate_at(settings, 10) == 1.0
    assert rate_at(settings, 60) == pytest.approx(0.55)
    cosine = LoopSettings(steps=100, learning_rate=2.0, schedule="cosine", final_rate=0.5)
    assert rate_at(cosine, 50) == pytest.approx(1.5)
    assert rate_at(cosine, 100) == pytest.approx(1.0)
    assert rate_at(LoopSettings(steps=9, learning_rate=2.0, schedule="constant"), 8) == 2.0


def test_an_objective_may_return_a_plain_part():
    assert Loss(torch.tensor(1.0), 1).parts == {}


def start(output, *, processes=1):
    """Train the toy in processes of their own, which meet on this machine."""
    folder = Path(__file__).parent.parent.parent
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(folder)}
    command = [sys.executable, "-m", "tests.tuning.toy", str(output)]
    if processes > 1:
        launch = ["--standalone", f"--nproc_per_node={processes}", "-m"]
        command = [sys.executable, "-m", "torch.distributed.run", *launch, *command[2:]]
    return subprocess.Popen(command, env=environment, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


@pytest.mark.slow
def test_two_processes_give_the_result_of_one(tmp_path):
    toy.run(tmp_path / "one", dropout=0.0)
    two = start(tmp_path / "two", processes=2)
    output, _ = two.communicate(timeout=120)
    assert two.returncode == 0, output.decode()
    assert json.loads((tmp_path / "two" / "done.json").read_text())["processes"] == 2
    assert_same_curve(curve(tmp_path / "one"), curve(tmp_path / "two"), 1e-5)
    for name, value in weights(tmp_path / "one").items():
        torch.testing.assert_close(value, weights(tmp_path / "two")[name], atol=1e-5, rtol=0)


@pytest.mark.slow
def test_a_process_that_is_killed_loses_nothing(tmp_path):
    killed = start(tmp_path / "killed")
    end = time.monotonic() + 60
    while not list((tmp_path / "killed").glob("checkpoint/step-*")) and killed.poll() is None:
        assert time.monotonic() < end
        time.sleep(0.001)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    toy.run(tmp_path / "killed", dropout=0.0)
    toy.run(tmp_path / "whole", dropout=0.0)
    assert_same_curve(curve(tmp_path / "whole"), curve(tmp_path / "killed"))


def test_a_parameter_without_use_stays(tmp_path):
    model = toy.run(tmp_path)
    assert isinstance(model.unused, nn.Parameter)
    assert torch.equal(model.unused, torch.ones(2))
