"""Where a small random OFA looks."""

import msgspec
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("transformers", reason="transformers is not installed")

from mibench.adapters.ofa import OFA  # noqa: E402
from mibench.analysis.asking import analyse, questions  # noqa: E402
from mibench.analysis.attention import AttentiveOFA, Question  # noqa: E402
from mibench.analysis.regions import FIELDS, IMAGE, INSTRUCTION, OPTIONS, OTHER, REGIONS  # noqa: E402
from mibench.cards import load_cards  # noqa: E402
from mibench.data.mini import prepare_mini  # noqa: E402
from mibench.errors import InputError  # noqa: E402
from mibench.ofa.decoder import OFADecoder  # noqa: E402
from mibench.ofa.tokenizer import clean_text  # noqa: E402
from mibench.prompts import Piece  # noqa: E402
from tests.analysis.small_models import make_model  # noqa: E402
from tests.builders import request  # noqa: E402

TASKS = (
    "nlvr",
    "grounded_vqa",
    "commonsense_vqa",
    "task033_winogrande_answer_generation",
    "task121_zest_text_modification",
)


@pytest.fixture(scope="module")
def data():
    return prepare_mini([load_cards()[task] for task in TASKS])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_model(tmp_path_factory.mktemp("models") / "small")


@pytest.fixture(scope="module")
def model(folder):
    return AttentiveOFA(folder, "cpu")


def asked(data, task, limit=2):
    return list(questions(load_cards()[task], data, limit))


@pytest.mark.parametrize("task", TASKS)
def test_shares_sum_to_one(model, data, task):
    for look in model.looks(asked(data, task)):
        layers, steps, regions = look.shares.shape
        assert (layers, regions) == (2, len(REGIONS))
        assert 1 <= steps <= look.question.request.max_new_tokens
        assert look.shares.sum(axis=2) == pytest.approx(np.ones((layers, steps)), abs=1e-5)
        assert look.positions.sum() == pytest.approx(1, abs=1e-5)
        assert look.even.sum() == pytest.approx(1)
        present = {*look.read.regions, OTHER} | ({IMAGE} if look.question.request.image else set())
        assert {region for region in range(len(REGIONS)) if look.shares[..., region].max() > 0} == present
        assert {region for region in range(len(REGIONS)) if look.even[region] > 0} == present


