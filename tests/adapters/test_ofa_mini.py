"""The adapter `ofa-mini`, with small random weights in place of its own."""

import hashlib
import shutil

import msgspec
import pytest

pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("transformers", reason="transformers is not installed")

from mibench.adapters import ofa_mini
from mibench.adapters.base import create_adapter
from mibench.adapters.ofa_mini import OFAMini
from mibench.errors import InputError
from mibench.ofa import OFAImageProcessor
from mibench.submissions.description import read_description
from tests.adapters.test_ofa import data, model_folder, requests  # noqa: F401
from tests.cli.program import mibench


@pytest.fixture
def installed(model_folder, tmp_path, monkeypatch):  # noqa: F811
    """The folder of the weights, with `tuned` in it."""
    folder = tmp_path / "mini"
    shutil.copytree(model_folder, folder / "tuned")
    OFAImageProcessor(size=64).save_pretrained(folder / "tuned")
    monkeypatch.setattr(ofa_mini, "FOLDER", folder)
    return folder


def test_it_needs_no_path_and_holds_answers_to_the_options(installed, data):  # noqa: F811
    model = create_adapter("ofa-mini", {"device": "cpu"})
    assert model.model_name == "ofa-mini-tuned"
    (asked, *_) = requests(data, "nlvr", 1)
    asked = msgspec.structs.replace(asked, options=("Surely YES", "Surely NO"))
    (answer,) = model.predict([asked])
    assert answer.text in asked.options


def test_every_box_is_in_bins(installed, data):  # noqa: F811
    (asked, *_) = requests(data, "text_vqa", 1)
    asked = msgspec.structs.replace(asked, prompt="Read 10 20 30 40.")
    model = OFAMini(device="cpu")
    tokens = model._tokens(asked.prompt, asked, (100, 100))
    assert "<bin_100> <bin_200> <bin_300> <bin_400>" in model._processor.tokenizer.decode(tokens)


def test_what_answers_depend_on_is_said(installed):
    model = OFAMini(constrain="false", score_options="true", beams="3", device="cpu")
    assert dict(model.decoding) == {
        "weights": "tuned",
        "beams": 3,
        "image_size": "as in the folder",
        "dtype": "fp32",
        "no_repeat_ngram": 0,
        "constrain": False,
        "score_options": True,
        "clean": True,
        "boxes": "all",
    }


def test_weights_that_are_not_installed_are_told(installed):
    with pytest.raises(InputError, match=r"the weights of OFA-mini \(base\) are not installed"):
        create_adapter("ofa-mini", {"weights": "base"})


def test_other_weights_are_refused(installed):
    with pytest.raises(InputError, match="weights=large is not one of tuned, base"):
        create_adapter("ofa-mini", {"weights": "large"})


def test_a_run_records_which_weights_answered(installed, tmp_path):
    shutil.copytree(installed / "tuned", installed / "base")
    run = ["run", "--model", "ofa-mini", "--model-args", "weights=base", "--device", "cpu"]
    mibench(*run, "--tasks", "nlvr", "--limit", "1", "--output", tmp_path / "out")
    about = read_description(tmp_path / "out")
    assert (about.name, about.model.name, about.adapter) == ("ofa-mini-base", "ofa-mini-base", "ofa-mini")
    digest = hashlib.sha256((installed / "base" / "model.safetensors").read_bytes()).hexdigest()
    assert about.model.revision == f"sha256:{digest}"
    assert about.model.parameters == OFAMini(device="cpu").parameters
