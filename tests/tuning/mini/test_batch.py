"""Batches of rows: their loss is the model's own, and supervision weighs less from step to step."""

import pytest

pytest.importorskip("torch")

import torch
from torch import nn

from mibench.tuning.mini.batch import IGNORED, SupervisedAnswers, inputs_of, padded
from mibench.tuning.mini.supervision import supervision_loss, watching
from tests.tuning.mini import small_mini
from tests.tuning.mini.small_mini import SIDE

CPU = torch.device("cpu")
SEEING = [small_mini.row("shape_in_box"), small_mini.row("box_of_figure", 1, 4), small_mini.row("count_figures", 2)]
READING = [small_mini.row("kind_of_word", number, number) for number in range(3)]


def objective(rows, weight=(0.5, 0.1), steps=10):
    return SupervisedAnswers(small_mini.features(*rows), weight, steps)


def labels_of(rows):
    return padded([row.labels for row in rows], IGNORED)


@torch.no_grad()
@pytest.mark.parametrize("rows", [SEEING, READING], ids=["seeing", "reading"])
def test_the_entropy_is_the_loss_of_the_model_itself(rows):
    model, labels = small_mini.model(), labels_of(rows)
    loss = objective(rows, (0.0, 0.0))(model, rows, CPU)
    output = model(**inputs_of(model, rows, small_mini.features(*rows), CPU), labels=labels, use_cache=False)
    assert loss.count == sum(len(row.labels) for row in rows)
    assert float(loss.total) == pytest.approx(float(output.loss) * loss.count, rel=1e-5)
    assert loss.parts["entropy"] == pytest.approx(float(loss.total), rel=1e-6)
    assert loss.parts["rows"] == len(rows)
    assert "supervision" not in loss.parts


@torch.no_grad()
@pytest.mark.parametrize(("step", "weight"), [(0, 0.5), (5, 0.3), (10, 0.1), (99, 0.1)])
def test_supervision_weighs_less_from_step_to_step(step, weight):
    model, made = small_mini.model(), objective(SEEING)
    made.step = step
    loss = made(model, SEEING, CPU)
    with watching(model) as watched:
        model(**inputs_of(model, SEEING, small_mini.features(*SEEING), CPU), labels=labels_of(SEEING), use_cache=False)
    told = float(supervision_loss(model, watched, SEEING, SIDE * SIDE))
    assert loss.parts["supervision"] == pytest.approx(told, rel=1e-5)
    assert float(loss.total) - loss.parts["entropy"] == pytest.approx(weight * told, rel=1e-4)


@torch.no_grad()
def test_text_is_not_supervised():
    assert "supervision" not in objective(READING)(small_mini.model(), READING, CPU).parts


@torch.no_grad()
def test_the_loss_of_a_batch_is_the_sum_of_its_parts():
    """Padding, and who stands beside whom, change nothing."""
    model = small_mini.model()
    together = objective(SEEING)(model, SEEING, CPU)
    alone = [objective(SEEING)(model, [row], CPU) for row in SEEING]
    assert float(together.total) == pytest.approx(sum(float(loss.total) for loss in alone), rel=1e-4)
    for name, value in together.parts.items():
        assert value == pytest.approx(sum(loss.parts.get(name, 0.0) for loss in alone), rel=1e-4)


class Saying(nn.Module):
    """A model whose logits say given answers, wrapped as training in several processes wraps it."""

    def __init__(self, model, answers):
        super().__init__()
        self.module, self.answers = model, answers

    def forward(self, **inputs):
        output = self.module(**inputs)
        said = self.answers.clamp(min=0)
        output.logits = nn.functional.one_hot(said, output.logits.shape[-1]).float() * 9
        return output


@torch.no_grad()
def test_right_are_the_rows_whose_every_token_is():
    labels = labels_of(SEEING)
    model = small_mini.model()
    assert objective(SEEING, (0.0, 0.0))(Saying(model, labels), SEEING, CPU).parts["right"] == 3
    wrong = labels.clone()
    wrong[1, len(SEEING[1].labels) - 1] += 1
    assert objective(SEEING, (0.0, 0.0))(Saying(model, wrong), SEEING, CPU).parts["right"] == 2


def test_each_row_sees_its_own_picture():
    model, features = small_mini.model(), small_mini.features(*SEEING)
    inputs = inputs_of(model, SEEING, features, CPU)
    assert inputs["image_features"].shape == (3, SIDE, SIDE, small_mini.ARCHITECTURE.width)
    for place, row in enumerate(SEEING):
        name, number = row.picture
        own = model.encoder.embed_features(features[name][number : number + 1].float())[0]
        torch.testing.assert_close(inputs["image_features"][place], own, atol=1e-5, rtol=1e-5)
        tokens = inputs["input_ids"][place].tolist()
        assert tokens == [*row.tokens, *[1] * (len(tokens) - len(row.tokens))]
    assert set(inputs_of(model, READING, {}, CPU)) == {"input_ids"}


def test_lists_are_padded_on_the_right():
    assert padded([[1, 2, 3], [4], []], -1).tolist() == [[1, 2, 3], [4, -1, -1], [-1, -1, -1]]
