"""The log-probability of each option as what a model writes after its prompt."""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from mibench.adapters.generation import FirstStep

LOGITS_TOGETHER = 2**26
"""Numbers of the vocabulary's scores that are held at once."""
ROWS_TOGETHER = 16
"""Options that are scored at once even where there are fewer prompts; each holds what the model made of its prompt."""

Tokens = Sequence[int]


def option_tokens(tokenizer: Any, option: str, last_token: int | None) -> list[int]:
    """Return the tokens of an option as the beginning of an answer, without any end.

    After a prompt that ends in white space or in a special token, as chat templates do, it is the option as it is;
    after any other, a space and the option. For a decoder that begins anew it is the option as a text of its own.

    Args:
        tokenizer: of the model.
        option: its text.
        last_token: the last of the prompt; None for a decoder that begins anew.

    """
    if not option:
        return []
    if last_token is None:
        return _tokenise(tokenizer, option)
    before = tokenizer.decode([last_token], skip_special_tokens=False)
    apart = last_token in tokenizer.all_special_ids or before[-1:].isspace()
    text = option if apart else f" {option}"
    start, whole = _tokenise(tokenizer, before), _tokenise(tokenizer, before + text)
    return whole[len(start) :] if whole[: len(start)] == start else _tokenise(tokenizer, text)


def _tokenise(tokenizer: Any, text: str) -> list[int]:
    tokens: list[int] = tokenizer(text, add_special_tokens=False)["input_ids"]
    return tokens


def score_options(step: FirstStep, options: Sequence[Sequence[Tokens]]) -> list[list[float]]:
    """Return the log-probability of each option of each prompt, the sum over its tokens; 0 for an empty one.

    The prompts are not read again.

    Args:
        step: when the model has read the prompts.
        options: tokens of each option of each prompt; a prompt may have none.

    """
    rows = step.rows
    pairs = [(int(rows[place]), list(option)) for place, known in enumerate(options) for option in known]
    together = max(len(options), ROWS_TOGETHER)
    if pairs:
        longest = max(len(option) for _, option in pairs)
        together = max(1, min(together, LOGITS_TOGETHER // (max(1, longest) * step.logits.shape[-1])))
    scores = iter(
        [score for first in range(0, len(pairs), together) for score in _scores(step, pairs[first : first + together])]
    )
    return [[next(scores) for _ in known] for known in options]


def _scores(step: FirstStep, pairs: Sequence[tuple[int, list[int]]]) -> Iterator[float]:
    device, longest = step.logits.device, max(len(option) for _, option in pairs)
    rows = torch.tensor([row for row, _ in pairs], device=device)
    targets = torch.tensor([option + [-100] * (longest - len(option)) for _, option in pairs], device=device)
    if not longest:
        yield from [0.0] * len(pairs)
        return
    losses = _losses(step.logits[rows, None], targets[:, :1]).sum(dim=1)
    if longest > 1:
        logits = step.continued(rows, targets[:, :-1].clamp_min(0))
        losses += _losses(logits, targets[:, 1:]).sum(dim=1)
    yield from (-losses).tolist()


def _losses(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the negative log-probability of each target after logits [M, T, V], 0 for those of -100, [M, T]."""
    losses = cross_entropy(logits.flatten(0, 1).float(), targets.flatten(), reduction="none", ignore_index=-100)
    return losses.view(targets.shape).double()
