import argparse
import json
import subprocess
import sys

import pytest

from mibench.adapters.base import adapter_names
from mibench.ofa.sizes import SIZES
from tests.cli.program import mibench
from tests.ofa.checkpoints import RELEASED, assert_same, fairseq_state, write_fairseq
from tests.ofa.checkpoints import weights as weights

torch = pytest.importorskip("torch", reason="torch is not installed")
safetensors = pytest.importorskip("safetensors.torch", reason="safetensors is not installed")


@pytest.fixture
def tokenizer(tmp_path):
    folder = tmp_path / "tokenizer"
    folder.mkdir()
    (folder / "vocab.json").write_text(json.dumps({"<s>": 0}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    return folder


def test_convert_writes_a_folder_and_says_what_it_did(tmp_path, weights, tokenizer):
    file = write_fairseq(tmp_path / "model.pt", weights, disable_entangle=False)
    result = mibench("models", "convert", file, tmp_path / "out", "--tokenizer", tokenizer)
    lines = result.stdout.splitlines()
    numbers = sum(tensor.numel() for tensor in weights.values())
    count = len(weights)
    assert lines[0] == f"{tmp_path / 'out'}: OFA custom, {numbers:,} numbers in {count} tensors ({count} float16)"
    assert lines[1] == "from a fairseq checkpoint; 8 buffers and copies left out"
    assert "  entangle_decoder_positions true" in lines
    assert result.stderr == "note: vocab.json has 1 pieces; with image codes and bins, not the model's 30\n"
    assert_same(safetensors.load_file(tmp_path / "out" / "model.safetensors"), weights)
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["config.json", "merges.txt", "model.safetensors", "vocab.json"]


def test_convert_prints_json(tmp_path, weights):
    head = {"classification_heads.snli.out_proj.bias": torch.zeros(3)}
    file = write_fairseq(tmp_path / "model.pt", weights | head)
    found = json.loads(mibench("models", "convert", file, tmp_path / "out", "--json").stdout)
    assert (found["output"], found["form"], found["size"]) == (str(tmp_path / "out"), "fairseq", "custom")
    assert found["unexpected"] == list(head)
    assert found["config"] == json.loads((tmp_path / "out" / "config.json").read_text())
    text = mibench("models", "convert", file, tmp_path / "again").stdout
    assert "left out: classification_heads.snli.out_proj.bias\n" in text


def test_settings_go_before_the_checkpoints(tmp_path, weights):
    file = write_fairseq(tmp_path / "model.pt", weights)
    settings = ["--set", "disable_entangle=false", "--set", "attn_scale_factor=3"]
    mibench("models", "convert", file, tmp_path / "out", *settings)
    config = json.loads((tmp_path / "out" / "config.json").read_text())
    assert (config["entangle_decoder_positions"], config["attn_scale_factor"]) == (True, 3.0)


def test_an_open_setting_is_asked_for_and_can_be_given(tmp_path, weights):
    known = {key: value for key, value in RELEASED.items() if key != "disable_entangle"}
    file = tmp_path / "model.pt"
    torch.save({"args": argparse.Namespace(**known), "model": fairseq_state(weights)}, file)
    result = mibench("models", "convert", file, tmp_path / "out", status=2)
    assert result.stderr == (
        f"error: {file}: the checkpoint does not tell disable_entangle "
        "(for the released models: --set disable_entangle=true)\n"
    )
    mibench("models", "convert", file, tmp_path / "out", "--set", "disable_entangle=true")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--set", "moon"], "error: --set: 'moon' is not key=value"),
        (["--set", "moon=1"], "unknown setting 'moon'"),
        (["--tokenizer", "absent"], "error: absent: lacks vocab.json or merges.txt"),
    ],
)
def test_a_failed_conversion_is_one_message(tmp_path, weights, options, words):
    file = write_fairseq(tmp_path / "model.pt", weights)
    result = mibench("models", "convert", file, tmp_path / "out", *options, status=2)
    assert words in result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""
    assert [path.name for path in tmp_path.iterdir()] == ["model.pt"]


def test_an_absent_checkpoint_is_one_message(tmp_path):
    result = mibench("models", "convert", tmp_path / "absent.pt", tmp_path / "out", status=2)
    assert result.stderr.startswith(f"error: {tmp_path / 'absent.pt'}: cannot be read")


def test_a_missing_package_is_one_message(tmp_path, weights, monkeypatch):
    file = write_fairseq(tmp_path / "model.pt", weights)
    monkeypatch.setitem(sys.modules, "safetensors.torch", None)
    result = mibench("models", "convert", file, tmp_path / "out", status=2)
    assert "pip install 'mibench[models]'" in result.stderr
    assert not (tmp_path / "out").exists()


def test_list_prints_the_adapters_and_sizes():
    text = mibench("models", "list").stdout
    assert all(name in text for name in [*adapter_names(), *SIZES])
    assert "Gives one answer to everything." in text
    found = json.loads(mibench("models", "list", "--json").stdout)
    assert list(found["adapters"]) == adapter_names()
    assert found["ofa"]["base"]["layers"] == [6, 6]


def test_list_imports_no_torch():
    code = (
        "import sys; from mibench.cli.models import models; models(['list'], standalone_mode=False); "
        "assert not {'torch', 'transformers', 'safetensors'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
