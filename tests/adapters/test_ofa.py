"""The adapter `ofa`, on a small random model made on the spot."""

import logging
import shutil

import msgspec
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("transformers", reason="transformers is not installed")

from mibench.adapters.ofa import OFA  # noqa: E402
from mibench.adapters.pictures import open_picture  # noqa: E402
from mibench.cards import load_cards, select_cards  # noqa: E402
from mibench.data.mini import prepare_mini  # noqa: E402
from mibench.errors import InputError  # noqa: E402
from mibench.instances import Request  # noqa: E402
from mibench.ofa import OFAConfig, OFAForConditionalGeneration  # noqa: E402
from mibench.prompts import render_request  # noqa: E402
from mibench.submissions.description import read_description  # noqa: E402
from tests.cli.program import mibench  # noqa: E402
from tests.ofa.builders import make_tokenizer  # noqa: E402
from tests.ofa.conftest import SMALL  # noqa: E402


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ofa") / "small-ofa"
    tokenizer = make_tokenizer(folder)
    torch.manual_seed(0)
    config = OFAConfig(**SMALL | {"vocab_size": len(tokenizer), "max_position_embeddings": 1024})
    model = OFAForConditionalGeneration(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def data():
    return prepare_mini(select_cards(["multimodal"], load_cards()))


def requests(data, task, instances=3):
    card, folder = load_cards()[task], data.folder(task)
    rows = [row for row, _ in zip(data.instances(task), range(instances), strict=False)]
    return [render_request(card, row, number, folder=folder) for row in rows for number in range(1, 6)]


def adapter(folder, **arguments):
    return OFA(str(folder), **{"beams": "2", "image_size": "64", "device": "cpu", **arguments})


@pytest.fixture(scope="module")
def ofa(model_folder):
    return adapter(model_folder)


@pytest.mark.parametrize("task", ["nlvr", "text_vqa", "grounded_vqa"])
def test_answers_do_not_depend_on_the_batch(model_folder, ofa, data, task):
    asked = requests(data, task)
    together = ofa.predict(asked)
    assert [answer.instance for answer in together] == [request.instance for request in asked]
    assert [ofa.predict([request])[0] for request in asked] == together
    assert [answer for first in range(0, 15, 4) for answer in ofa.predict(asked[::-1][first : first + 4])] == (
        together[::-1]
    )


def test_tasks_may_be_mixed_with_and_without_pictures(ofa, data):
    asked = requests(data, "nlvr", 1) + requests(data, "text_vqa", 1)
    asked.append(Request(task="t", instance="1", instruction=1, prompt="?", image=None, options=(), max_new_tokens=5))
    assert ofa.predict(asked) == [ofa.predict([request])[0] for request in asked]


def test_each_picture_is_encoded_once(ofa, data, monkeypatch):
    seen, encode = [], ofa._model.encode_image
    monkeypatch.setattr(ofa._model, "encode_image", lambda pixels: seen.append(len(pixels)) or encode(pixels))
    asked = requests(data, "text_vqa", 3)
    ofa.predict(asked)
    assert seen == [len({request.image for request in asked})]


def test_constrained_answers_are_options(model_folder, data):
    asked = requests(data, "grounded_vqa") + requests(data, "nlvr")
    constrained = adapter(model_folder, constrain="true")
    for request, answer in zip(asked, constrained.predict(asked), strict=True):
        assert answer.text in request.options


@pytest.mark.parametrize(
    "options",
    [
        ("A Red   Square", "a  RED Circle"),
        ("Twice, twice, twice, twice, twice", "It is so, it is so, it is so"),
        ("2 2 2 2", "30 30 30 30"),
        ("Same", "same", "SAME"),
    ],
)
@pytest.mark.parametrize("boxes", ["options", "all"])
def test_a_constrained_answer_is_spelt_as_its_option(model_folder, data, options, boxes):
    (asked, *_) = requests(data, "nlvr", 1)
    asked = msgspec.structs.replace(asked, options=options, max_new_tokens=2)
    (answer,) = adapter(model_folder, constrain="true", boxes=boxes).predict([asked])
    assert answer.text in (options[:1] if len({option.lower() for option in options}) == 1 else options)


def test_a_free_answer_is_not_made_an_option(model_folder, data):
    (asked, *_) = requests(data, "nlvr", 1)
    free = adapter(model_folder)
    written = free._processor.tokenizer("yes")["input_ids"][1:]
    prompt = free._prompt(0, asked, {asked.image: open_picture(asked.image)})
    assert free._text(prompt, written, [written, [5]]) == "yes"
    held = adapter(model_folder, constrain="true")
    prompt = held._prompt(0, msgspec.structs.replace(asked, options=("YES", "no")), {asked.image: prompt.picture})
    assert held._text(prompt, written, [written, [5]]) == "YES"


def test_option_scores_are_in_the_order_shown(model_folder, data):
    asked = requests(data, "nlvr", 2)
    scored = adapter(model_folder, score_options="true").predict(asked)
    for request, answer in zip(asked, scored, strict=True):
        assert len(answer.option_scores) == len(request.options)
        assert all(score < 0 for score in answer.option_scores)
    turned = [
        Request(
            **{name: getattr(request, name) for name in request.__struct_fields__} | {"options": request.options[::-1]}
        )
        for request in asked
    ]
    again = adapter(model_folder, score_options="true").predict(turned)
    assert [answer.option_scores[::-1] for answer in again] == [
        pytest.approx(answer.option_scores, abs=1e-4) for answer in scored
    ]


def test_boxes_come_back_in_pixels(model_folder, data):
    asked = requests(data, "grounded_vqa", 1)
    (answer, *_) = adapter(model_folder, constrain="true").predict(asked)
    assert answer.text in asked[0].options
    assert len(answer.text.split()) == 4


def test_all_boxes_of_a_prompt_about_a_picture_become_bins(ofa, model_folder, data):
    (asked, *_) = requests(data, "nlvr", 1)
    asked = msgspec.structs.replace(asked, prompt="What is in 10 20 30 40?")
    every = adapter(model_folder, boxes="all")

    def read(model, request):
        pictures = {request.image: request.image and open_picture(request.image)}
        return model._processor.tokenizer.decode(model._prompt(0, request, pictures).tokens)

    assert "<bin_" in read(every, asked)
    assert "<bin_" not in read(ofa, asked)
    assert "<bin_" not in read(every, msgspec.structs.replace(asked, image=None))


@pytest.mark.parametrize(("boxes", "answer"), [("all", "at 0 0 {0} {1}"), ("options", "at{2}")])
def test_all_bins_of_an_answer_become_boxes(model_folder, data, boxes, answer):
    (asked, *_) = requests(data, "text_vqa", 1)
    model, picture = adapter(model_folder, boxes=boxes), open_picture(asked.image)
    prompt = model._prompt(0, asked, {asked.image: picture})
    bins = " <bin_0> <bin_0> <bin_999> <bin_999>"
    tokens = model._processor.tokenizer(f"at{bins}")["input_ids"][1:]
    assert model._text(prompt, tokens, []) == answer.format(*picture.size, bins)


def test_the_number_of_weights_is_known(ofa):
    assert ofa.parameters == sum(weights.numel() for weights in ofa._model.parameters())


def test_a_long_prompt_is_cut_and_told(ofa, caplog):
    request = Request(
        task="t", instance="row-1", instruction=2, prompt="is it? " * 1500, image=None, options=(), max_new_tokens=3
    )
    with caplog.at_level(logging.WARNING):
        ofa.predict([request])
    assert "t, instance row-1, instruction 2: " in caplog.text
    assert "cut to the 1024 that the model reads; prompts cut so far: 1" in caplog.text


def test_the_field_that_the_card_names_is_cut(ofa, data):
    card, folder = load_cards()["commonsense_vqa"], data.folder("commonsense_vqa")
    row = next(data.instances("commonsense_vqa"))
    regions = "person 1 is in 10 20 30 40. " * 300
    row = msgspec.structs.replace(row, fields={**row.fields, "regions": regions})
    request = render_request(card, row, 1, folder=folder)
    prompt = ofa._prompt(0, request, {request.image: open_picture(request.image)})
    text = ofa._processor.tokenizer.decode(prompt.tokens)
    assert 1015 <= len(prompt.tokens) <= 1024
    assert request.options[-1].lower().split()[-1] in text
    assert row.fields["question"].lower().split()[-1].strip("?") in text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"dtype": "int4"}, "fp32, bf16, fp16"),
        ({"constrain": "perhaps"}, "neither true nor false"),
        ({"beams": "x"}, "x"),
        ({"boxes": "some"}, "boxes=some is not one of options, all"),
    ],
)
def test_faulty_arguments_are_told(model_folder, arguments, words):
    with pytest.raises(ValueError, match=words):
        adapter(model_folder, **arguments)


