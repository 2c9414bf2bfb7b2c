import argparse
import io
import os
import pickle
import random

import pytest

from mibench.errors import InputError
from mibench.ofa.conversion import convert
from mibench.ofa.conversion.names import EMBEDDING
from mibench.ofa.conversion.sources import read_source
from tests.ofa.checkpoints import RELEASED, assert_fails, assert_same, fairseq_state, write_fairseq, write_folder
from tests.ofa.checkpoints import small_config as small_config
from tests.ofa.checkpoints import weights as weights
from tests.ofa.pickles import Calls, zipped

torch = pytest.importorskip("torch", reason="torch is not installed")


@pytest.mark.parametrize("zip_form", [True, False])
def test_tensors_are_those_that_torch_reads(tmp_path, zip_form):
    base = torch.arange(24, dtype=torch.float32)
    kinds = (torch.float64, torch.bfloat16, torch.float16, torch.int64, torch.int32, torch.int16, torch.int8)
    state = {
        EMBEDDING: base.reshape(4, 6),
        "view": base[6:18].reshape(3, 4),
        "transposed": base.reshape(4, 6).T,
        "steps": base[1::3],
        "expanded": base[:4].expand(3, 4),
        "scalar": torch.tensor(2.5),
        "empty": torch.empty(0, 3),
        "parameter": torch.nn.Parameter(base[:3].clone()),
        "bytes": torch.arange(5, dtype=torch.uint8),
        "truths": torch.tensor([True, False]),
        **{str(kind): torch.arange(5).to(kind) for kind in kinds},
    }
    torch.save(state, tmp_path / "model.pt", _use_new_zipfile_serialization=zip_form)
    found = read_source(tmp_path / "model.pt").tensors
    wanted = torch.load(tmp_path / "model.pt", weights_only=True)
    assert_same(found, {name: tensor.detach() for name, tensor in wanted.items()})


@pytest.mark.parametrize("zip_form", [True, False])
def test_torch_itself_refuses_these_checkpoints(tmp_path, weights, zip_form):
    file = write_fairseq(tmp_path / "model.pt", weights, zip_form=zip_form)
    with pytest.raises(Exception, match="Weights only load failed"):
        torch.load(file, weights_only=True)


def rebuilt(storage, *arguments):
    return Calls(torch._utils._rebuild_tensor_v2, storage, *arguments)


def pickled_tensor(record, kind=None):
    class Pickler(pickle.Pickler):
        def persistent_id(self, value):
            return ("storage", kind or torch.FloatStorage, "0", "cpu", 4) if value == "here" else None

    buffer = io.BytesIO()
    Pickler(buffer, 2).dump({EMBEDDING: record})
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("start", "shape", "strides", "words"),
    [
        (0, (5,), (1,), "reaches beyond its numbers"),
        (3, (2,), (1,), "reaches beyond its numbers"),
        (0, (2, 2), (3, 1), "reaches beyond its numbers"),
        (0, (10**6, 10**6), (0, 0), "reaches beyond its numbers"),
        (0, (2**39, 2**39), (2**39, 1), "reaches beyond its numbers"),
        (-1, (1,), (1,), "is no plain tensor"),
        (0, (-1,), (1,), "is no plain tensor"),
        (0, (2,), (-1,), "is no plain tensor"),
        (0, (2,), (), "is no plain tensor"),
        (0, (2.0,), (1,), "is no plain tensor"),
        (True, (2,), (1,), "is no plain tensor"),
        (0, (1,) * 9, (1,) * 9, "is no plain tensor"),
        (0, (2**70,), (1,), "is no plain tensor"),
    ],
)
def test_a_tensor_that_lies_about_itself_is_refused(tmp_path, start, shape, strides, words):
    file = tmp_path / "model.pt"
    file.write_bytes(zipped(pickled_tensor(rebuilt("here", start, shape, strides)), ("model/data/0", bytes(16))))
    assert_fails(file, tmp_path / "out", words)


