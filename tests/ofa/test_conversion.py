import argparse
import json
import math
import os
import shutil
import stat
from pathlib import Path

import pytest

from mibench.ofa.conversion import convert
from mibench.ofa.conversion.names import EMBEDDING, to_fairseq_names
from tests.ofa.checkpoints import (
    RELEASED,
    SMALL,
    assert_fails,
    assert_same,
    fairseq_state,
    listed,
    without,
    write_fairseq,
    write_folder,
)
from tests.ofa.checkpoints import small_config as small_config
from tests.ofa.checkpoints import weights as weights

torch = pytest.importorskip("torch", reason="torch is not installed")
safetensors = pytest.importorskip("safetensors.torch", reason="safetensors is not installed")


@pytest.fixture(scope="session")
def tiny_fixture():
    """The folder of weights of the original code, where a developer has it."""
    shared = Path(__file__).parents[3] / "shared" / "fixtures"
    folder = Path(os.environ.get("MIBENCH_FIXTURES", shared)) / "ofa_tiny"
    if not folder.is_dir():
        pytest.skip(f"no fixtures: {folder} is absent, and MIBENCH_FIXTURES names no folder with ofa_tiny")
    return folder


FORMS = ["safetensors", "bin", "shards of safetensors", "shards of bin"]


@pytest.mark.parametrize("zip_form", [True, False])
def test_a_fairseq_checkpoint_becomes_our_folder(tmp_path, weights, zip_form):
    file = write_fairseq(tmp_path / "model.pt", weights, zip_form=zip_form)
    report = convert(file, tmp_path / "out")
    assert_same(safetensors.load_file(tmp_path / "out" / "model.safetensors"), weights)
    config = json.loads((tmp_path / "out" / "config.json").read_text())
    assert config == report.config
    architecture = {"d_model": 8, "encoder_ffn_dim": 16, "encoder_layers": 2, "decoder_layers": 1, "vocab_size": 30}
    sizes = {"encoder_attention_heads": 2, "token_bucket_size": 8, "image_bucket_size": 3, "resnet_type": "resnet18"}
    switches = {"entangle_position_embedding": False, "entangle_decoder_positions": False, "scale_embedding": False}
    assert (architecture | sizes | switches).items() <= config.items()
    assert (report.form, report.size, report.tensors) == ("fairseq", "custom", len(weights))
    assert report.parameters == sum(map(math.prod, SMALL.values()))
    assert report.precisions == {"float16": len(weights)}
    assert len(report.dropped) == 8
    assert report.unexpected == ()
    assert report.notes[0].startswith("no vocab.json")
    assert listed(tmp_path) == ["model.pt", "out"]


@pytest.mark.parametrize("form", FORMS)
def test_a_hugging_face_folder_becomes_our_folder(tmp_path, weights, small_config, form):
    folder = write_folder(tmp_path / "in", weights, small_config | {"torch_dtype": "float16", "auto_map": {}}, form)
    report = convert(folder, tmp_path / "deep" / "out")
    assert_same(safetensors.load_file(tmp_path / "deep" / "out" / "model.safetensors"), weights)
    assert json.loads((tmp_path / "deep" / "out" / "config.json").read_text()) == small_config
    assert report.files == ("config.json", "model.safetensors", "vocab.json", "merges.txt")
    assert (tmp_path / "deep" / "out" / "vocab.json").read_bytes() == (folder / "vocab.json").read_bytes()
    assert report.notes == ("vocab.json has 2 pieces; with image codes and bins, not the model's 30",)


def test_what_was_converted_converts_to_itself(tmp_path, weights):
    convert(write_fairseq(tmp_path / "model.pt", weights), tmp_path / "once")
    convert(tmp_path / "once", tmp_path / "twice")
    for name in ("config.json", "model.safetensors"):
        assert (tmp_path / "once" / name).read_bytes() == (tmp_path / "twice" / name).read_bytes()


def test_the_originals_weights_convert_from_both_forms(tmp_path, tiny_fixture):
    wanted = safetensors.load_file(tiny_fixture / "model.safetensors")
    from_fairseq = convert(write_fairseq(tmp_path / "model.pt", wanted), tmp_path / "a")
    declared = json.loads((tiny_fixture / "config.json").read_text())
    from_folder = convert(write_folder(tmp_path / "in", wanted, declared, "bin"), tmp_path / "b")
    assert_same(safetensors.load_file(tmp_path / "a" / "model.safetensors"), wanted)
    assert_same(safetensors.load_file(tmp_path / "b" / "model.safetensors"), wanted)
    assert declared.items() <= from_fairseq.config.items()
    assert declared.items() <= from_folder.config.items()


def test_the_converted_folder_loads_as_a_model(tmp_path, tiny_fixture):
    from mibench.ofa import OFAForConditionalGeneration

    wanted = safetensors.load_file(tiny_fixture / "model.safetensors")
    convert(write_fairseq(tmp_path / "model.pt", wanted, disable_entangle=False), tmp_path / "out")
    model = OFAForConditionalGeneration.from_pretrained(tmp_path / "out", dtype=torch.float16)
    assert model.config.decoder_is_entangled
    assert not model.config.entangle_position_embedding
    state = model.state_dict()
    assert_same({name: state[name] for name in wanted}, wanted)


SWITCHED = [
    ("ofa_tiny/cases", {}),
    ("ofa_entangled/decoder_only", {"disable_entangle": False}),
    ("ofa_entangled/both", {"disable_entangle": False, "entangle_position_embedding": True}),
]


