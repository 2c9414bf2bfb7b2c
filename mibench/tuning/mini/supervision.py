"""Supervised attention, in training only: where a prompt speaks of a place, some heads are told to look there.

Encoder, second layer: head 0 from the last token of each box, head 1 from that of each named thing, to the patches of
the place; third layer, where two are named: from each of the two to the other. Decoder, when it writes its first token:
a head of the first layer to the first of those last tokens and another to the second, and one of the last layer to the
patches that the answer is read from. The model's weights and its forward pass stay plain OFA.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from mibench.ofa import OFAForConditionalGeneration
from mibench.ofa.attention import OFAAttention
from mibench.tuning.mini.initial import supervised_heads
from mibench.tuning.mini.rows import Row

_LEAST = 1e-6


class Watched:
    """What the supervised attention modules read in the last forward pass."""

    def __init__(self) -> None:
        self.seen: dict[nn.Module, tuple[Tensor, Tensor, Tensor]] = {}


@contextmanager
def watching(model: OFAForConditionalGeneration) -> Iterator[Watched]:
    """Keep what the supervised heads read while the model runs."""
    watched = Watched()

    def keep(module: nn.Module, inputs: tuple[Any, ...], named: dict[str, Any]) -> None:
        states, bias = inputs
        source = named.get("source")
        watched.seen[module] = (states, states if source is None else source, bias)

    handles = [
        module.register_forward_pre_hook(keep, with_kwargs=True) for module in {m for m, _ in supervised_heads(model)}
    ]
    try:
        yield watched
    finally:
        for handle in handles:
            handle.remove()


def supervision_loss(model: OFAForConditionalGeneration, watched: Watched, rows: Sequence[Row], patches: int) -> Tensor:
    """Return the sum of -log of the attention that falls where it belongs, over all places that say where.

    Args:
        model: in training.
        watched: of a forward pass over these rows.
        rows: of the batch, in its order.
        patches: in front of the prompt's tokens among the encoder's states.

    """
    heads = supervised_heads(model)
    named = [[patches + mention.token for mention in row.mentions] for row in rows]
    pairs = [(place, tokens) for place, tokens in enumerate(named) if len(tokens) == 2]
    losses = []
    for head, is_box in ((heads.box, True), (heads.name, False)):
        seen = [
            (place, patches + mention.token, mention.patches)
            for place, row in enumerate(rows)
            for mention in row.mentions
            if mention.is_box == is_box
        ]
        losses.append(_mass(head, watched, seen))
    joined = [(place, tokens[one], (tokens[1 - one],)) for place, tokens in pairs for one in (0, 1)]
    losses.append(_mass(heads.pair, watched, joined))
    firsts = [(place, 0, (tokens[0],)) for place, tokens in enumerate(named) if tokens]
    losses.append(_mass(heads.first, watched, firsts))
    losses.append(_mass(heads.second, watched, [(place, 0, (tokens[1],)) for place, tokens in pairs]))
    read = [(place, 0, row.focus) for place, row in enumerate(rows) if row.focus]
    losses.append(_mass(heads.read, watched, read))
    return torch.stack(losses).sum()


def _mass(of: tuple[OFAAttention, int], watched: Watched, wanted: Sequence[tuple[int, int, tuple[int, ...]]]) -> Tensor:
    """Return the sum of -log of a head's attention from (row, query) to sets of keys."""
    attention, head = of
    states, source, bias = watched.seen[attention]
    if not wanted:
        return states.sum() * 0
    device = states.device
    rows = torch.tensor([row for row, _, _ in wanted], device=device)
    queries = torch.tensor([query for _, query, _ in wanted], device=device)
    part = slice(head * attention.head_width, (head + 1) * attention.head_width)
    asked = nn.functional.linear(states[rows, queries], attention.q_proj.weight[part], attention.q_proj.bias[part])
    keys = nn.functional.linear(source, attention.k_proj.weight[part], attention.k_proj.bias[part])[rows]
    shift = bias[rows if len(bias) > 1 else torch.zeros_like(rows), head, queries]
    scores = (asked[:, None].float() @ keys.float().transpose(1, 2))[:, 0] * attention.scaling + shift.float()
    right = torch.zeros_like(scores, dtype=torch.bool)
    for place, (_, _, there) in enumerate(wanted):
        right[place, list(there)] = True
    shares = scores.softmax(dim=-1).masked_fill(~right, 0).sum(dim=-1)
    loss: Tensor = -(shares.clamp(min=_LEAST).log()).sum()
    return loss
