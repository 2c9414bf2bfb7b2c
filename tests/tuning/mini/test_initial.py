"""First values of a small model: codes of places, heads that look back, and what each part does."""

import pytest

pytest.importorskip("torch")

import torch

from mibench.ofa import OFAForConditionalGeneration
from mibench.tuning.mini.initial import BACK, GATHERING, LOUD, WIDTH, place_codes, start, supervised_heads
from mibench.tuning.mini.model import mini_config
from tests.tuning.mini import small_mini
from tests.tuning.mini.small_mini import ARCHITECTURE, SIDE

PARTS = ("codes", "tables", "wide", "loud")
ROOMY = ARCHITECTURE.model_copy(update={"width": 192, "heads": 6})
"""Wide enough for codes of places to be told apart."""


def started(architecture=ROOMY, plain=(), seed=0):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = OFAForConditionalGeneration(mini_config(architecture, small_mini.processor()))
    start(model, bins=architecture.bins, side=SIDE, seed=seed, plain=plain)
    return model.eval()


def patch_codes(model):
    """Return the codes of the columns of the first row, and of the rows of the first column."""
    codes, half = model.encoder.embed_image_positions.weight.detach(), model.config.d_model // 2
    down = [1 + row * model.config.image_bucket_size for row in range(SIDE)]
    return codes[1 : 1 + SIDE, :half], codes[down, half:]


@pytest.mark.parametrize(("width", "error"), [(8, 0.06), (48, 0.01), (96, 0.005), (256, 0.002)])
def test_products_of_codes_fall_off_as_the_gaussian(width, error):
    """A few frequencies cannot be exact far away, where nothing may come near all the same."""
    places = torch.linspace(0, 1, 101)
    products = place_codes(places, width) @ place_codes(places, width).T
    apart = (places[:, None] - places).abs()
    gaussian = torch.exp(-(apart**2) / (2 * WIDTH**2))
    assert (products - gaussian)[apart < 2 * WIDTH].abs().max() < error
    assert products[apart > 0.3].abs().max() < (0.5 if width == 8 else 0.05)


def test_the_code_of_a_patch_is_most_like_itself():
    for along in patch_codes(started()):
        products = along @ along.T
        assert products.argmax(dim=1).tolist() == list(range(SIDE))
        assert (products[:-1].diagonal(1) < products[:-1].diagonal() * 0.5).all()


def test_each_patch_has_the_codes_of_its_column_and_its_row():
    model = started()
    codes, half = model.encoder.embed_image_positions.weight.detach(), ROOMY.width // 2
    across, down = patch_codes(model)
    for row in range(SIDE):
        for column in range(SIDE):
            own = codes[1 + row * model.config.image_bucket_size + column]
            assert torch.equal(own[:half], across[column])
            assert torch.equal(own[half:], down[row])
            assert float(own.norm()) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("way", [0, 1])
