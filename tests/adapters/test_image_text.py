"""The adapter `image-text`, on small random models made on the spot, beside plain transformers one by one."""

import json
import logging
from functools import partial
from types import SimpleNamespace

import msgspec
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")
transformers = pytest.importorskip("transformers", reason="transformers is not installed")

import numpy as np  # noqa: E402
from PIL import Image  # noqa: E402

from mibench.adapters import generation, prompt_reader, shared_tower  # noqa: E402
from mibench.adapters.base import create_adapter, sight  # noqa: E402
from mibench.adapters.image_text import ImageText  # noqa: E402
from mibench.adapters.processors import load_processor  # noqa: E402
from mibench.errors import InputError  # noqa: E402
from mibench.instances import Request  # noqa: E402
from tests.adapters import tiny_models  # noqa: E402
from tests.cli.program import mibench  # noqa: E402

MODELS = {
    "llava": tiny_models.make_llava,
    "llava-plain": partial(tiny_models.make_llava, template=None),
    "qwen2-vl": tiny_models.make_qwen2_vl,
    "blip2-opt": tiny_models.make_blip2,
    "blip2-t5": partial(tiny_models.make_blip2, language="t5"),
    "instructblip": tiny_models.make_instructblip,
    "gemma3": partial(tiny_models.make_gemma3, sliding_window=256),
    "gemma3-short": partial(tiny_models.make_gemma3, sliding_window=16),
    "paligemma": tiny_models.make_paligemma,
}
SHARED = ("llava", "llava-plain", "qwen2-vl", "blip2-opt", "blip2-t5", "instructblip", "gemma3")
FALLEN_BACK = ("gemma3-short", "paligemma")
WORDINGS = (
    "what is there in the picture?",
    "Is there a red square beside the blue circle, or not? Options: yes||||no",
    "which",
    "what colour has it? the green circle",
    "no, there is",
)
OPTIONS = ("yes", "no, there is not", "a green triangle of seven more tokens than an answer may have")
BLIND = ("blip2-opt", "blip2-t5", "instructblip", "paligemma")

pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation"),  # PaliGemma's processor, with numpy 2
]


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    made, base = {}, tmp_path_factory.mktemp("image-text")

    def make(name):
        if name not in made:
            made[name] = MODELS[name](base / name)
        return made[name]

    return make


@pytest.fixture(scope="session")
def pictures(tmp_path_factory):
    draw, base, files = np.random.default_rng(0), tmp_path_factory.mktemp("pictures"), []
    for number, (width, height) in enumerate([(40, 60), (90, 50), (64, 64)]):
        files.append(str(base / f"{number}.png"))
        Image.fromarray(draw.integers(0, 255, (height, width, 3), dtype=np.uint8)).save(files[-1])
    return files


@pytest.fixture(scope="session")
def asked(pictures):
    """Five wordings of three pictures, with different numbers of options."""
    return [
        Request(
            task="t",
            instance=str(number),
            instruction=instruction,
            prompt=prompt,
            image=picture,
            options=OPTIONS[: (number + instruction) % 4],
            max_new_tokens=5,
        )
        for number, picture in enumerate(pictures)
        for instruction, prompt in enumerate(WORDINGS, 1)
    ]


@pytest.fixture(scope="session")
def adapter(folder):
    made = {}

    def make(name, **arguments):
        key = name, *sorted(arguments.items())
        if key not in made:
            made[key] = ImageText(str(folder(name)), device="cpu", **arguments)
        return made[key]

    return make


@pytest.fixture(scope="session")
def plain(folder):
    """What transformers itself gives: the processor, the model, the inputs of one request, and what it answers."""
    loaded = {}

    def load(name):
        if name not in loaded:
            processor = load_processor(str(folder(name)))
            model = transformers.AutoModelForImageTextToText.from_pretrained(folder(name)).eval()
            loaded[name] = SimpleNamespace(processor=processor, model=model, inputs=partial(plain_inputs, processor))
        return loaded[name]

    return load


