"""The adapter `seq2seq`, on small random models made on the spot."""

import inspect
import json
import logging
import random
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="torch is not installed")
transformers = pytest.importorskip("transformers", reason="transformers is not installed")

from mibench.adapters import seq2seq as module  # noqa: E402
from mibench.adapters.base import create_adapter, sight  # noqa: E402
from mibench.adapters.cutting import Cutter  # noqa: E402
from mibench.adapters.seq2seq import Seq2Seq  # noqa: E402
from mibench.errors import InputError  # noqa: E402
from mibench.instances import Request  # noqa: E402
from tests.adapters.tiny_t5 import TEXTS, make_t5, make_tokenizer  # noqa: E402

OPTIONS = ("yes", "no", "it does not say", "maybe")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_t5(tmp_path_factory.mktemp("t5") / "small-t5", make_tokenizer(longest=64))


@pytest.fixture(scope="module")
def adapter(folder):
    return Seq2Seq(str(folder), device="cpu")


@pytest.fixture(scope="module")
def scorer(folder):
    return Seq2Seq(str(folder), device="cpu", score_options="true")


def request(prompt, **changes):
    fields = {"task": "t", "instance": "1", "instruction": 1, "prompt": prompt, "image": None, "options": OPTIONS}
    return Request(**{**fields, "max_new_tokens": 12, **changes})


def requests(count=20):
    """Prompts of different lengths, with different numbers of options."""
    draw, words = random.Random(0), " ".join(TEXTS).split()
    return [
        request(
            " ".join(draw.sample(words, draw.randint(2, 25))),
            instance=str(number),
            options=OPTIONS[: number % (len(OPTIONS) + 1)],
        )
        for number in range(count)
    ]


def texts(answers):
    return [answer.text for answer in answers]


@pytest.mark.parametrize("beams", [1, 3])
def test_answers_are_those_of_plain_generation_one_by_one(folder, beams):
    model = transformers.AutoModelForSeq2SeqLM.from_pretrained(folder).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    expected = []
    for asked in requests():
        inputs = tokenizer(asked.prompt, return_tensors="pt", return_token_type_ids=False)
        (tokens,) = model.generate(**inputs, do_sample=False, num_beams=beams, max_new_tokens=12)
        expected.append(tokenizer.decode(tokens, skip_special_tokens=True).strip())
    assert len(set(expected)) > 12
    assert len(set(map(len, expected))) > 5
    for score_options in ("false", "true"):
        found = Seq2Seq(str(folder), device="cpu", beams=str(beams), score_options=score_options).predict(requests())
        assert texts(found) == expected
        assert [answer.instance for answer in found] == [asked.instance for asked in requests()]


def test_answers_do_not_depend_on_the_batch(adapter):
    asked = requests()
    together = adapter.predict(asked)
    assert [adapter.predict([one])[0] for one in asked] == together
    assert adapter.predict(asked[::-1]) == together[::-1]
    assert adapter.predict([]) == []


def test_each_request_has_its_own_limit(adapter):
    limits = [1, 1, 3, 12, 3, 3, 1]
    asked = [msgspec.structs.replace(one, max_new_tokens=limit) for one, limit in zip(requests(7), limits, strict=True)]
    found = adapter.predict(asked)
    assert [adapter.predict([one])[0] for one in asked] == found
    whole = adapter.predict(requests(7))
    assert all(long.startswith(short) for short, long in zip(texts(found), texts(whole), strict=True))
    assert len(set(map(len, texts(found)))) > 3


def test_an_adapter_says_what_its_answers_depend_on(folder, adapter):
    assert adapter.model_name == "small-t5"
    assert adapter.decoding == {"beams": 1, "dtype": "float32", "max_length": 64, "score_options": False}
    other = Seq2Seq(str(folder), device="cpu", attn_implementation="eager", dtype="bf16", max_length="9", beams="2")
    assert other.decoding == {
        "beams": 2,
        "dtype": "bfloat16",
        "max_length": 9,
        "score_options": False,
        "attn_implementation": "eager",
    }
    assert sight(adapter) == "blind"


