import pytest
from hypothesis import given
from hypothesis import strategies as st

from mibench.errors import InputError
from mibench.ofa.conversion.names import to_fairseq_names, to_hugging_face_names
from tests.ofa.checkpoints import SMALL


def test_names_of_fairseq():
    ours = {
        "encoder.layers.0.self_attn_mid_layer_norm.weight": "encoder.layers.0.attn_ln.weight",
        "decoder.layers.11.self_attn_mid_layer_norm.bias": "decoder.layers.11.self_attn_ln.bias",
        "encoder.layers.3.ffn_layer_norm.weight": "encoder.layers.3.ffn_layernorm.weight",
        "decoder.layers.3.ffn_layer_norm.weight": "decoder.layers.3.ffn_layernorm.weight",
        "decoder.layers.0.cross_attn.c_attn": "decoder.layers.0.encoder_attn.c_attn",
        "decoder.layers.0.cross_attn.k_proj.bias": "decoder.layers.0.encoder_attn.k_proj.bias",
        "decoder.layers.0.cross_attn_layer_norm.bias": "decoder.layers.0.encoder_attn_layer_norm.bias",
        "decoder.layers.0.cross_attn_mid_layer_norm.bias": "decoder.layers.0.cross_attn_ln.bias",
        "decoder.layers.0.self_attn_layer_norm.bias": "decoder.layers.0.self_attn_layer_norm.bias",
        "decoder.layers.0.self_attn.c_attn": "decoder.layers.0.self_attn.c_attn",
        "decoder.cross_pos_q_linear.weight": "decoder.cross_pos_q_linear.weight",
        "encoder.layer_norm.weight": "encoder.layer_norm.weight",
    }
    assert list(to_fairseq_names(dict.fromkeys(ours))) == list(ours.values())
    assert list(to_hugging_face_names(dict.fromkeys(ours.values()))) == list(ours)


def test_names_go_there_and_back():
    renamed = to_fairseq_names({name: name for name in SMALL})
    assert len(renamed.keys() - SMALL.keys()) == 2 * (2 + 2) + 1 * (4 + 9 + 2 + 2)
    assert to_hugging_face_names(renamed) == {name: name for name in SMALL}


PARTS = sorted({name.split(".")[3] for name in SMALL if ".layers." in name})
NAMES = st.one_of(
    st.sampled_from(sorted(SMALL)),
    st.builds("encoder.layers.{}.{}.{}".format, st.integers(0, 99), st.sampled_from(PARTS), st.text(min_size=1)),
    st.builds("decoder.layers.{}.{}.{}".format, st.integers(0, 99), st.sampled_from(PARTS), st.text(min_size=1)),
    st.text().filter(lambda name: ".layers." not in name),
)


@given(st.sets(NAMES).map(lambda names: {name: name for name in names}))
def test_renaming_is_undone(state):
    state = {name: value for name, value in state.items() if not name.startswith("encoder") or "cross_attn" not in name}
    assert to_hugging_face_names(to_fairseq_names(state)) == state
    theirs = to_fairseq_names(state)
    assert to_fairseq_names(to_hugging_face_names(theirs)) == theirs


def test_a_mixture_of_names_is_refused():
    names = ["encoder.layers.0.attn_ln.weight", "encoder.layers.0.self_attn_mid_layer_norm.weight"]
    with pytest.raises(InputError, match="two tensors are named"):
        to_hugging_face_names(dict.fromkeys(names))
