"""The training of a trunk: its losses and hits against figures by hand, its statistics, its source."""

from collections import Counter

import pytest

pytest.importorskip("torch")

import torch
from torch.nn import functional

from mibench.data.mini.seen import FAMILIES
from mibench.ofa.trunk import InferenceBatchNorm, Trunk
from mibench.tuning.mini.dense_labels import IGNORED, classes_of, label
from mibench.tuning.mini.pictures import normalised, worlds_of
from mibench.tuning.mini.recipe import TrunkStage
from mibench.tuning.mini.trunk import (
    EACH,
    NOTHING,
    WEIGHTS,
    DenseHeads,
    TrunkObjective,
    TrunkSource,
    TrunkTraining,
    calibrate,
    features_of,
    grid_of,
    stacked,
)
from tests.tuning.mini.small_mini import SCENES

SIDE = 64
GRID = grid_of(SIDE)
KINDS = ("figures", "landscapes", "tagged")
WORLDS = worlds_of(FAMILIES.values())
DRAWN = {name: [SCENES.get(name, WORLDS[name], "train", number) for number in range(4)] for name in KINDS}
CLASSES = classes_of([scene for kind in DRAWN.values() for scene in kind])
LABELS = {name: stacked([label(scene, CLASSES, GRID) for scene in kind]) for name, kind in DRAWN.items()}
CHANNELS = 16


def small_trunk(seed=0):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return Trunk((1, 1, 1), widths=(4, 4, 4))


def heads_and_features(seed=0):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return DenseHeads(CHANNELS, CLASSES), torch.randn(12, CHANNELS, *GRID)


def all_labels():
    return stacked([type(kind)(*(part[number] for part in kind)) for kind in LABELS.values() for number in range(4)])


def entropy_by_hand(logits, wanted, nothing):
    """Return the mean of -log p over labels, those of class 0 weighing less."""
    total = weight = 0.0
    for scores, answer in zip(logits.flatten(0, -2), wanted.flatten().tolist(), strict=True):
        if answer == IGNORED:
            continue
        share = nothing if answer == 0 else 1.0
        total -= share * float(scores.log_softmax(0)[answer])
        weight += share
    return total / weight if weight else 0.0


@torch.no_grad()
def test_losses_are_those_by_hand():
    heads, features = heads_and_features()
    labels = all_labels()
    losses = {name: float(value) for name, value in heads.losses(features, labels).items()}
    assert set(losses) == set(WEIGHTS)
    states = heads.norm(features.permute(0, 2, 3, 1))
    for name in EACH:
        expected = entropy_by_hand(heads.heads[name](states), getattr(labels, name), NOTHING)
        assert losses[name] == pytest.approx(expected, rel=1e-4)
    letters = heads.heads["letters"](states).unflatten(-1, (labels.letters.shape[-1], -1))
    assert losses["letters"] == pytest.approx(entropy_by_hand(letters, labels.letters, NOTHING), rel=1e-4)
    shares = heads.heads["kinds"](states).sigmoid()
    kinds = -(labels.kinds * shares.log() + (1 - labels.kinds) * (1 - shares).log()).mean()
    assert losses["kinds"] == pytest.approx(float(kinds), rel=1e-4)
    error = (heads.heads["edges"](states) - labels.edges)[labels.name != 0].abs()
    smooth = torch.where(error < 0.02, error**2 / 0.04, error - 0.01).mean() * 10
    assert losses["edges"] == pytest.approx(float(smooth), rel=1e-4)
    whole = states.mean((1, 2))
    facts = [entropy_by_hand(head(whole), labels.facts[:, place], 1.0) for place, head in enumerate(heads.facts)]
    assert facts
    assert losses["facts"] == pytest.approx(sum(facts) / len(facts), rel=1e-4)


def test_the_objective_is_the_weighted_sum_by_pictures():
    pictures = {name: torch.randint(0, 255, (4, SIDE, SIDE, 3), dtype=torch.uint8) for name in KINDS}
    training = TrunkTraining(small_trunk(), CLASSES)
    objective = TrunkObjective(pictures, LABELS)
    rows = [("figures", 1), ("tagged", 3), ("landscapes", 0)]
    loss = objective(training, rows, torch.device("cpu"))
    pixels, labels = objective.batch(rows)
    assert torch.equal(pixels[1], normalised(pictures["tagged"][3:4])[0])
    assert torch.equal(labels.name[2], LABELS["landscapes"].name[0])
    parts = training.heads.losses(training.trunk(pixels), labels)
    expected = sum(WEIGHTS[name] * float(part.detach()) for name, part in parts.items()) * 3
    assert loss.count == 3
    assert float(loss.total.detach()) == pytest.approx(expected, rel=1e-5)
    assert float(loss.parts["loss/name"]) == pytest.approx(float(parts["name"].detach()) * 3, rel=1e-5)
    loss.total.backward()
    assert training.trunk.conv1.weight.grad.abs().sum() > 0


