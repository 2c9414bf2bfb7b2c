"""Supervision of attention, against the weights that the eager implementation returns."""

from dataclasses import replace

import pytest

pytest.importorskip("torch")

import torch

from mibench.tuning.mini.batch import IGNORED, inputs_of, padded
from mibench.tuning.mini.initial import supervised_heads
from mibench.tuning.mini.rows import Mention
from mibench.tuning.mini.supervision import supervision_loss, watching
from tests.tuning.mini import small_mini
from tests.tuning.mini.small_mini import SIDE

PATCHES = SIDE * SIDE
ROWS = [
    small_mini.row("shape_in_box"),
    small_mini.row("box_of_figure", 1, 3),
    small_mini.row("count_figures"),
    small_mini.row("relation_of_two", 2, -6),
    small_mini.row("figure_in_box_check", 1, 9),
    small_mini.row("comparison_sentence", 1, 4),
    small_mini.row("use_of_item", 0, 7),
    small_mini.row("two_lines_in_boxes", 0, 6),
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


def read_alone(model, rows):
    """Return the loss with what the modules read taken as it is: gradients go into their own weights alone."""
    with watching(model) as watched:
        run(model, rows)
    watched.seen = {module: tuple(part.detach() for part in read) for module, read in watched.seen.items()}
    return supervision_loss(model, watched, rows, PATCHES)


def moved_heads(model):
    """Return the modules and heads that a gradient reached."""
    modules, reached = dict(model.named_modules()), set()
    for name, parameter in model.named_parameters():
        if parameter.grad is None:
            continue
        module, projection, _ = name.rsplit(".", 2)
        assert projection in ("q_proj", "k_proj")
        moved = parameter.grad.unflatten(0, (small_mini.ARCHITECTURE.heads, -1)).flatten(1).abs().amax(dim=1) > 1e-6
        reached |= {(modules[module], head) for head in moved.nonzero()[:, 0].tolist()}
    return reached


@torch.no_grad()
def by_hand(model, rows):
    """Return -log of what falls where it belongs, added up row by row from the attention weights."""
    output = run(model, rows, output_attentions=True)
    last = len(output.encoder_attentions) - 1
    seeing, joining = (output.encoder_attentions[min(layer, last)] for layer in (1, 2))
    pointing, reading = output.cross_attentions[0], output.cross_attentions[-1]
    total = 0.0
    for place, row in enumerate(rows):
        for mention in row.mentions:
            head = 0 if mention.is_box else 1
            total -= seeing[place, head, PATCHES + mention.token, list(mention.patches)].sum().log()
        if row.mentions:
            total -= pointing[place, 0, 0, PATCHES + row.mentions[0].token].log()
        if len(row.mentions) == 2:
            one, other = (PATCHES + mention.token for mention in row.mentions)
            total -= joining[place, 2, one, other].log() + joining[place, 2, other, one].log()
            total -= pointing[place, 2, 0, other].log()
        if row.focus:
            total -= reading[place, 1, 0, list(row.focus)].sum().log()
    return float(total)


def test_the_rows_say_all_that_can_be_said():
    assert {mention.is_box for row in ROWS for mention in row.mentions} == {True, False}
    pairs = [[mention.is_box for mention in row.mentions] for row in ROWS if len(row.mentions) == 2]
    assert {len(row.mentions) for row in ROWS} == {0, 1, 2}
    assert sorted(map(tuple, pairs)) == [(False, False), (False, False), (True, True)]
    orders = {row.mentions[0].token < row.mentions[1].token for row in ROWS if len(row.mentions) == 2}
    assert orders == {True, False}, "first and second are the question's, wherever they stand in the prompt"
    assert {bool(row.mentions) for row in ROWS} == {bool(row.focus) for row in ROWS} == {True, False}
    assert len({len(row.tokens) for row in ROWS}) > 1, "nothing is padded"


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_it_is_the_attention_of_the_model_itself(layers):
    model = small_mini.model(encoder_layers=layers, decoder_layers=layers)
    expected = by_hand(model, ROWS)
    assert expected > 1
    assert float(told(model, ROWS).detach()) == pytest.approx(expected, rel=1e-4)
    for row in ROWS:
        assert float(told(model, [row]).detach()) == pytest.approx(by_hand(model, [row]), rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("changes", [{"focus": ()}, {"mentions": ()}, {"focus": (), "mentions": ()}])
def test_what_no_row_says_counts_nothing(changes):
    model, rows = small_mini.model(), [replace(row, **changes) for row in ROWS]
    assert float(told(model, rows).detach()) == pytest.approx(by_hand(model, rows), rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4])
def test_only_where_two_are_named_they_are_a_pair(count):
    """One alone has no other, and of three none is the other of another."""
    model = small_mini.model(encoder_layers=3)
    mentions = tuple(Mention(token, (token, 2 * token), token % 2 == 1) for token in (4, 1, 5, 2)[:count])
    rows = [replace(row, mentions=mentions, focus=(3,)) for row in ROWS if row.picture[0]]
    assert min(len(row.tokens) for row in rows) > 5
    assert float(told(model, rows).detach()) == pytest.approx(by_hand(model, rows), rel=1e-4)
    read_alone(model, rows).backward()
    heads, moved = supervised_heads(model), moved_heads(model)
    reached = {role: getattr(heads, role) in moved for role in ("pair", "first", "second")}
    assert reached == {"pair": count == 2, "first": count > 0, "second": count == 2}


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_the_gradient_reaches_the_heads_named_alone(layers):
    model = small_mini.model(encoder_layers=layers, decoder_layers=layers)
    read_alone(model, ROWS).backward()
    heads = set(supervised_heads(model))
    assert len(heads) == 6
    assert moved_heads(model) == heads


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


@pytest.mark.parametrize(("layers", "watched_modules"), [(1, 2), (2, 3), (3, 4)])
def test_no_hook_stays(layers, watched_modules):
    model = small_mini.model(encoder_layers=layers, decoder_layers=min(layers, 2))
    with watching(model) as watched:
        assert sum(len(module._forward_pre_hooks) for module in model.modules()) == watched_modules
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
