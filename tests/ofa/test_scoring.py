import itertools

import pytest
import torch

from mibench.errors import InputError
from mibench.ofa import OptionTrie, OptionTries, scoring
from mibench.ofa.scoring import score_options

OPTIONS = [[[5, 6], [7], [8, 9, 10]], [[5], [5, 6, 2]], [[11, 12, 13, 14]], [[7, 2], [8, 2]]]


@pytest.fixture(scope="module")
def model(small):
    return small(seed=1)


@pytest.fixture
def inputs():
    generator = torch.Generator().manual_seed(0)
    texts = torch.randint(4, 90, (4, 6), generator=generator)
    texts[2, 3:] = 1
    return {
        "input_ids": texts,
        "pixel_values": torch.randn(2, 3, 32, 48, generator=generator),
        "image_index": torch.tensor([0, 0, 1, -1]),
    }


def test_beside_teacher_forcing(model, inputs, monkeypatch):
    monkeypatch.setattr(scoring, "LOGITS_TOGETHER", 7 * 90)
    encoded = []
    encode = model.encoder.forward
    monkeypatch.setattr(model.encoder, "forward", lambda *a, **k: encoded.append(1) or encode(*a, **k))
    found = score_options(model, inputs, OPTIONS)
    assert len(encoded) == 1
    assert [len(scores) for scores in found] == [3, 2, 1, 2]
    for row, options in enumerate(OPTIONS):
        alone = {name: value[row : row + 1] for name, value in inputs.items() if name != "pixel_values"}
        for place, option in enumerate(options):
            answer = option if option[-1] == 2 else [*option, 2]
            with torch.no_grad():
                output = model(**alone, pixel_values=inputs["pixel_values"], labels=torch.tensor([answer]))
            assert found[row][place] == pytest.approx(-output.loss.item() * len(answer), abs=1e-4)


def test_all_answers_together_are_certain(small, inputs):
    model = small(vocab_size=14, seed=2)
    inputs["input_ids"] = inputs["input_ids"].clamp(max=13)
    others = [token for token in range(14) if token != 2]
    endings = [[]] + [[token] for token in others]
    short = [[[2]] + [[*ending, 2] for ending in endings[1:]]] * 4
    scores = torch.tensor(score_options(model, inputs, short)).exp().sum(dim=1)
    with torch.no_grad():
        starts = torch.tensor([[0, token] for token in others])
        for row in range(4):
            alone = {name: value[row : row + 1] for name, value in inputs.items() if name != "pixel_values"}
            encoded = model.encoder(**alone, pixel_values=inputs["pixel_values"])
            steps = model(encoder_outputs=encoded, decoder_input_ids=starts).logits.softmax(dim=-1)
            going_on = sum((steps[at, 0, token] * (1 - steps[at, 1, 2])).item() for at, token in enumerate(others))
            assert scores[row].item() + going_on == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("options", [OPTIONS[:3], [*OPTIONS[:3], []]])
def test_prompts_without_options(options, model, inputs):
    with pytest.raises(InputError, match="options for 3 of 4 prompts"):
        score_options(model, inputs, options)


def test_the_trie():
    trie = OptionTrie([[5, 6], [5, 7, 8], [9]])
    assert trie.allowed([]) == [5, 9]
    assert trie.allowed([5]) == [6, 7]
    assert trie.allowed([5, 6]) == [2]
    assert trie.allowed([5, 6, 2]) == trie.allowed([5, 6, 2, 1]) == trie.allowed([4]) == [2]
    assert trie(3, torch.tensor([0, 5, 7])) == [8]
    answers = [
        prefix
        for length in range(4)
        for prefix in ((*inner, 2) for inner in itertools.product((5, 6, 7, 8, 9), repeat=length))
        if all(token in trie.allowed(prefix[:at]) for at, token in enumerate(prefix))
    ]
    assert answers == [(9, 2), (5, 6, 2), (5, 7, 8, 2)]
    with pytest.raises(InputError, match="no options"):
        OptionTrie([])


@pytest.mark.parametrize("beams", [1, 2, 6])
@pytest.mark.parametrize("longest", [5, 8])
def test_nothing_but_options_is_generated(beams, longest, model, inputs):
    found = model.generate(
        **inputs, num_beams=beams, max_new_tokens=longest, prefix_allowed_tokens_fn=OptionTries(OPTIONS)
    )
    for answer, options in zip(found.tolist(), OPTIONS, strict=True):
        ended = [option if option[-1] == 2 else [*option, 2] for option in options]
        assert [token for token in answer[1:] if token != 1] in ended


def test_the_most_likely_option_is_generated(model, inputs):
    found = model.generate(
        **inputs, num_beams=8, max_new_tokens=6, length_penalty=0.0, prefix_allowed_tokens_fn=OptionTries(OPTIONS)
    )
    for answer, options, scores in zip(found.tolist(), OPTIONS, score_options(model, inputs, OPTIONS), strict=True):
        best = options[max(range(len(options)), key=scores.__getitem__)]
        assert answer[1 : 1 + len(best)] == best