@pytest.mark.parametrize("wording", range(5))
def test_one_row_by_brute_force(folder, model, data, wording):
    """Step by step, without batch, and with regions found by searching the cleaned texts in what the tokens say."""
    question = asked(data, "nlvr", 1)[wording]
    (look,) = model.looks([question])
    plain, whole = OFA(str(folder), beams="1", device="cpu"), question.request
    assert [look.answer] == [answer.text for answer in plain.predict([whole])]

    text = clean_text(whole.prompt)
    field = clean_text(next(piece.text for piece in question.pieces if piece.field == "text"))
    begin, options = text.index(field), text.index("[options]: ")
    processor, network = plain._processor, plain._model
    tokens = processor.tokenizer(text)["input_ids"]
    regions, read = [], ""
    for token in tokens[1:-1]:
        piece = processor.tokenizer.decode([*tokens[:1], token])[len("<s>") :]
        first = len(read) + len(piece) - len(piece.lstrip()) - len(" ")
        regions.append(FIELDS if begin <= first < begin + len(field) else OPTIONS if first >= options else INSTRUCTION)
        read = processor.tokenizer.decode(tokens[: len(regions) + 1])[len("<s>") :]

    inputs = processor(images=[whole.image], text=[text])
    patches = (64 // 16) ** 2
    expected = np.zeros_like(look.shares)
    answer = network.generate(**inputs, num_beams=1, do_sample=False, no_repeat_ngram_size=3, max_new_tokens=8)[0]
    for step in range(look.shares.shape[1]):
        with torch.no_grad():
            output = network(**inputs, decoder_input_ids=answer[None, : step + 1], output_attentions=True)
        for layer, weights in enumerate(output.cross_attentions):
            for head in range(4):
                for place, weight in enumerate(weights[0, head, -1].tolist()):
                    token = place - patches
                    inside = 0 < token < len(tokens) - 1
                    region = IMAGE if token < 0 else regions[token - 1] if inside else OTHER
                    expected[layer, step, region] += weight / 4
    assert look.shares == pytest.approx(expected, abs=1e-5)
    assert {INSTRUCTION, FIELDS, OPTIONS} == {*look.read.regions} == {*regions}


def test_forced_attention_falls_where_it_is_forced(model, data, monkeypatch):
    question = asked(data, "nlvr", 1)[0]
    (look,) = model.looks([question])
    patches = look.grid[0] * look.grid[1]
    first_of = {region: patches + 1 + look.read.regions.index(region) for region in (INSTRUCTION, FIELDS, OPTIONS)}
    original = OFADecoder._cross_bias
    for region, place in {**first_of, IMAGE: 3, OTHER: patches}.items():

        def forced(self, *args, place=place):
            bias = original(self, *args).clone()
            bias[..., place] += 1e4
            return bias

        monkeypatch.setattr(OFADecoder, "_cross_bias", forced)
        (look,) = model.looks([question])
        assert look.shares == pytest.approx(np.broadcast_to(np.eye(len(REGIONS))[region], look.shares.shape))
        assert look.positions.argmax() == place


@pytest.mark.parametrize("task", TASKS)
def test_the_regions_hold_the_words_of_their_pieces(model, data, task):
    """Token by token, what stands in the regions is the pieces again; a token across two pieces is the first's."""
    for question in asked(data, task, 1):
        prompt = model._prompt(0, question.request, {question.request.image: _Picture()})
        read = model._read(question, prompt)
        ends = [*read.starts[1:], len(read.text)]
        for region, chosen in ((INSTRUCTION, ""), (OPTIONS, "options")):
            found = [
                read.text[start:end]
                for start, end, own in zip(read.starts, ends, read.regions, strict=True)
                if own == region
            ]
            pieces = [clean_text(piece.text) for piece in question.pieces if piece.field == chosen]
            if task == "grounded_vqa" and region == OPTIONS:
                assert "".join(found).count("<bin_") == 4 * len(question.request.options)
                continue
            said, whole = (words(" ".join(parts)) for parts in ("".join(found).split(), pieces))
            assert said == whole


class _Picture:
    size = (200, 100)


def words(text):
    return "".join(letter for letter in text if letter.isalnum())


def test_a_prompt_that_is_cut_keeps_its_regions(model):
    cut = "person w is here 10. " * 300
    pieces = [Piece("Where? "), Piece(cut, "regions"), Piece(" Which?"), Piece("[Options]: a||b", "options")]
    whole = "".join(piece.text for piece in pieces)
    asked = request(prompt=whole, cut=cut, max_new_tokens=2)
    (look,) = model.looks([Question(asked, pieces, "g")])
    starts = dict(zip(look.read.starts, look.read.regions, strict=True))
    assert len(look.positions) <= 1024 < len(whole) / 4
    assert starts[0] == INSTRUCTION
    assert starts[look.read.text.index("person")] == FIELDS
    assert starts[look.read.text.index("which")] == INSTRUCTION
    assert starts[look.read.text.index("[options]")] == OPTIONS


def test_the_batch_changes_nothing(model, data):
    cards = [load_cards()[task] for task in TASKS[1:4]]
    (whole, examples), *others = (analyse({"m": model}, cards, data, limit=2, batch=size) for size in (16, 1, 7))
    for other, shown in others:
        assert numbers(other) == pytest.approx(numbers(whole), abs=1e-4)
        assert [[one.looks[0].answer for one in kept] for kept in shown.values()] == [
            [one.looks[0].answer for one in kept] for kept in examples.values()
        ]


def numbers(report):
    """Return every number of a report, in order."""

    def walk(value):
        if isinstance(value, dict | list):
            for part in value.values() if isinstance(value, dict) else value:
                yield from walk(part)
        elif isinstance(value, int | float):
            yield value

    return list(walk(msgspec.to_builtins(report)))


@pytest.mark.parametrize("task", TASKS)
def test_other_settings_are_those_of_the_adapter(folder, data, task):
    settings = {"boxes": "all", "constrain": "true", "no_repeat_ngram": "0"}
    plain = OFA(str(folder), beams="1", device="cpu", **settings)
    found = list(AttentiveOFA(folder, "cpu", **settings).looks(asked(data, task, 1)))
    answers = plain.predict([look.question.request for look in found])
    assert [look.answer for look in found] == [answer.text for answer in answers]
    if task == "commonsense_vqa":
        bins = found[0].read.text.index("<bin_")
        assert found[0].read.regions[found[0].read.starts.index(bins)] == FIELDS


def test_models_of_two_sizes_do_not_compare(model, data, tmp_path):
    deeper = AttentiveOFA(make_model(tmp_path / "deeper", decoder_layers=3), "cpu")
    with pytest.raises(InputError, match="small has 2 and deeper has 3"):
        analyse({"small": model, "deeper": deeper}, [load_cards()["nlvr"]], data)
