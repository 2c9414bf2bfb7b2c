"""The adapter `hf`, on configurations without weights and on a small model."""

import json

import pytest

pytest.importorskip("torch", reason="torch is not installed")
transformers = pytest.importorskip("transformers", reason="transformers is not installed")

from mibench.adapters import hugging_face as module  # noqa: E402
from mibench.adapters.base import create_adapter  # noqa: E402
from mibench.adapters.hugging_face import hugging_face  # noqa: E402
from mibench.adapters.seq2seq import Seq2Seq  # noqa: E402
from mibench.errors import InputError  # noqa: E402
from mibench.instances import Request  # noqa: E402
from tests.adapters.tiny_t5 import make_t5, make_tokenizer  # noqa: E402
from tests.cli.program import mibench  # noqa: E402

CODE = """
from pathlib import Path

from transformers import T5Config, T5ForConditionalGeneration

class OwnConfig(T5Config):
    model_type = "own-t5"

class OwnT5(T5ForConditionalGeneration):
    config_class = OwnConfig

Path({mark!r}).touch()
"""
OWN = {"AutoConfig": "own.OwnConfig", "AutoModelForSeq2SeqLM": "own.OwnT5"}


def write_config(folder, **config):
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))
    return str(folder)


@pytest.fixture
def chosen(monkeypatch):
    """What is asked of the registry, without loading a model."""
    asked = []
    monkeypatch.setattr(module, "create_adapter", lambda name, arguments: asked.append((name, arguments)))
    return asked


@pytest.fixture(scope="module")
def t5(tmp_path_factory):
    return make_t5(tmp_path_factory.mktemp("hf") / "small-t5", make_tokenizer(longest=64))


@pytest.mark.parametrize(
    ("model_type", "name"),
    [
        ("t5", "seq2seq"),
        ("bart", "seq2seq"),
        ("t5gemma", "seq2seq"),
        ("marian", "seq2seq"),
        ("t5gemma2", "image-text"),
        ("blip-2", "image-text"),
        ("llava", "image-text"),
        ("qwen2_vl", "image-text"),
        ("smolvlm", "image-text"),
    ],
)
def test_the_adapter_suits_the_configuration(tmp_path, chosen, model_type, name):
    folder = write_config(tmp_path, model_type=model_type)
    hugging_face(folder, dtype="bf16", revision="v1")
    assert chosen == [(name, {"pretrained": folder, "dtype": "bf16", "revision": "v1"})]


def test_ofa_has_an_adapter_of_its_own(tmp_path, chosen):
    folder = write_config(tmp_path, model_type="ofa")
    hugging_face(folder, beams="3")
    assert chosen == [("ofa", {"path": folder, "beams": "3"})]


@pytest.mark.parametrize(
    ("model_type", "architecture", "words"),
    [
        ("llama", "LlamaForCausalLM", r"a model of type llama \(LlamaForCausalLM\), which no adapter takes"),
        ("bert", "BertForMaskedLM", r"a model of type bert \(BertForMaskedLM\)"),
        ("clip", "CLIPModel", r"a model of type clip \(CLIPModel\)"),
        ("voxtral", "VoxtralForConditionalGeneration", r"a model of type voxtral \(Voxtral"),
    ],
)
def test_other_models_are_told_with_what_works(tmp_path, model_type, architecture, words):
    folder = write_config(tmp_path, model_type=model_type, architectures=[architecture])
    with pytest.raises(InputError, match=words) as caught:
        hugging_face(folder)
    assert caught.value.file == folder
    assert caught.value.remedy == "what works: OFA, image-text-to-text models, and encoder-decoders for text"


def test_a_configuration_that_says_little_is_told(tmp_path):
    with pytest.raises(InputError, match="model_type"):
        hugging_face(write_config(tmp_path, architectures=["Mystery"]))
    with pytest.raises(InputError, match=r"a model of type llama \(no class named\)"):
        hugging_face(write_config(tmp_path, model_type="llama"))


@pytest.mark.parametrize("content", [None, "{"])
def test_a_missing_or_broken_configuration_is_told(tmp_path, content):
    folder = tmp_path / "broken"
    folder.mkdir()
    if content is not None:
        (folder / "config.json").write_text(content)
    with pytest.raises(InputError, match="broken"):
        hugging_face(str(folder))