def plain_inputs(processor, request, text=None):
    if text is None:
        text = plain_text(processor, request)
    pictures = None if request.image is None else [[Image.open(request.image).convert("RGB")]]
    begun = bool(processor.chat_template) and text.startswith("<s>")
    settings = {"add_special_tokens": False} if begun else {}
    return {
        name: value
        for name, value in processor(images=pictures, text=[text], return_tensors="pt", **settings).items()
        if name != "labels"
    }


def plain_text(processor, request):
    if processor.chat_template:
        content = [{"type": "image"}] * (request.image is not None) + [{"type": "text", "text": request.prompt}]
        return processor.apply_chat_template([{"role": "user", "content": content}], add_generation_prompt=True)
    wants_mark = type(processor).__name__ in ("LlavaProcessor", "PaliGemmaProcessor") and request.image is not None
    return f"<image>\n{request.prompt}" if wants_mark else request.prompt


def plain_answer(plain, request, **settings):
    inputs = plain.inputs(request)
    settings = {"max_new_tokens": request.max_new_tokens, "do_sample": False, **settings}
    tokens = plain.model.generate(**inputs, **settings)[0]
    if tokens[: inputs["input_ids"].shape[1]].tolist() == inputs["input_ids"][0].tolist():
        tokens = tokens[inputs["input_ids"].shape[1] :]
    return plain.processor.tokenizer.decode(tokens, skip_special_tokens=True).strip()


def texts(answers):
    return [answer.text for answer in answers]


def warnings_of(caplog):
    return [record.getMessage() for record in caplog.records if record.name.startswith("mibench")]


def assert_same(answers, others):
    assert texts(answers) == texts(others)
    for answer, other in zip(answers, others, strict=True):
        assert (answer.option_scores is None) == (other.option_scores is None)
        if answer.option_scores is not None:
            assert answer.option_scores == pytest.approx(other.option_scores, abs=1e-3)
            assert answer.option_scores_per_token == pytest.approx(other.option_scores_per_token, abs=1e-3)


@pytest.mark.parametrize("name", [*SHARED, *FALLEN_BACK])
def test_answers_are_those_of_plain_generation_one_by_one(adapter, plain, asked, name, caplog):
    expected = [plain_answer(plain(name), request) for request in asked]
    assert len(set(expected)) >= 5
    apart, shared = (adapter(name, share_image=share, score_options="true") for share in ("false", "true"))
    found = shared.predict(asked)
    assert texts(found) == expected
    assert [(answer.instance, answer.instruction) for answer in found] == [
        (request.instance, request.instruction) for request in asked
    ]
    assert_same(apart.predict(asked), found)
    assert shared._reader.shares_rightly is (shared._reader._share is not None) is (name in SHARED)
    assert len(warnings_of(caplog)) == (name not in SHARED)


@pytest.mark.parametrize("name", [*SHARED, *FALLEN_BACK])
def test_answers_do_not_depend_on_the_batch(adapter, asked, name):
    scorer = adapter(name, score_options="true")
    together = scorer.predict(asked)
    assert_same([scorer.predict([request])[0] for request in asked[::4]], together[::4])
    assert_same(scorer.predict(asked[::-1]), together[::-1])
    assert_same(scorer.predict(asked[3:12:2]), together[3:12:2])
    assert scorer.predict([]) == []


@pytest.mark.parametrize("name", ["llava", "qwen2-vl", "blip2-t5"])
def test_beams(adapter, plain, asked, name, caplog):
    expected = [plain_answer(plain(name), request, num_beams=3) for request in asked]
    greedy = adapter(name, score_options="true").predict(asked)
    assert texts(greedy) != expected
    shared = adapter(name, beams="3", score_options="true")
    found = shared.predict(asked)
    assert texts(found) == expected
    assert_same(
        [msgspec.structs.replace(answer, text="") for answer in found],
        [msgspec.structs.replace(answer, text="") for answer in greedy],
    )
    assert shared._reader.shares_rightly
    assert warnings_of(caplog) == []


