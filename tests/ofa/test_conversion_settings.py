import pytest

from mibench.errors import InputError
from mibench.ofa.conversion import convert, parse_overrides
from mibench.ofa.conversion.settings import settle_config
from mibench.ofa.conversion.sources import Source
from tests.ofa.checkpoints import RELEASED, assert_fails, assert_same, write_fairseq
from tests.ofa.checkpoints import weights as weights

torch = pytest.importorskip("torch", reason="torch is not installed")
safetensors = pytest.importorskip("safetensors.torch", reason="safetensors is not installed")


SWITCHES = [
    ({"disable_entangle": True}, {}, (False, False)),
    ({"disable_entangle": False}, {}, (False, True)),
    ({"disable_entangle": False, "entangle_position_embedding": True}, {}, (True, True)),
    ({"disable_entangle": True, "entangle_position_embedding": True}, {}, (True, False)),
    ({"disable_entangle": False}, {"disable_entangle": True}, (False, False)),
    ({"disable_entangle": True}, {"entangle_decoder_positions": True}, (False, True)),
    ({}, {"entangle_position_embedding": True, "disable_entangle": False}, (True, True)),
]


@pytest.mark.parametrize(("arguments", "overrides", "switches"), SWITCHES)
def test_entangled_positions_follow_fairseqs_arguments(weights, arguments, overrides, switches):
    config = settle_config(Source("fairseq", weights, arguments=RELEASED | arguments), overrides)
    assert (config["entangle_position_embedding"], config["entangle_decoder_positions"]) == switches


DECLARED = [
    ({}, (False, False)),
    ({"entangle_position_embedding": True}, (True, True)),
    ({"entangle_position_embedding": True, "disable_entangle": True}, (True, False)),
    ({"entangle_position_embedding": False, "entangle_decoder_positions": True}, (False, True)),
    ({"entangle_decoder_positions": None}, (False, False)),
]


@pytest.mark.parametrize(("declared", "switches"), DECLARED)
def test_entangled_positions_follow_a_config(weights, declared, switches):
    config = settle_config(Source("Hugging Face", weights, declared={"model_type": "ofa"} | declared), {})
    assert (config["entangle_position_embedding"], config["entangle_decoder_positions"]) == switches


def test_other_arguments_of_fairseq_are_taken(weights):
    arguments = RELEASED | {
        "no_scale_embedding": False,
        "attn_scale_factor": 3,
        "activation_fn": "relu",
        "dropout": 0.2,
    }
    config = settle_config(Source("fairseq", weights, arguments=arguments), {"code_image_size": 256})
    wanted = {"scale_embedding": True, "attn_scale_factor": 3.0, "activation_function": "relu", "dropout": 0.2}
    assert (wanted | {"code_image_size": 256}).items() <= config.items()


def test_a_model_without_some_norms_is_told_by_its_arguments(tmp_path, weights):
    fewer = {name: tensor for name, tensor in weights.items() if ".layernorm_embedding" not in name}
    file = write_fairseq(tmp_path / "model.pt", fewer, layernorm_embedding=False)
    assert convert(file, tmp_path / "out").config["layernorm_embedding"] is False
    file = write_fairseq(tmp_path / "model.pt", fewer, layernorm_embedding=True)
    assert_fails(file, tmp_path / "again", "encoder.layernorm_embedding.weight is missing")


def test_unknown_settings_are_asked_for_by_name(tmp_path, weights):
    torch.save(weights, tmp_path / "state.bin")
    with pytest.raises(InputError) as caught:
        convert(tmp_path / "state.bin", tmp_path / "out")
    remedy = caught.value.remedy
    assert caught.value.message.endswith(
        "does not tell disable_entangle, entangle_position_embedding, no_scale_embedding, attn_scale_factor"
    )
    given = [word for word in remedy.split() if "=" in word]
    convert(tmp_path / "state.bin", tmp_path / "out", parse_overrides(given))
    assert_same(safetensors.load_file(tmp_path / "out" / "model.safetensors"), weights)


def test_one_unknown_setting_is_asked_for_alone(weights):
    arguments = {key: value for key, value in RELEASED.items() if key != "disable_entangle"}
    with pytest.raises(InputError, match=r"does not tell disable_entangle .*--set disable_entangle=true\)"):
        settle_config(Source("fairseq", weights, arguments=arguments), {})


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ({"moon": 1}, "unknown setting 'moon'"),
        ({"d_model": 9}, "d_model is said to be '9', but the tensors are of 8"),
        ({"resnet_type": "resnet50"}, "resnet_type is said to be"),
        ({"disable_entangle": "yes"}, "disable_entangle is 'yes'"),
        ({"scale_embedding": 1}, "scale_embedding is '1' (true or false)"),
        ({"attn_scale_factor": 0}, "attn_scale_factor is 0"),
        ({"attn_scale_factor": "two"}, "attn_scale_factor is 'two'"),
        ({"interpolate_position": True}, "interpolate_position=True is not supported"),
        ({"dropout": "much"}, "dropout is 'much' (a number)"),
        ({"dropout": True}, "dropout is 'True' (a number)"),
        ({"dropout": 2}, "dropout=2 must be"),
        ({"pad_token_id": 10**6}, "its settings make no model"),
        ({"activation_function": "moon"}, "activation_function='moon' is not known"),
    ],
)
def test_wrong_settings_are_one_message(tmp_path, weights, overrides, words):
    file = write_fairseq(tmp_path / "model.pt", weights)
    assert_fails(file, tmp_path / "out", words, overrides=overrides)


def test_overrides_are_parsed():
    pairs = [
        "disable_entangle=true",
        "scale_embedding = False",
        "attn_scale_factor=2",
        "dropout=0.1",
        "resnet_type=a=b",
    ]
    assert parse_overrides(pairs) == {
        "disable_entangle": True,
        "scale_embedding": False,
        "attn_scale_factor": 2,
        "dropout": 0.1,
        "resnet_type": "a=b",
    }


@pytest.mark.parametrize("pairs", [["moon"], ["=1"], ["a=1", "a=2"]])
def test_wrong_overrides_are_one_message(pairs):
    with pytest.raises(InputError, match="--set: "):
        parse_overrides(pairs)