@pytest.mark.parametrize("kind", [torch.QInt8Storage, torch.ComplexFloatStorage, torch.UntypedStorage, print])
def test_a_tensor_of_another_kind_is_refused(tmp_path, kind):
    file = tmp_path / "model.pt"
    content = pickled_tensor(rebuilt("here", 0, (2,), (1,)), kind)
    file.write_bytes(zipped(content, ("model/data/0", bytes(16))))
    assert_fails(file, tmp_path / "out", "is no plain tensor")


def test_a_cut_legacy_file_is_one_message(tmp_path, weights):
    file = write_fairseq(tmp_path / "model.pt", weights, zip_form=False)
    file.write_bytes(file.read_bytes()[:-5])
    assert_fails(file, tmp_path / "out", "it ends too early")


@pytest.mark.parametrize("zip_form", [True, False])
def test_a_damaged_file_is_read_or_refused(tmp_path, zip_form):
    state = {EMBEDDING: torch.ones(3, 4), "other": torch.ones(2).half()}
    checkpoint = {"args": argparse.Namespace(**RELEASED), "model": state}
    file = tmp_path / "model.pt"
    torch.save(checkpoint, file, _use_new_zipfile_serialization=zip_form)
    whole, chance = file.read_bytes(), random.Random(3)
    messages = []
    for _ in range(400):
        damaged = bytearray(whole)
        start = chance.randrange(len(damaged))
        damaged[start : start + chance.choice((1, 1, 1, 4))] = bytes(
            chance.choices(range(256), k=chance.choice((1, 1, 4)))
        )
        file.write_bytes(damaged)
        try:
            read_source(file)
        except InputError as error:
            messages.append(str(error))
    assert 100 < len(messages) < 400
    assert all(map(str.isprintable, messages))


def test_hostile_arguments_do_not_run(tmp_path, weights):
    marker = tmp_path / "marker"
    file, arguments = tmp_path / "model.pt", {"code_image_size": Calls(os.system, f"touch {marker}")}
    torch.save({"args": argparse.Namespace(**RELEASED | arguments), "model": fairseq_state(weights)}, file)
    report = convert(file, tmp_path / "out")
    assert report.config["code_image_size"] == 128
    assert not marker.exists()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("config.json", None, "config.json: cannot be read"),
        ("config.json", "{", "no JSON"),
        ("config.json", "[]", "no JSON object"),
        ("config.json", "[" * 100_000, "no JSON"),
        ("config.json", '{"d_model": 9}', "d_model is said to be '9'"),
        ("config.json", '{"dropout": "much"}', "dropout is 'much'"),
        ("vocab.json", None, "lacks vocab.json or merges.txt"),
        ("vocab.json", "{", "no JSON"),
        ("model.safetensors", None, "holds neither model.safetensors nor pytorch_model.bin"),
        ("model.safetensors", "{}", "model.safetensors: broken"),
        ("model.safetensors.index.json", '{"weight_map": {"a": "../x"}}', "a shard outside its folder"),
        ("model.safetensors.index.json", '{"weight_map": {"a": "x.safetensors"}}', "x.safetensors: "),
        ("config.json", '{"model_type": "bert"}', "is a model of the type 'bert'"),
        ("config.json", '{"model_type": 5}', "is a model of the type '5'"),
        ("model.safetensors.index.json", '{"weight_map": {"a": ["x"]}}', "a shard outside its folder"),
        ("model.safetensors.index.json", '{"weight_map": {}}', "names no shards"),
        ("pytorch_model.bin", "moon", "not a file that torch.save wrote"),
    ],
)
def test_a_broken_folder_is_one_message(tmp_path, weights, small_config, name, content, words):
    folder = write_folder(tmp_path / "in", weights, small_config)
    if name.startswith(("model.safetensors.index", "pytorch")):
        (folder / "model.safetensors").unlink()
    if content is None:
        (folder / name).unlink()
    else:
        (folder / name).write_text(content)
    assert_fails(folder, tmp_path / "out", words)