def brute_force(plain, request, tokens):
    """Return the log-probability of tokens after a prompt: one pass over all of it, no batch and no cache."""
    inputs = plain.inputs(request)
    answer = torch.tensor([tokens])
    language = getattr(plain.model, "language_model", plain.model)
    if language.config.is_encoder_decoder:
        start = torch.tensor([[language.config.decoder_start_token_id]])
        inputs["decoder_input_ids"] = torch.cat([start, answer[:, :-1]], dim=1)
    else:
        for name in ("input_ids", "attention_mask", "mm_token_type_ids", "token_type_ids"):
            if name in inputs:
                more = answer if name == "input_ids" else torch.full_like(answer, int(name == "attention_mask"))
                inputs[name] = torch.cat([inputs[name], more], dim=1)
    with torch.no_grad():
        logits = plain.model(**inputs).logits.double()
    predicted = logits[0, -len(tokens) :] if language.config.is_encoder_decoder else logits[0, -len(tokens) - 1 : -1]
    return predicted.log_softmax(dim=-1).gather(1, answer.T).sum().item()


@pytest.mark.parametrize("name", [*SHARED, "gemma3-short"])
def test_option_scores_are_those_of_brute_force(adapter, plain, asked, name):
    tokenise = partial(plain(name).processor.tokenizer, add_special_tokens=False)
    alone = name in ("qwen2-vl", "blip2-t5")  # the prompt ends in a new line, or the answer is a text of its own
    for request, answer in list(zip(asked, adapter(name, score_options="true").predict(asked), strict=True))[::2]:
        if not request.options:
            assert answer.option_scores is None
            assert answer.option_scores_per_token is None
            continue
        tokens = [tokenise(option if alone else f" {option}")["input_ids"] for option in request.options]
        expected = [brute_force(plain(name), request, known) for known in tokens]
        assert answer.option_scores == pytest.approx(expected, abs=1e-3)
        means = [score / len(known) for score, known in zip(expected, tokens, strict=True)]
        assert answer.option_scores_per_token == pytest.approx(means, abs=1e-3)


def test_a_model_that_shows_nothing_shares_and_scores_nothing(folder, adapter, asked, monkeypatch, caplog):
    expected = texts(adapter("llava").predict(asked))
    hidden, scorer = (ImageText(str(folder("llava")), device="cpu", score_options=score) for score in ("false", "true"))
    monkeypatch.setattr(generation, "decoder_of", lambda _: torch.nn.Identity())
    assert texts(hidden.predict(asked)) == expected
    (told,) = warnings_of(caplog)
    assert "its way of generating does not show what it makes of a prompt" in told
    with pytest.raises(InputError, match="so that options cannot be scored"):
        scorer.predict(asked)


def test_without_score_options_there_are_none(adapter, asked):
    assert all(answer.option_scores is None for answer in adapter("llava").predict(asked))


@pytest.mark.parametrize("name", FALLEN_BACK)
def test_where_sharing_would_be_wrong_it_is_given_up_once(folder, asked, name, caplog):
    sharing = ImageText(str(folder(name)), device="cpu")
    for _ in range(2):
        sharing.predict(asked)
    (told,) = warnings_of(caplog)
    assert "a picture is read anew for each wording from here on: " in told
    assert {"gemma3-short": "SlidingWindowLayer", "paligemma": "of the logits' spread"}[name] in told


def test_a_window_that_padding_would_fill_is_not_shared(tmp_path, plain, asked, caplog):
    folder = tiny_models.make_gemma3(tmp_path / "gemma3", sliding_window=40)
    found = ImageText(str(folder), device="cpu").predict(asked)
    assert found == ImageText(str(folder), device="cpu", share_image="false").predict(asked)
    (told,) = warnings_of(caplog)
    assert "it sees 40 tokens back, and there are" in told


def test_a_prefix_that_is_wrong_is_noticed(folder, adapter, asked, monkeypatch, caplog):
    """As that of a model where the picture sees the text behind it."""
    read = prompt_reader.read_prefixes

    def read_badly(*arguments):
        prefixes = read(*arguments)
        prefixes[0].cache.layers[1].values.mul_(1.1)
        return prefixes

    monkeypatch.setattr(prompt_reader, "read_prefixes", read_badly)
    expected = adapter("llava", share_image="false").predict(asked)
    assert ImageText(str(folder("llava")), device="cpu").predict(asked) == expected
    (told,) = warnings_of(caplog)
    assert "it would change what follows" in told