def test_the_bin_most_like_a_patch_points_at_its_middle(way):
    """Patch middles of four a side lie on bins exactly; what all bins share moves none before another."""
    model, half = started(), slice(way * ROOMY.width // 2, (way + 1) * ROOMY.width // 2)
    tokenizer = small_mini.processor().tokenizer
    ids = tokenizer.convert_tokens_to_ids([f"<bin_{number}>" for number in range(ROOMY.bins)])
    bins = model.encoder.embed_tokens.weight[ids].detach()
    nearest = (patch_codes(model)[way] @ bins[:, half].T).argmax(dim=1)
    assert nearest.tolist() == [3, 9, 15, 21]


@pytest.mark.parametrize("name", ["shape_in_box", "kind_of_word", "line_in_box"])
@pytest.mark.parametrize("architecture", [ROOMY, ARCHITECTURE], ids=["roomy", "small"])
def test_three_heads_of_the_first_layer_look_back(name, architecture):
    model, row = started(architecture), small_mini.row(name, wording=2)
    inputs = {"input_ids": torch.tensor([row.tokens])}
    patches = 0
    if row.picture[0]:
        generator = torch.Generator().manual_seed(0)
        inputs["image_features"] = torch.randn(1, SIDE, SIDE, architecture.width, generator=generator)
        patches = SIDE * SIDE
    with torch.no_grad():
        first, second = model.encoder(**inputs, output_attentions=True).attentions
    for head in range(GATHERING):
        back = head + 1
        for token in range(back, len(row.tokens)):
            assert int(first[0, head, patches + token].argmax()) == patches + token - back
    plain = first[0, GATHERING, patches + 1 :].argmax(dim=1) - torch.arange(len(row.tokens) - 1) - patches
    assert set(plain.tolist()) != {0}, "a head that looks back by one as well would make the test say nothing"
    assert second.shape == first.shape


@pytest.mark.parametrize(("layers", "seeing", "joining"), [(1, 0, 0), (2, 1, 1), (3, 1, 2), (4, 1, 2)])
def test_the_heads_whose_attention_is_supervised_are_all_different(layers, seeing, joining):
    model = started(ARCHITECTURE.model_copy(update={"encoder_layers": layers, "decoder_layers": layers}))
    names = {module: name for name, module in model.named_modules()}
    heads = supervised_heads(model)
    found = {role: (names[module], head) for role, (module, head) in heads._asdict().items()}
    assert found == {
        "box": (f"encoder.layers.{seeing}.self_attn", 0),
        "name": (f"encoder.layers.{seeing}.self_attn", 1),
        "pair": (f"encoder.layers.{joining}.self_attn", 2),
        "first": ("decoder.layers.0.cross_attn", 0),
        "second": ("decoder.layers.0.cross_attn", 2),
        "read": (f"decoder.layers.{layers - 1}.cross_attn", 1),
    }
    assert len(set(found.values())) == len(found)


def has_parts(model):
    """Return which of the parts the first values show."""
    attentions = {name: module for name, module in model.named_modules() if hasattr(module, "c_attn")}
    table, seeing = model.encoder.token_rel_pos_table_list[0].weight.detach(), patch_codes(model)[0]
    middle = model.config.token_bucket_size
    looks_back = [[middle + head, head] for head in range(GATHERING)]
    assert looks_back == table.nonzero().tolist() or not table.any()
    codes = model.encoder.embed_image_positions.weight[1 : 1 + SIDE].norm(dim=1)
    factors = [(module, head, factor) for module in attentions.values() for head, factor in enumerate(module.c_attn)]
    loud = {(module, head) for module, head, factor in factors if factor == LOUD}
    assert loud in (set(), set(supervised_heads(model)))
    return {
        "codes": bool(torch.allclose(codes, torch.ones(SIDE), atol=1e-5) and seeing.norm(dim=1).std() < 1e-5),
        "tables": bool((table.amax() == BACK) and table.any()),
        "wide": bool(model.encoder.layers[0].fc1.weight.std() > 0.04),
        "loud": bool(loud),
    }


@torch.no_grad()
@pytest.mark.parametrize("part", [*PARTS, None])
def test_a_plain_part_is_left_out_and_no_other(part):
    found = has_parts(started(plain=() if part is None else (part,)))
    assert found == {name: name != part for name in PARTS}


@torch.no_grad()
def test_without_any_part_nothing_is_changed():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = OFAForConditionalGeneration(mini_config(ROOMY, small_mini.processor()))
    for name, value in started(plain=PARTS).state_dict().items():
        assert torch.equal(value, model.state_dict()[name])


def test_first_values_are_by_seed_and_leave_the_trunk_alone():
    one, again, other = started(), started(), started(seed=1)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        new = OFAForConditionalGeneration(mini_config(ROOMY, small_mini.processor()))
    for name, value in one.state_dict().items():
        assert torch.equal(value, again.state_dict()[name])
        if name.startswith("encoder.embed_images"):
            assert torch.equal(value, new.state_dict()[name])
    assert not torch.equal(one.encoder.layers[1].fc1.weight, other.encoder.layers[1].fc1.weight)
    assert not one.encoder.embed_tokens.weight[1].any(), "the padding is not zero"