@pytest.mark.parametrize("dtype", ["bf16", "bfloat16", "fp16", "float16", "fp32", "float32"])
def test_a_model_computes_in_the_numbers_that_are_asked_for(folder, dtype):
    narrow = Seq2Seq(str(folder), device="cpu", dtype=dtype, score_options="true")
    assert narrow.decoding["dtype"] == {"b": "bfloat16", "1": "float16", "3": "float32"}[dtype.lstrip("flopat")[0]]
    (answer,) = narrow.predict(requests()[4:5])
    assert all(score < 0 for score in answer.option_scores)


def brute_force(folder, prompt, tokens):
    """Return the log-probability of an answer, found step by step and without any batch."""
    model = transformers.AutoModelForSeq2SeqLM.from_pretrained(folder).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    inputs = tokenizer(prompt, return_tensors="pt", return_token_type_ids=False)
    answer, total = [model.config.decoder_start_token_id], 0.0
    for token in tokens:
        with torch.no_grad():
            logits = model(**inputs, decoder_input_ids=torch.tensor([answer])).logits[0, -1]
        total += torch.log_softmax(logits.double(), dim=0)[token].item()
        answer.append(token)
    return total


@pytest.mark.parametrize(
    ("template", "start", "first"),
    [("$A </s>", "<pad>", []), ("<s> $A </s>", "</s>", ["<s>"]), ("<s> $A", "<s>", []), ("$A", "<pad>", [])],
    ids=["as T5", "as BART", "as T5Gemma", "no special tokens"],
)
def test_option_scores_are_those_of_a_slow_twin(tmp_path, template, start, first):
    tokenizer = make_tokenizer(template=template)
    ids = tokenizer.convert_tokens_to_ids
    folder = make_t5(tmp_path, tokenizer, decoder_start_token_id=ids(start))
    asked = requests(5)
    for one, answer in zip(asked, Seq2Seq(str(folder), score_options="true").predict(asked), strict=True):
        plain = [tokenizer(option, add_special_tokens=False)["input_ids"] for option in one.options]
        whole = [[*ids(first), *tokens, ids("</s>")] for tokens in plain]
        expected = [brute_force(folder, one.prompt, tokens) for tokens in whole]
        if not one.options:
            assert (answer.option_scores, answer.option_scores_per_token) == (None, None)
            continue
        assert answer.option_scores == pytest.approx(expected, abs=1e-4)
        means = [total / len(tokens) for total, tokens in zip(expected, whole, strict=True)]
        assert answer.option_scores_per_token == pytest.approx(means, abs=1e-4)


def test_option_scores_do_not_depend_on_batches_or_parts(scorer, monkeypatch):
    asked = requests()
    found = scorer.predict(asked)
    assert len({score for answer in found for score in answer.option_scores or ()}) > 30
    alone = [scorer.predict([one])[0] for one in asked]
    monkeypatch.setattr(module, "NUMBERS_TOGETHER", 1)
    in_parts = scorer.predict(asked)
    for one, other in zip(found + found, alone + in_parts, strict=True):
        assert other.text == one.text
        assert other.option_scores == (one.option_scores and pytest.approx(one.option_scores, abs=1e-4))


def test_option_scores_are_in_the_order_shown_and_only_where_asked_for(adapter, scorer):
    asked = request("Is it so?")
    (found,) = scorer.predict([asked])
    (turned,) = scorer.predict([msgspec.structs.replace(asked, options=OPTIONS[::-1])])
    assert turned.option_scores[::-1] == pytest.approx(found.option_scores, abs=1e-4)
    assert adapter.predict([asked])[0].option_scores is None


@pytest.mark.parametrize("beams", ["1", "2"])
def test_prompts_are_encoded_once(folder, monkeypatch, beams):
    scoring, seen = Seq2Seq(str(folder), score_options="true", beams=beams), []
    encoder = scoring._model.get_encoder()
    encode = encoder.forward
    monkeypatch.setattr(encoder, "forward", lambda **inputs: seen.append(len(inputs["input_ids"])) or encode(**inputs))
    scoring.predict(requests())
    assert seen == [len(requests())]