def test_a_tower_that_is_wrong_is_noticed(folder, adapter, asked, monkeypatch, caplog):
    monkeypatch.setattr(shared_tower, "_rows", lambda value, count, rows: value.roll(1, 0) if len(value) > 3 else value)
    expected = adapter("blip2-opt", share_image="false").predict(asked)
    assert ImageText(str(folder("blip2-opt")), device="cpu").predict(asked) == expected
    assert len(warnings_of(caplog)) == 1


def test_any_failure_of_sharing_is_told_but_a_lack_of_memory(folder, adapter, asked, monkeypatch, caplog):
    def fail(*_):
        raise failure

    monkeypatch.setattr(prompt_reader, "read_prefixes", fail)
    sharing = ImageText(str(folder("llava")), device="cpu")
    failure = torch.OutOfMemoryError("CUDA out of memory")
    with pytest.raises(torch.OutOfMemoryError):
        sharing.predict(asked)
    assert warnings_of(caplog) == []
    failure = IndexError("no such layer")
    assert sharing.predict(asked) == adapter("llava", share_image="false").predict(asked)
    (told,) = warnings_of(caplog)
    assert told.endswith("no such layer")


@pytest.fixture
def seen(monkeypatch):
    """Count the rows that pass through parts of an adapter's model, and the pictures that are processed."""
    counts = {"processed": 0, "tower": 0}

    def count_rows(part, arguments):
        counts["tower"] += len(arguments[0]) if isinstance(part, torch.nn.Conv2d) else 0

    def count_grids(_, __, named):
        counts["tower"] += len(named.get("grid_thw", ()))

    def start(adapter):
        processor = adapter._reader.processor.image_processor
        process = processor._whole._preprocess_image_like_inputs

        def counting(images, *arguments, **settings):
            counts["processed"] += len(images)
            return process(images, *arguments, **settings)

        monkeypatch.setattr(processor._whole, "_preprocess_image_like_inputs", counting)
        tower = adapter._reader.model.get_encoder(modality="image")
        tower.register_forward_pre_hook(count_grids, with_kwargs=True)
        first = next(part for part in tower.modules() if isinstance(part, torch.nn.Conv2d | torch.nn.Conv3d))
        first.register_forward_pre_hook(count_rows)
        return counts

    return start


@pytest.mark.parametrize("name", ["llava", "qwen2-vl", "blip2-opt", "blip2-t5", "instructblip"])
def test_each_picture_is_processed_and_seen_once(folder, pictures, asked, name, seen):
    sharing = ImageText(str(folder(name)), device="cpu")
    sharing.predict(asked)
    counts = seen(sharing)
    sharing.predict(asked)
    assert counts == {"processed": len(pictures), "tower": len(pictures)}


@pytest.mark.parametrize("name", ["llava", "qwen2-vl"])
def test_the_prefix_of_each_picture_is_read_once(folder, pictures, asked, name):
    """Pictures of one size together, those of different sizes apart."""
    sharing = ImageText(str(folder(name)), device="cpu")
    sharing.predict(asked)
    shapes = []
    sharing._reader.model.register_forward_pre_hook(
        lambda _, __, named: shapes.append(tuple(named["input_ids"].shape)), with_kwargs=True
    )
    sharing.predict(asked)
    first = shapes.index((len(asked), shapes[-5][1]))
    assert [rows for rows, _ in shapes[:first]] == {"llava": [3], "qwen2-vl": [1, 1, 1]}[name]
    assert min(length for _, length in shapes[:first]) > 16
    assert shapes[first][1] < 100
    assert shapes[first + 1 :] == [(len(asked), 1)] * 4


def test_prompts_without_pictures_and_with_other_limits_may_be_mixed(adapter, plain, asked):
    mixed = [
        msgspec.structs.replace(request, image=request.image if number % 3 else None, max_new_tokens=3 + number % 2)
        for number, request in enumerate(asked)
    ]
    for name in ("llava-plain", "qwen2-vl"):
        assert texts(adapter(name).predict(mixed)) == [plain_answer(plain(name), request) for request in mixed]
        assert adapter(name)._reader._share is not None