@torch.no_grad()
def test_hits_count_what_is_said_right_where_there_is_something():
    heads, features = heads_and_features()
    labels = all_labels()
    found = heads.hits(features, labels)
    states = heads.norm(features.permute(0, 2, 3, 1))
    for name in EACH:
        wanted, said = getattr(labels, name), heads.heads[name](states).argmax(-1)
        pairs = [pair for pair in zip(said.flatten().tolist(), wanted.flatten().tolist(), strict=True) if pair[1] > 0]
        assert found[name] == (sum(one == other for one, other in pairs), len(pairs))
    asked = int((labels.facts != IGNORED).sum())
    assert found["facts"][1] == asked > 0
    assert found["letters"][1] == int((labels.letters > 0).sum()) > 0


@torch.no_grad()
def test_without_labels_a_loss_is_nothing():
    heads, features = heads_and_features()
    labels = all_labels()
    silent = labels._replace(facts=torch.full_like(labels.facts, IGNORED), name=torch.full_like(labels.name, IGNORED))
    losses = heads.losses(features, silent)
    assert float(losses["facts"]) == float(losses["name"]) == 0


@torch.no_grad()
def test_pictures_without_things_have_a_finite_loss():
    heads, features = heads_and_features()
    labels = all_labels()
    losses = heads.losses(features, labels._replace(name=torch.zeros_like(labels.name)))
    assert all(torch.isfinite(loss) for loss in losses.values())


def trunk_stage(**changes):
    return TrunkStage(**{"steps": 60, "batch": 7, "learning_rate": 0.001} | changes)


def test_rows_take_turns_by_kind_and_are_the_same_for_the_same_step():
    counts = dict.fromkeys(KINDS, 50)
    source = TrunkSource(counts, trunk_stage(), seed=0)
    rows = [row for step in range(30) for row in source.rows(step)]
    assert Counter(name for name, _ in rows) == dict.fromkeys(KINDS, 70)
    assert {number for _, number in rows} <= set(range(50))
    assert len({number for _, number in rows}) > 40
    assert source.rows(4) == TrunkSource(counts, trunk_stage(), seed=0).rows(4)
    assert source.rows(4) != TrunkSource(counts, trunk_stage(), seed=1).rows(4)


def test_late_kinds_come_more_often_from_their_step_on():
    stage = trunk_stage(batch=8, late_kinds=("tagged",), late_from=20, late_share=0.5)
    late, even = (TrunkSource(dict.fromkeys(KINDS, 50), each, seed=0) for each in (stage, trunk_stage(batch=8)))
    assert [late.rows(step) for step in range(20)] == [even.rows(step) for step in range(20)]
    kinds = [[name for name, _ in late.rows(step)] for step in range(20, 50)]
    assert {tuple(names[:4]) for names in kinds} == {("tagged",) * 4}
    rest = Counter(name for names in kinds for name in names[4:])
    assert set(rest) == set(KINDS)
    assert max(rest.values()) - min(rest.values()) <= 4


def test_layers_start_with_features_of_mean_0_and_variance_1():
    trunk = small_trunk()
    generator = torch.Generator().manual_seed(0)
    pixels = torch.rand(6, 3, SIDE, SIDE, generator=generator) * 2 - 1
    calibrate(trunk, pixels)
    outputs = []
    norms = [module for module in trunk.modules() if isinstance(module, InferenceBatchNorm)]
    for norm in norms:
        norm.register_forward_hook(lambda _, __, output: outputs.append(output.detach().clone()))
    trunk(pixels)
    assert len(outputs) == len(norms) > 9
    for output in outputs:
        variance, mean = torch.var_mean(output, dim=(0, 2, 3))
        assert mean.abs().max() < 1e-3
        assert (variance - 1).abs().max() < 0.05
    assert not any(norm._forward_pre_hooks for norm in norms)


@torch.no_grad()
def test_features_are_those_of_the_trunk_whatever_the_batch():
    trunk = small_trunk().eval()
    generator = torch.Generator().manual_seed(0)
    pictures = torch.randint(0, 255, (5, SIDE, SIDE, 3), dtype=torch.uint8, generator=generator)
    found = features_of(trunk, pictures, batch=2)
    assert found.shape == (5, *GRID, trunk.channels)
    assert found.dtype == torch.float16
    torch.testing.assert_close(found.float(), trunk(normalised(pictures)).permute(0, 2, 3, 1), atol=1e-2, rtol=1e-2)


@pytest.mark.parametrize("side", [16, 17, 64, 100, 128])
def test_the_grid_is_that_of_the_trunk(side):
    assert small_trunk()(torch.zeros(1, 3, side, side)).shape[2:] == grid_of(side)


def test_a_patch_of_nothing_weighs_less():
    logits, wanted = torch.tensor([[2.0, 0.0], [2.0, 0.0]]), torch.tensor([0, 1])
    weighed = functional.cross_entropy(logits, wanted, torch.tensor([NOTHING, 1.0]))
    assert float(weighed) == pytest.approx(entropy_by_hand(logits, wanted, NOTHING), rel=1e-5)