def test_a_long_prompt_loses_the_end_of_the_part_that_the_card_names(adapter, caplog):
    long = "the small river runs past seven old mills " * 20
    asked = request(f"Read: {long}\nIs the statement true?\n\n[Options]: yes||||no", cut=long, instruction=2)
    with caplog.at_level(logging.WARNING):
        tokens, mask = adapter._prompts([asked, request("Hi")])
    text = adapter._tokenizer.decode(tokens[0], skip_special_tokens=True)
    assert text.startswith("Read: the small river runs past seven old mills")
    assert text.endswith("Is the statement true?\n\n[Options]: yes||||no")
    assert 60 <= mask[0].sum() <= 64
    assert tokens[0, mask[0].sum() - 1] == adapter._tokenizer.eos_token_id
    assert "t, instance 1, instruction 2: " in caplog.text
    assert "cut to the 64 that the model reads; prompts cut so far: 1" in caplog.text
    assert len(caplog.records) == 1


def test_a_long_prompt_without_such_a_part_loses_its_end(folder, caplog):
    limited = Seq2Seq(str(folder), max_length="20")
    long = "the small river runs past seven old mills " * 20
    for cut in ("", "a part that is not in it", "the"):
        tokens, _ = limited._prompts([request(long, cut=cut)])
        assert 18 <= tokens.shape[1] <= 20
        assert limited._tokenizer.decode(tokens[0]).startswith("the small river runs past")
        assert tokens[0, -1] == limited._tokenizer.eos_token_id
    assert "prompts cut so far: 3" in caplog.text
    assert limited.predict([request(long)]) == limited.predict([request(long, instance="1")])


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60), st.integers(2, 40))
def test_no_prompt_is_longer_than_the_model_reads(before, cut, after, longest):
    def tokenise(text):
        return [0, *text.encode("utf-8", "surrogatepass"), 1]

    prompt = before + cut + after
    found = Cutter(longest).cut(request(prompt, cut=cut), tokenise(prompt), tokenise)
    assert len(found) <= longest
    if len(tokenise(prompt)) <= longest:
        assert found == tokenise(prompt)
    elif cut and len(tokenise(before + after)) <= longest:
        assert len(found) > longest - 4  # a character has at most four bytes
        assert set(tokenise(before)) <= set(found)


@pytest.mark.parametrize(
    ("tokenizer_says", "config_says", "expected"),
    [(None, None, None), (64, None, 64), (None, 32, 32), (64, 32, 32), (32, 64, 32)],
)
def test_how_much_a_model_reads_is_found_where_it_stands(tmp_path, tokenizer_says, config_says, expected):
    changes = {} if config_says is None else {"max_position_embeddings": config_says}
    folder = make_t5(tmp_path, make_tokenizer(tokenizer_says), **changes)
    unlimited = Seq2Seq(str(folder))
    assert unlimited.decoding["max_length"] == expected
    tokens, _ = unlimited._prompts([request("the " * 300)])
    assert tokens.shape[1] == (expected or 302)
    assert Seq2Seq(str(folder), max_length="80").decoding["max_length"] == 80


def test_settings_that_come_with_a_model_give_way_quietly(tmp_path, caplog):
    folder = make_t5(tmp_path, make_tokenizer())
    model = transformers.AutoModelForSeq2SeqLM.from_pretrained(folder)
    model.generation_config.update(max_length=3, do_sample=True, temperature=0.5, top_k=5)
    model.save_pretrained(folder)
    transformers.utils.logging.enable_propagation()
    try:
        found = Seq2Seq(str(folder)).predict(requests())
    finally:
        transformers.utils.logging.disable_propagation()
    assert texts(found) == texts(Seq2Seq(str(make_t5(tmp_path / "other", make_tokenizer()))).predict(requests()))
    assert not caplog.records


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"dtype": "int4"}, "dtype=int4 is not one of auto, fp32, bf16, fp16"),
        ({"beams": "0"}, "beams=0 is not a whole number of at least 1"),
        ({"max_length": "long"}, "max_length=long is not a whole number"),
        ({"score_options": "perhaps"}, "score_options=perhaps is neither true nor false"),
        ({"trust_remote_code": "yes"}, "trust_remote_code=yes is neither true nor false"),
        ({"beems": "1"}, "unknown argument 'beems'; there are pretrained, .*, beams, .*, load_in_4bit, "),
        ({"bnb_4bit_quant_type": "nf4"}, "bnb_4bit_quant_type: nothing without load_in_4bit=true"),
        ({"load_in_4bit": "perhaps"}, "quantisation: load_in_4bit must be a boolean"),
        ({"load_in_4bit": "true", "bnb_4bit_compute_dtype": "float12"}, "quantisation: .*float12"),
    ],
)
def test_faulty_arguments_are_told(folder, arguments, words):
    with pytest.raises(ValueError, match=words):
        Seq2Seq(str(folder), **arguments)
    with pytest.raises(InputError, match="--model seq2seq: "):
        create_adapter("seq2seq", {"pretrained": str(folder), **arguments})