@pytest.mark.parametrize("name", BLIND)
def test_models_that_need_a_picture_say_so(adapter, asked, name):
    with pytest.raises(InputError, match=r"answers nothing without a picture .*--tasks multimodal"):
        adapter(name).predict([msgspec.structs.replace(asked[0], image=None)])


def test_a_system_prompt_and_the_place_of_the_picture(adapter, asked, caplog):
    after = adapter("llava", image_position="after", system="Be brief.")
    text = after._chat.text("what?", with_picture=True)
    assert text == "SYSTEM: Be brief. USER: what?<image>\n ASSISTANT:"
    assert after.decoding["system"] == "Be brief."
    assert after.decoding["image_position"] == "after"
    apart = adapter("llava", image_position="after", system="Be brief.", share_image="false")
    assert texts(after.predict(asked)) == texts(apart.predict(asked))
    assert texts(after.predict(asked)) != texts(adapter("llava").predict(asked))
    (told,) = warnings_of(caplog)
    assert "the prompts about a picture differ before it ends" in told


def test_a_system_prompt_is_shared_as_well(adapter, asked):
    shared = adapter("qwen2-vl", system="You see well.")
    assert texts(shared.predict(asked)) == texts(
        adapter("qwen2-vl", system="You see well.", share_image="false").predict(asked)
    )
    assert shared._reader.shares_rightly


def copied(folder, to, name, **changes):
    """Copy a model's folder with changes to one of its files of settings."""
    to.mkdir()
    for file in folder.iterdir():
        (to / file.name).write_bytes(file.read_bytes())
    settings = json.loads((to / name).read_text()) | changes
    (to / name).write_text(json.dumps(settings))
    return to


@pytest.mark.parametrize("name", ["llava", "qwen2-vl"])
def test_what_a_checkpoint_says_of_generation(folder, asked, tmp_path, name, caplog):
    """Sampling is not done; penalties apply, and find nothing in padding, whose token may be the end."""
    changes = {
        "do_sample": True,
        "temperature": 0.01,
        "top_k": 1,
        "top_p": 0.001,
        "max_length": 20,
        "repetition_penalty": 1.8,
        "pad_token_id": 2,
        "cache_implementation": "static",
    }
    changed = str(copied(folder(name), tmp_path / "changed", "generation_config.json", **changes))
    shared, apart = (ImageText(changed, device="cpu", share_image=share) for share in ("true", "false"))
    answers = shared.predict(asked)
    assert answers == apart.predict(asked) == [apart.predict([request])[0] for request in asked]
    assert texts(answers) != texts(ImageText(str(folder(name)), device="cpu").predict(asked))
    assert shared._reader.shares_rightly
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_a_ban_of_repetitions_is_not_shared(folder, asked, tmp_path, caplog):
    changed = str(copied(folder("llava"), tmp_path / "changed", "generation_config.json", no_repeat_ngram_size=2))
    shared, apart = (ImageText(changed, device="cpu", share_image=share) for share in ("true", "false"))
    assert shared.predict(asked) == apart.predict(asked)
    (told,) = warnings_of(caplog)
    assert "no_repeat_ngram_size" in told


def test_the_beginning_is_not_doubled(adapter, asked):
    gemma = adapter("gemma3")
    tokens = gemma._reader.inputs(gemma._prompts(asked[:1]))["input_ids"][0].tolist()
    assert tokens.count(1) == 1


@pytest.mark.parametrize("name", ["llava", "blip2-t5"])
def test_numbers_of_fewer_bits(folder, asked, name, caplog):
    rounded = ImageText(str(folder(name)), device="cpu", dtype="bf16", score_options="true")
    assert rounded.decoding["dtype"] == "bfloat16"
    assert len(rounded.predict(asked)) == len(asked)
    assert rounded._reader.shares_rightly
    assert warnings_of(caplog) == []


