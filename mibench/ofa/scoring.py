"""Answers out of given options: the log-probability of each, or generation that can give nothing else."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from mibench.errors import InputError
from mibench.ofa.modeling import OFAForConditionalGeneration

LOGITS_TOGETHER = 2**26
"""Numbers of the vocabulary's scores that are held at once."""

Tokens = Sequence[int]


@torch.no_grad()
def score_options(
    model: OFAForConditionalGeneration, inputs: Mapping[str, Any], options: Sequence[Sequence[Tokens]]
) -> list[list[float]]:
    """Return the log-probability of each option as the whole answer to its prompt.

    Prompts are encoded once, and the options of a prompt share what was encoded. The end token counts as part of an
    option, and is appended where it is missing. Sums of log-probabilities favour short options; divide by the number of
    tokens for a mean.

    Args:
        model: in evaluation mode.
        inputs: what the model's `forward` takes for the prompts: `input_ids`, `pixel_values` and so on, or
            `encoder_outputs` where they are encoded already.
        options: token ids of each option of each prompt, without start token. Prompts may have different numbers of
            options, but those of a batch cost as much as the most.

    Raises:
        InputError: there are not as many lists of options as prompts, or a list is empty.

    """
    encoded = inputs["encoder_outputs"] if "encoder_outputs" in inputs else model.encoder(**inputs)
    prompts = len(encoded.last_hidden_state)
    if len(options) != prompts or not all(options):
        raise InputError(f"options for {sum(map(bool, options))} of {prompts} prompts", remedy="one list for each")
    end = model.config.eos_token_id
    most = max(map(len, options))
    ended = [[ended_option(option, end) for option in known] for known in options]
    rows = [option for known in ended for option in [*known, *[[end]] * (most - len(known))]]
    longest = max(map(len, rows))
    targets = torch.tensor([row + [-100] * (longest - len(row)) for row in rows], device=model.device)
    states = model.decoder(model.prepare_decoder_input_ids_from_labels(targets), encoded, model.encoder)
    scores = _log_probabilities(model, states.last_hidden_state, targets).view(prompts, most).tolist()
    return [known[: len(given)] for known, given in zip(scores, options, strict=True)]


def ended_option(option: Tokens, end: int) -> list[int]:
    """Return an option with the end token as its last."""
    tokens = [int(token) for token in option]
    return tokens if tokens[-1:] == [end] else [*tokens, end]


def _log_probabilities(model: OFAForConditionalGeneration, states: Tensor, targets: Tensor) -> Tensor:
    """Return the sum over each row of the log-probabilities of its targets [R, T] after states [R, T, D], [R]."""
    real = targets != -100
    together = max(1, LOGITS_TOGETHER // model.config.vocab_size)
    found = []
    for part, wanted in zip(torch.split(states[real], together), torch.split(targets[real], together), strict=True):
        logits = model.decoder.output_projection(part).float()
        found.append(logits.gather(1, wanted[:, None])[:, 0] - logits.logsumexp(dim=1))
    each = torch.zeros(targets.shape, device=states.device)
    each[real] = torch.cat(found)
    return each.double().sum(dim=1)


class OptionTrie:
    """The options of one prompt as a tree of tokens; a `prefix_allowed_tokens_fn` that lets through nothing else.

    Args:
        options: token ids of each option, without start token; the end token is appended where it is missing.
        end: the end token.

    Raises:
        InputError: there is no option.

    """

    def __init__(self, options: Iterable[Tokens], end: int = 2) -> None:
        self.end = end
        self._root: dict[int, Any] = {}
        for option in options:
            node = self._root
            for token in ended_option(option, end):
                node = node.setdefault(token, {})
        if not self._root:
            raise InputError("no options to choose from")

    def allowed(self, prefix: Iterable[int]) -> list[int]:
        """Return the tokens that may follow the start of an answer, without start token; the end where none may."""
        node = self._root
        for token in prefix:
            node = node.get(token, {})
        return list(node) or [self.end]

    def __call__(self, row: int, answer: Tensor) -> list[int]:
        """Return the tokens that may follow an answer of any row, start token included, [Q]."""
        del row
        return self.allowed(answer[1:].tolist())


class OptionTries:
    """As `OptionTrie`, with options of its own for each row of a batch."""

    def __init__(self, options: Iterable[Iterable[Tokens]], end: int = 2) -> None:
        self.tries = [OptionTrie(known, end) for known in options]

    def __call__(self, row: int, answer: Tensor) -> list[int]:
        """Return the tokens that may follow an answer of a row, start token included, [Q]."""
        return self.tries[row](row, answer)
