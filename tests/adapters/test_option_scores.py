"""The tokens of options behind different ends of prompts; their scores in parts."""

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("transformers", reason="transformers is not installed")

from mibench.adapters import option_scores  # noqa: E402
from mibench.adapters.generation import first_step, make_deterministic  # noqa: E402
from mibench.adapters.option_scores import option_tokens, score_options  # noqa: E402
from mibench.errors import InputError  # noqa: E402
from tests.adapters import tiny_models  # noqa: E402


@pytest.fixture(scope="module")
def tokenizer():
    return tiny_models.make_tokenizer(["<|assistant|>"])


@pytest.mark.parametrize(
    ("end", "text"),
    [(":", " yes"), ("\n", "yes"), (" ", "yes"), ("<|assistant|>", "yes"), ("a", " yes")],
)
def test_an_option_goes_on_where_the_prompt_ends(tokenizer, end, text):
    (last,) = tokenizer(end, add_special_tokens=False)["input_ids"]
    tokens = option_tokens(tokenizer, "yes", last)
    assert tokenizer.decode(tokens) == text
    assert tokens == tokenizer(text, add_special_tokens=False)["input_ids"]


def test_an_option_alone_and_an_empty_one(tokenizer):
    assert tokenizer.decode(option_tokens(tokenizer, "yes", None)) == "yes"
    assert option_tokens(tokenizer, "", 5) == option_tokens(tokenizer, "", None) == []


@pytest.fixture(scope="module")
def llama():
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    model = LlamaForCausalLM(LlamaConfig(**tiny_models.text_settings(range(60)))).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(tiny_models.NOISE * torch.randn_like(parameter))
    make_deterministic(model, padding=0)
    return model


PROMPTS = torch.tensor([[0, 0, 11, 12], [21, 22, 23, 24], [0, 31, 32, 33]])
OPTIONS = [[[5], [6, 7, 8], []], [], [[9, 10], [5]]]


@torch.no_grad()
def brute_force(model, prompt, option):
    if not option:
        return 0.0
    logits = model(input_ids=torch.tensor([[*prompt, *option]])).logits[0].double().log_softmax(dim=-1)
    return sum(logits[len(prompt) + place - 1, token].item() for place, token in enumerate(option))


@pytest.mark.parametrize("together", [1, 2, 16])
def test_scores_are_those_of_brute_force_in_any_parts(llama, monkeypatch, together):
    monkeypatch.setattr(option_scores, "LOGITS_TOGETHER", together * 3 * 60)
    with torch.no_grad():
        step = first_step(llama, {"input_ids": PROMPTS, "attention_mask": (PROMPTS > 0).long()})
        scores = score_options(step, OPTIONS)
        again = score_options(step, OPTIONS)
    prompts = [[token for token in prompt if token] for prompt in PROMPTS.tolist()]
    for prompt, options, found in zip(prompts, OPTIONS, scores, strict=True):
        assert found == pytest.approx([brute_force(llama, prompt, option) for option in options], abs=1e-4)
    assert again == scores
    assert score_options(step, [[], [], []]) == [[], [], []]


def test_a_model_with_masks_of_its_own_is_told(llama):
    import dataclasses

    with torch.no_grad():
        step = first_step(llama, {"input_ids": PROMPTS[1:2]})
        given = {**step.given, "cross_attention_mask": torch.ones(1, 4, 1)}
        with pytest.raises(InputError, match=r"'cross_attention_mask'.*score_options=false"):
            score_options(dataclasses.replace(step, given=given), [[[5, 6]]])