def test_an_adapter_says_what_its_answers_depend_on(folder, adapter):
    assert adapter("llava").model_name == "llava"
    assert adapter("llava").decoding == {
        "beams": 1,
        "dtype": "float32",
        "system": "",
        "image_position": "before",
        "score_options": False,
    }
    assert adapter("llava", share_image="false").decoding == adapter("llava").decoding
    assert sight(adapter("llava")) == "opens"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"image_position": "left"}, "image_position=left is not one of before, after"),
        ({"beams": "0"}, "beams=0 is not a whole number of at least 1"),
        ({"share_image": "perhaps"}, "share_image=perhaps is neither true nor false"),
        ({"score_options": "x"}, "neither true nor false"),
        ({"trust_remote_code": "x"}, "neither true nor false"),
        ({"dtype": "int4"}, "dtype=int4 is not one of auto, fp32, bf16, fp16"),
        ({"imagesize": "3"}, "unknown argument 'imagesize'; there are pretrained, .*share_image.*load_in_4bit"),
        ({"bnb_4bit_quant_type": "nf4"}, "nothing without load_in_4bit=true"),
        ({"load_in_4bit": "perhaps"}, "quantisation: load_in_4bit must be a boolean"),
    ],
)
def test_faulty_arguments_are_told(folder, arguments, words):
    with pytest.raises(ValueError, match=words):
        ImageText(str(folder("llava")), **arguments)
    with pytest.raises(InputError, match="--model image-text: "):
        create_adapter("image-text", {"pretrained": str(folder("llava")), **arguments})


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_device_that_is_not_there_is_told(folder):
    with pytest.raises(InputError, match="no device 'cuda' here"):
        ImageText(str(folder("llava")), device="cuda")


def test_quantisation_reaches_transformers(folder, monkeypatch):
    seen, load = {}, transformers.AutoModelForImageTextToText.from_pretrained

    def from_pretrained(name, **settings):
        seen.update(settings)
        return load(name, **settings | {"quantization_config": None})

    monkeypatch.setattr(transformers.AutoModelForImageTextToText, "from_pretrained", from_pretrained)
    arguments = {"load_in_4bit": "true", "bnb_4bit_quant_type": "nf4"}
    assert arguments.items() <= ImageText(str(folder("llava")), device="cpu", **arguments).decoding.items()
    assert seen["quantization_config"].bnb_4bit_quant_type == "nf4"
    assert seen["device_map"] == "cpu"
    assert seen["trust_remote_code"] is False


@pytest.mark.skipif(transformers.utils.is_bitsandbytes_available(), reason="bitsandbytes is installed")
def test_quantisation_without_its_package_is_told(folder):
    with pytest.raises(InputError, match="bitsandbytes"):
        ImageText(str(folder("llava")), load_in_4bit="true")


def test_an_absent_model_is_told(tmp_path):
    with pytest.raises(InputError, match="nowhere"):
        ImageText(str(tmp_path / "nowhere"))


def test_a_model_of_texts_alone_is_told(tmp_path):
    tokenizer = tiny_models.make_tokenizer()
    tokenizer.save_pretrained(tmp_path)
    transformers.LlamaConfig(**tiny_models.text_settings(tokenizer)).save_pretrained(tmp_path)
    with pytest.raises(InputError, match="has no image_processor"):
        ImageText(str(tmp_path))


def test_a_system_prompt_without_a_role_is_told(folder):
    with pytest.raises(InputError, match=r"no chat template.*leave system out"):
        ImageText(str(folder("blip2-opt")), system="Be brief.")


def test_an_unreadable_picture_is_told(adapter, asked, tmp_path):
    (tmp_path / "no.png").write_bytes(b"no")
    with pytest.raises(InputError, match="no readable image"):
        adapter("llava").predict([msgspec.structs.replace(asked[0], image=str(tmp_path / "no.png"))])


def test_a_run_answers_and_scores(folder, tmp_path):
    arguments = f"pretrained={folder('qwen2-vl')},score_options=true"
    run = ["run", "--model", "image-text", "--model-args", arguments, "--device", "cpu", "--dtype", "fp32"]
    mibench(*run, "--tasks", "nlvr", "--limit", "2", "--batch-size", "8", "--output", tmp_path / "out")
    lines = (tmp_path / "out" / "predictions" / "nlvr.jsonl").read_text().splitlines()
    assert [json.loads(line)["instruction"] for line in lines] == [1, 2, 3, 4, 5] * 2
