"""The small model before training: its sizes, its vocabulary, and the even map of patches."""

import pytest

pytest.importorskip("torch")

import torch

from mibench.data.mini.seen import FAMILIES
from mibench.ofa.trunk import Bottleneck
from mibench.tuning.mini.model import mini_config, mini_model, mini_processor, new_trunk, side_of
from mibench.tuning.mini.recipe import MiniRecipe
from mibench.tuning.mini.trunk import grid_of
from tests.tuning.mini import small_mini
from tests.tuning.mini.small_mini import ARCHITECTURE, SIDE

RECIPE = MiniRecipe(
    model=ARCHITECTURE,
    pictures={"train": 60, "test": 10},
    trunk={"steps": 1, "batch": 2, "learning_rate": 0.001},
    families=("colour_of_figure",),
    stages=(),
)


def made(seed=0, features=None, plain=()):
    recipe = RECIPE.model_copy(update={"seed": seed})
    known = list(small_mini.features(small_mini.row("colour_of_figure")).values()) if features is None else features
    with torch.random.fork_rng():
        return mini_model(recipe, small_mini.processor(), new_trunk(recipe).state_dict(), known, plain)


def test_it_has_the_sizes_of_the_recipe():
    config = mini_config(ARCHITECTURE, small_mini.processor())
    assert (config.d_model, config.encoder_layers, config.decoder_layers) == (32, 2, 2)
    assert (config.encoder_attention_heads, config.decoder_attention_heads) == (4, 4)
    assert (config.encoder_ffn_dim, config.decoder_ffn_dim) == (32, 32)
    assert tuple(config.resnet_widths) == (4, 4, 4)
    assert config.vocab_size == len(small_mini.processor().tokenizer)
    assert config.dropout == 0


@pytest.mark.parametrize("size", [32, 48, 100, 128])
def test_patches_are_as_many_as_the_trunk_gives(size):
    side = side_of(ARCHITECTURE.model_copy(update={"image_size": size}))
    assert (side, side) == grid_of(size)


def test_the_processor_knows_words_of_the_families_and_is_made_again_alike():
    families = [FAMILIES["colour_of_figure"]]
    one, again = (mini_processor(RECIPE, families, small_mini.SCENES) for _ in range(2))
    assert one.tokenizer.backend_tokenizer.to_str() == again.tokenizer.backend_tokenizer.to_str()
    assert len(one.tokenizer("which colour")["input_ids"]) == 4
    assert one.image_processor.size["height"] == ARCHITECTURE.image_size


@torch.no_grad()
def test_the_map_of_patches_starts_even():
    """Projected features of very unequal spread have nearly no correlation, and norm 2."""
    generator = torch.Generator().manual_seed(0)
    channels = 4 * ARCHITECTURE.trunk[-1]
    mixing = torch.randn(channels, channels, generator=generator) * torch.logspace(0, -1, channels)
    features = [(torch.randn(200, SIDE, SIDE, channels, generator=generator) @ mixing + 3).half() for _ in range(2)]
    model = made(features=features)
    states = model.encoder.image_proj(torch.cat([kind.flatten(0, 2) for kind in features]).float())
    assert float(states.norm(dim=1).mean()) == pytest.approx(2, rel=0.03)
    assert states.mean(dim=0).abs().max() < 0.02
    spread = torch.linalg.eigvalsh(torch.cov(states.T))[-channels:]
    raw = torch.linalg.eigvalsh(torch.cov(torch.cat([kind.flatten(0, 2) for kind in features]).float().T))
    assert spread[-1] / spread[channels // 2] < 2 < raw[-1] / raw[channels // 2]


def test_the_trunk_is_the_one_given_and_is_not_trained():
    model = made()
    trunk = new_trunk(RECIPE).state_dict()
    for name, value in model.encoder.embed_images.state_dict().items():
        assert torch.equal(value, trunk[name])
    assert not any(value.requires_grad for value in model.encoder.embed_images.parameters())
    assert all(value.requires_grad for value in model.encoder.image_proj.parameters())


def test_it_is_the_same_for_the_same_seed():
    one, again, other = (made(seed).state_dict() for seed in (0, 0, 1))
    assert all(torch.equal(value, again[name]) for name, value in one.items())
    name = "encoder.layers.0.fc1.weight"
    assert not torch.equal(one[name], other[name])
    assert not torch.equal(one[name], made(plain=("wide",)).state_dict()[name])


def test_branches_of_a_new_trunk_weigh_half():
    blocks = [module for module in new_trunk(RECIPE).modules() if isinstance(module, Bottleneck)]
    assert len(blocks) == 6
    assert all(torch.equal(block.bn3.weight, torch.full_like(block.bn3.weight, 0.5)) for block in blocks)