def test_an_absent_model_is_told(tmp_path):
    with pytest.raises(InputError, match="no folder of a model"):
        adapter(tmp_path / "nowhere")


def test_an_unreadable_picture_is_told(ofa, tmp_path):
    file = tmp_path / "no.png"
    file.write_bytes(b"no")
    request = Request(task="t", instance="1", instruction=1, prompt="?", image=str(file), options=(), max_new_tokens=3)
    with pytest.raises(InputError, match="no readable image"):
        ofa.predict([request])


def test_bf16_answers(model_folder, data):
    assert len(adapter(model_folder, dtype="bf16").predict(requests(data, "nlvr", 1))) == 5


def test_a_run_completes_the_mini_world_and_goes_on_after_a_crash(model_folder, tmp_path):
    arguments = f"path={model_folder},beams=1,image_size=32,clean=false"
    run = ["run", "--model", "ofa", "--model-args", arguments, "--device", "cpu", "--dtype", "fp32"]
    run += ["--limit", "1", "--batch-size", "16"]
    mibench(*run, "--output", tmp_path / "whole")
    whole = {file.name: file.read_bytes() for file in (tmp_path / "whole" / "predictions").iterdir()}
    assert len(whole) == len(load_cards())
    broken = tmp_path / "broken"
    shutil.copytree(tmp_path / "whole", broken)
    (broken / "scores.json").unlink()
    (broken / "predictions" / "nlvr.jsonl").unlink()
    mibench(*run, "--output", broken)
    assert {file.name: file.read_bytes() for file in (broken / "predictions").iterdir()} == whole
    assert (broken / "scores.json").read_bytes() == (tmp_path / "whole" / "scores.json").read_bytes()
    assert read_description(broken).decoding["image_size"] == "32"