def test_quantisation_reaches_transformers(folder, monkeypatch):
    seen = {}
    load = transformers.AutoModelForSeq2SeqLM.from_pretrained

    def from_pretrained(name, **settings):
        seen.update(settings)
        return load(name, **settings | {"quantization_config": None})

    monkeypatch.setattr(transformers.AutoModelForSeq2SeqLM, "from_pretrained", from_pretrained)
    arguments = {"load_in_8bit": "true", "llm_int8_threshold": "5.5"}
    assert arguments.items() <= Seq2Seq(str(folder), device="cpu", **arguments).decoding.items()
    assert seen["quantization_config"].load_in_8bit is True
    assert seen["quantization_config"].llm_int8_threshold == 5.5
    assert seen["device_map"] == "cpu"


@pytest.mark.skipif(transformers.utils.is_bitsandbytes_available(), reason="bitsandbytes is installed")
def test_quantisation_without_its_package_is_told(folder):
    with pytest.raises(InputError, match="bitsandbytes"):
        Seq2Seq(str(folder), load_in_4bit="true")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_device_that_is_not_there_is_told(folder):
    with pytest.raises(InputError, match="no device 'cuda' here"):
        Seq2Seq(str(folder), device="cuda")


def test_a_model_may_be_spread_by_accelerate(folder, adapter):
    pytest.importorskip("accelerate", reason="accelerate is not installed")
    spread = Seq2Seq(str(folder), device_map="auto", device="cpu")
    assert spread.predict(requests()) == adapter.predict(requests())


def test_an_absent_model_is_told(tmp_path):
    with pytest.raises(InputError, match="nowhere"):
        Seq2Seq(str(tmp_path / "nowhere"))


def copied(folder, to: Path, **changes: object) -> Path:
    """Copy a model's folder; `changes` are to its configuration."""
    to.mkdir()
    for file in folder.iterdir():
        (to / file.name).write_bytes(file.read_bytes())
    config = json.loads((folder / "config.json").read_text()) | changes
    (to / "config.json").write_text(json.dumps(config))
    return to


def test_damaged_weights_are_told(folder, tmp_path):
    broken = copied(folder, tmp_path / "broken")
    weights = broken / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(InputError, match="broken: damaged weights"):
        Seq2Seq(str(broken))


def test_a_model_without_an_encoder_is_told(folder, tmp_path):
    transformers.LlamaConfig().save_pretrained(tmp_path / "llama")
    with pytest.raises(InputError, match="LlamaConfig"):
        Seq2Seq(str(tmp_path / "llama"))
    with pytest.raises(InputError, match="a model of type t5 has no encoder and decoder"):
        Seq2Seq(str(copied(folder, tmp_path / "decoder", is_encoder_decoder=False)))


def test_code_that_comes_with_a_model_is_not_run_unasked(folder, tmp_path, monkeypatch):
    own = copied(folder, tmp_path / "own", model_type="own-t5", auto_map={"AutoConfig": "own.OwnConfig"})
    (own / "own.py").write_text(f"open({str(tmp_path / 'it-ran')!r}, 'w').close()\n")
    with pytest.raises(InputError, match="brings code of its own") as caught:
        Seq2Seq(str(own))
    assert "trust_remote_code=true" in caught.value.remedy
    assert not (tmp_path / "it-ran").exists()


def test_every_argument_is_text():
    annotations = inspect.get_annotations(Seq2Seq.__init__)
    assert {kind for name, kind in annotations.items() if name != "return"} == {str}