@pytest.mark.parametrize(("outputs", "arguments"), SWITCHED)
def test_a_converted_checkpoint_gives_the_originals_outputs(tmp_path, tiny_fixture, outputs, arguments):
    from mibench.ofa import OFAForConditionalGeneration

    wanted = safetensors.load_file(tiny_fixture.parent / f"{outputs}.safetensors")["padded.logits"]
    weights = safetensors.load_file(tiny_fixture / "model.safetensors")
    case = safetensors.load_file(tiny_fixture / "cases.safetensors")
    convert(write_fairseq(tmp_path / "model.pt", weights, **arguments), tmp_path / "out")
    model = OFAForConditionalGeneration.from_pretrained(tmp_path / "out", dtype=torch.float32).eval()
    inputs = {name: case[f"padded.{name}"] for name in ("input_ids", "decoder_input_ids")}
    with torch.no_grad():
        found = model(pixel_values=case["padded.patch_images"].float(), **inputs).logits
    torch.testing.assert_close(found, wanted.float(), atol=1e-4, rtol=0)


C_ATTN = "decoder.layers.0.cross_attn.c_attn"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda weights: without(weights, C_ATTN), f"{C_ATTN} is missing"),
        (lambda weights: weights | {C_ATTN: torch.ones(3)}, f"{C_ATTN} is [3], not [2]"),
        (lambda weights: weights | {C_ATTN: torch.ones(2).long()}, f"{C_ATTN} holds int64"),
        (lambda weights: {k: v for k, v in weights.items() if "decoder" not in k}, "decoder.layers.0.fc1.weight is"),
        (lambda weights: {EMBEDDING: weights[EMBEDDING]}, "no known image trunk has 0-0-0 blocks"),
        (lambda weights: weights | {EMBEDDING: torch.ones(3)}, "has 1 dimensions, not 2"),
        (lambda weights: {"other": torch.ones(3)}, "holds no OFA weights"),
        (
            lambda weights: weights | {"encoder.layers.0.w_resid": torch.ones(8)},
            "no place for: encoder.layers.0.w_resid",
        ),
        (lambda weights: weights | {"a\n\x1b[2J": torch.ones(8)}, r"no place for: 'a\n\x1b[2J'"),
    ],
)
def test_weights_that_do_not_fit_are_named(tmp_path, weights, change, words):
    file = tmp_path / "model.pt"
    torch.save({"args": argparse.Namespace(**RELEASED), "model": to_fairseq_names(change(weights))}, file)
    assert_fails(file, tmp_path / "out", words)


def test_many_faults_are_counted(tmp_path, weights):
    file = tmp_path / "model.pt"
    kept = {name: tensor for name, tensor in weights.items() if not name.endswith(".bias")}
    torch.save({"args": argparse.Namespace(**RELEASED), "model": to_fairseq_names(kept)}, file)
    count = len(weights) - len(kept)
    assert_fails(file, tmp_path / "out", f"is missing; and {count - 12} more")


def test_copies_of_the_embedding_must_agree(tmp_path, weights):
    state = fairseq_state(weights) | {"decoder.output_projection.weight": torch.zeros(30, 8).half()}
    torch.save({"args": argparse.Namespace(**RELEASED), "model": state}, tmp_path / "model.pt")
    assert_fails(tmp_path / "model.pt", tmp_path / "out", "decoder.output_projection.weight differs")


def test_a_copy_stands_in_for_the_embedding(tmp_path, weights):
    state = without(fairseq_state(weights), EMBEDDING)
    torch.save({"args": argparse.Namespace(**RELEASED), "model": state}, tmp_path / "model.pt")
    convert(tmp_path / "model.pt", tmp_path / "out")
    assert_same(safetensors.load_file(tmp_path / "out" / "model.safetensors"), weights)


def test_what_has_no_place_is_left_out_on_request(tmp_path, weights):
    more = {"encoder.layers.0.w_resid": torch.ones(8), "classification_heads.snli.dense.weight": torch.ones(2)}
    file = write_fairseq(tmp_path / "model.pt", weights | more)
    report = convert(file, tmp_path / "out", drop_unexpected=True)
    assert report.unexpected == tuple(sorted(more))
    assert_same(safetensors.load_file(tmp_path / "out" / "model.safetensors"), weights)


def test_classification_heads_are_left_out_and_named(tmp_path, weights):
    head = {"classification_heads.snli.dense.weight": torch.ones(2)}
    report = convert(write_fairseq(tmp_path / "model.pt", weights | head), tmp_path / "out")
    assert report.unexpected == tuple(head)


def test_weights_that_share_their_numbers_are_written_twice(tmp_path, weights):
    names = ("encoder.pos_ln.weight", "encoder.image_pos_ln.weight")
    shared = weights | dict.fromkeys(names, weights[names[0]])
    convert(write_fairseq(tmp_path / "model.pt", shared), tmp_path / "out")
    assert_same(safetensors.load_file(tmp_path / "out" / "model.safetensors"), shared)


def test_a_taken_place_is_left_alone(tmp_path, weights):
    file = write_fairseq(tmp_path / "model.pt", weights)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").touch()
    assert_fails(file, tmp_path / "out", "exists already")
    (tmp_path / "out" / "mine").unlink()
    convert(file, tmp_path / "out")
    assert_fails(file, tmp_path / "model.pt", "exists already")


def test_a_failure_while_writing_leaves_nothing(tmp_path, weights, small_config, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    folder = write_folder(tmp_path / "in", weights, small_config)
    monkeypatch.setattr(shutil, "copyfile", fail)
    with pytest.raises(OSError, match="No space"):
        convert(folder, tmp_path / "out")
    assert listed(tmp_path) == ["in"]


def test_the_checkpoint_itself_stays_as_it_was(tmp_path, weights):
    file = write_fairseq(tmp_path / "model.pt", weights)
    before = file.read_bytes()
    file.chmod(stat.S_IRUSR)
    convert(file, tmp_path / "out")
    assert file.read_bytes() == before
