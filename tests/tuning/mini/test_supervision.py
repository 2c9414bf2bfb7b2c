"""Supervision of attention, against the weights that the eager implementation returns."""

from dataclasses import replace

import pytest

pytest.importorskip("torch")

import torch

from mibench.tuning.mini.batch import IGNORED, inputs_of, padded
from mibench.tuning.mini.initial import supervised_heads
from mibench.tuning.mini.supervision import supervision_loss, watching
from tests.tuning.mini import small_mini
from tests.tuning.mini.small_mini import SIDE

PATCHES = SIDE * SIDE
ROWS = [
    small_mini.row("shape_in_box"),
    small_mini.row("box_of_figure", 1, 3),
    small_mini.row("count_figures"),
    small_mini.row("relation_of_two", 2, 5),
    small_mini.row("figure_in_box_check", 1, 9),
]
CPU = torch.device("cpu")


def run(model, rows, **settings):
    inputs = inputs_of(model, rows, small_mini.features(*rows), CPU)
    labels = padded([row.labels for row in rows], IGNORED)
    return model(**inputs, labels=labels, use_cache=False, **settings)


def told(model, rows):
    with watching(model) as watched:
        run(model, rows)
    return supervision_loss(model, watched, rows, PATCHES)


@torch.no_grad()
def by_hand(model, rows):
    """Return -log of what falls where it belongs, added up row by row from the attention weights."""
    output = run(model, rows, output_attentions=True)
    seeing = output.encoder_attentions[min(1, len(output.encoder_attentions) - 1)]
    pointing, reading = output.cross_attentions[0], output.cross_attentions[-1]
    total = 0.0
    for place, row in enumerate(rows):
        for mention in row.mentions:
            head = 0 if mention.is_box else 1
            total -= seeing[place, head, PATCHES + mention.token, list(mention.patches)].sum().log()
        if row.mentions:
            total -= pointing[place, 0, 0, [PATCHES + mention.token for mention in row.mentions]].sum().log()
        if row.focus:
            total -= reading[place, 1, 0, list(row.focus)].sum().log()
    return float(total)


def test_the_rows_say_all_that_can_be_said():
    assert {mention.is_box for row in ROWS for mention in row.mentions} == {True, False}
    assert {bool(row.mentions) for row in ROWS} == {bool(row.focus) for row in ROWS} == {True, False}
    assert len({len(row.tokens) for row in ROWS}) > 1, "nothing is padded"


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_it_is_the_attention_of_the_model_itself(layers):
    model = small_mini.model(encoder_layers=layers, decoder_layers=layers)
    expected = by_hand(model, ROWS)
    assert expected > 1
    assert float(told(model, ROWS).detach()) == pytest.approx(expected, rel=1e-4)
    assert float(told(model, ROWS[:1]).detach()) == pytest.approx(by_hand(model, ROWS[:1]), rel=1e-4)


@pytest.mark.parametrize("changes", [{"focus": ()}, {"mentions": ()}, {"focus": (), "mentions": ()}])
def test_what_no_row_says_counts_nothing(changes):
    model, rows = small_mini.model(), [replace(row, **changes) for row in ROWS]
    assert float(told(model, rows).detach()) == pytest.approx(by_hand(model, rows), rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("layers", [1, 2])
def test_the_gradient_reaches_the_heads_named_alone(layers):
    """What the modules read is taken as it is here, so that the gradient can go nowhere but into their own weights."""
    model = small_mini.model(encoder_layers=layers, decoder_layers=layers)
    with watching(model) as watched:
        run(model, ROWS)
    watched.seen = {module: tuple(part.detach() for part in read) for module, read in watched.seen.items()}
    supervision_loss(model, watched, ROWS, PATCHES).backward()
    names = {module: name for name, module in model.named_modules()}
    heads = {(names[module], head) for module, head in supervised_heads(model)}
    assert len(heads) == 4
    reached = set()
    for name, parameter in model.named_parameters():
        if parameter.grad is None:
            continue
        module, projection, _ = name.rsplit(".", 2)
        assert projection in ("q_proj", "k_proj")
        moved = parameter.grad.unflatten(0, (small_mini.ARCHITECTURE.heads, -1)).flatten(1).abs().amax(dim=1) > 1e-6
        reached |= {(module, head) for head in moved.nonzero()[:, 0].tolist()}
    assert reached == heads


def test_the_gradient_goes_on_into_what_the_heads_read():
    model = small_mini.model()
    told(model, ROWS).backward()
    for parameter in (model.encoder.embed_tokens.weight, model.encoder.image_proj.weight):
        assert parameter.grad.abs().sum() > 0


def test_a_step_down_the_gradient_draws_attention_there():
    model = small_mini.model()
    before = told(model, ROWS)
    before.backward()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.grad is not None:
                parameter.sub_(1e-3 * parameter.grad)
    assert by_hand(model, ROWS) < float(before.detach()) - 0.01


def test_watching_changes_nothing():
    model = small_mini.model()
    plain = run(model, ROWS)
    with watching(model):
        watched = run(model, ROWS)
    assert torch.equal(plain.logits, watched.logits)
    assert torch.equal(plain.loss, watched.loss)


def test_no_hook_stays():
    model = small_mini.model()
    with watching(model) as watched:
        assert sum(len(module._forward_pre_hooks) for module in model.modules()) == 3
    with pytest.raises(KeyError), watching(model):
        raise KeyError
    assert not any(module._forward_pre_hooks for module in model.modules())
    run(model, ROWS)
    assert not watched.seen


def test_attention_that_is_nowhere_near_costs_a_finite_price():
    model = small_mini.model()
    with torch.no_grad():
        for module, _ in supervised_heads(model):
            module.q_proj.weight.mul_(1e4)
    loss = told(model, ROWS)
    loss.backward()
    assert torch.isfinite(loss)
    assert all(value.grad is None or torch.isfinite(value.grad).all() for value in model.parameters())
