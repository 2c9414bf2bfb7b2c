import json
import subprocess
import sys

import pytest
from transformers import AutoConfig

from mibench.errors import InputError
from mibench.ofa import OFAConfig


def test_the_published_form_is_read_as_it_is(tmp_path):
    published = {
        "architectures": ["OFAModel"],
        "d_model": 256,
        "encoder_attention_heads": 4,
        "decoder_attention_heads": 4,
        "resnet_type": "resnet50",
        "resnet_model_path": None,
        "entangle_position_embedding": False,
        "forced_eos_token_id": 2,
        "gradient_checkpointing": False,
        "model_type": "ofa",
        "num_hidden_layers": 4,
        "torch_dtype": "float32",
        "transformers_version": "4.16.0.dev0",
    }
    (tmp_path / "config.json").write_text(json.dumps(published))
    config = OFAConfig.from_pretrained(tmp_path)
    for name in ("d_model", "resnet_type", "entangle_position_embedding", "forced_eos_token_id", "architectures"):
        assert getattr(config, name) == published[name]
    assert type(AutoConfig.from_pretrained(tmp_path)) is OFAConfig


def test_the_fixture_is_read_as_it_is(fixtures):
    config = OFAConfig.from_pretrained(fixtures / "ofa_tiny")
    for name, value in json.loads((fixtures / "ofa_tiny" / "config.json").read_text()).items():
        assert getattr(config, name) == value, name


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"use_ofasys": True}, "use_ofasys"),
        ({"share_attn_bias": True}, "share_attn_bias"),
        ({"use_gamma_feature": True}, "use_gamma_feature"),
        ({"use_image_feature": False}, "use_image_feature"),
        ({"resnet_type": "vit_base"}, "resnet_type"),
        ({"activation_function": "swirl"}, "activation_function"),
        ({"d_model": 100}, "encoder_attention_heads"),
        ({"dropout": 1.0}, "dropout"),
        ({"decoder_layers": 0}, "decoder_layers"),
        ({"token_bucket_size": 2}, "token_bucket_size"),
        ({"attn_scale_factor": 0.0}, "attn_scale_factor"),
        ({"is_encoder_decoder": False}, "is_encoder_decoder"),
    ],
)
def test_what_is_not_supported_is_refused_by_name(changes, named):
    with pytest.raises(InputError, match=named):
        OFAConfig(**changes)


@pytest.mark.parametrize(
    ("changes", "encoder", "decoder"),
    [
        ({}, False, False),
        ({"entangle_position_embedding": True}, True, True),
        ({"entangle_position_embedding": True, "disable_entangle": True}, True, False),
        ({"entangle_decoder_positions": True}, False, True),
        ({"entangle_decoder_positions": True, "disable_entangle": True}, False, True),
    ],
)
def test_where_positions_are_entangled(changes, encoder, decoder, tmp_path):
    OFAConfig(**changes).save_pretrained(tmp_path)
    config = OFAConfig.from_pretrained(tmp_path)
    assert (config.entangle_position_embedding, config.decoder_is_entangled) == (encoder, decoder)


def test_sizes():
    config = OFAConfig.of_size("huge", dropout=0.0)
    assert (config.d_model, config.encoder_ffn_dim, config.encoder_layers, config.decoder_layers) == (
        1280,
        5120,
        24,
        12,
    )
    assert config.dropout == 0
    with pytest.raises(InputError, match="tiny, medium, base, large, huge"):
        OFAConfig.of_size("enormous")


def test_the_package_is_imported_without_torch():
    check = "import sys, mibench.ofa; sys.exit('torch' in sys.modules or 'transformers' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0


def test_unknown_names_of_the_package():
    import mibench.ofa

    assert "OFAModel" in dir(mibench.ofa)
    with pytest.raises(AttributeError, match="OFAnything"):
        _ = mibench.ofa.OFAnything