def test_an_absent_model_is_told(tmp_path):
    with pytest.raises(InputError, match="nowhere"):
        hugging_face(str(tmp_path / "nowhere"))


def test_a_model_answers_as_by_its_own_adapter(t5):
    asked = [
        Request(
            task="t", instance="1", instruction=1, prompt=prompt, image=None, options=("yes", "no"), max_new_tokens=8
        )
        for prompt in ("Is it so?", "Which word do the two sentences share?")
    ]
    found = create_adapter("hf", {"pretrained": str(t5), "dtype": "float32", "score_options": "true"})
    assert isinstance(found, Seq2Seq)
    assert found.predict(asked) == Seq2Seq(str(t5), score_options="true").predict(asked)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"beems": "1"}, "--model seq2seq: unknown argument 'beems'"),
        ({"dtype": "int4"}, "--model seq2seq: dtype=int4 is not one of"),
        ({"trust_remote_code": "yes"}, "--model hf: trust_remote_code=yes is neither true nor false"),
    ],
)
def test_faulty_arguments_are_told_as_by_the_adapter_itself(t5, arguments, words):
    with pytest.raises(InputError, match=words):
        create_adapter("hf", {"pretrained": str(t5), **arguments})


def test_an_argument_that_ofa_does_not_take_is_told(tmp_path):
    with pytest.raises(InputError, match="--model ofa: got an unexpected keyword argument 'beems'"):
        hugging_face(write_config(tmp_path, model_type="ofa"), beems="1")


def test_without_a_model_the_argument_is_asked_for():
    with pytest.raises(InputError, match="missing a required argument: 'pretrained'"):
        create_adapter("hf", {"dtype": "float32"})


@pytest.fixture
def own(t5, tmp_path, monkeypatch):
    """A model with code of its own, which leaves a mark when it runs."""
    monkeypatch.setattr("transformers.dynamic_module_utils.HF_MODULES_CACHE", str(tmp_path / "modules"))
    folder = tmp_path / "own"
    folder.mkdir()
    for file in t5.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    config = json.loads((t5 / "config.json").read_text())
    write_config(folder, **config | {"model_type": "own-t5", "auto_map": OWN})
    (folder / "own.py").write_text(CODE.format(mark=str(tmp_path / "it-ran")))
    return folder


def test_code_that_comes_with_a_model_is_not_run_unasked(own, tmp_path):
    with pytest.raises(InputError, match="brings code of its own") as caught:
        hugging_face(str(own))
    assert "trust_remote_code=true" in caught.value.remedy
    assert not (tmp_path / "it-ran").exists()


def test_code_that_comes_with_a_model_is_run_where_it_is_trusted(own, t5, tmp_path):
    asked = Request(task="t", instance="1", instruction=1, prompt="Is it?", image=None, options=(), max_new_tokens=8)
    adapter = hugging_face(str(own), trust_remote_code="true")
    assert type(adapter._model).__name__ == "OwnT5"
    assert adapter.predict([asked]) == Seq2Seq(str(t5)).predict([asked])
    assert (tmp_path / "it-ran").exists()


def test_a_run_asks_what_the_model_can_see(t5, tmp_path, monkeypatch):
    monkeypatch.setenv("MIBENCH_CACHE", str(tmp_path / "cache"))  # two tasks are drawn before a whole world is
    run = ["run", "--model", "hf", "--model_args", f"pretrained={t5},dtype=float32", "--limit", "1"]
    mibench(*run, "--tasks", "task190_snli_classification", "--score-options", "--output", tmp_path / "text")
    lines = (tmp_path / "text" / "predictions" / "task190_snli_classification.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    assert [row["instruction"] for row in rows] == [1, 2, 3, 4, 5]
    assert all(len(row["option_scores"]) == len(row["option_scores_per_token"]) == 3 for row in rows)
    told = mibench(*run, "--tasks", "nlvr", "--output", tmp_path / "seen", status=2)
    assert "reads text only and cannot see the pictures of nlvr" in told.stderr
    mibench(*run, "--tasks", "nlvr", "--blind", "--output", tmp_path / "blind")
    assert len((tmp_path / "blind" / "predictions" / "nlvr.jsonl").read_text().splitlines()) == 5
