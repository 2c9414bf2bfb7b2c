"""A small model on made-up rows, which a test or a process that it starts trains in a moment."""

import sys
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional

from mibench.tuning.loop import LoopSettings, Loss, train

SETTINGS = {"steps": 12, "learning_rate": 0.02, "warmup_steps": 3, "micro_batch": 2, "checkpoint_every": 4}


class Rows:
    """Ten rows a step; a row is numbers, an answer, and how often it counts."""

    def rows(self, step):
        generator = torch.Generator().manual_seed(step)
        return [(torch.randn(6, generator=generator), i % 3, 1 + (step + i) % 4) for i in range(10)]


def objective(model, rows, device):
    inputs = torch.stack([row[0] for row in rows]).to(device)
    logits = model(inputs)
    labels = torch.tensor([row[1] for row in rows], device=device)
    counts = torch.tensor([row[2] for row in rows], device=device)
    total = (functional.cross_entropy(logits.float(), labels, reduction="none") * counts).sum()
    return Loss(total, int(counts.sum()), {"right": ((logits.argmax(1) == labels) * counts).sum()})


def toy(dropout=0.3):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(6, 16), nn.GELU(), nn.Dropout(dropout), nn.Linear(16, 3))
    model.unused = nn.Parameter(torch.ones(2))
    return model


def run(output, *, dropout=0.3, source=None, watch=None, evaluate=None, evaluate_every=0, **changes):
    model = toy(dropout)
    settings = LoopSettings(**({**SETTINGS, "log_every": 1} | changes))
    train(
        model,
        source or Rows(),
        objective,
        settings,
        Path(output),
        watch=watch,
        evaluate=evaluate,
        evaluate_every=evaluate_every,
    )
    return model


if __name__ == "__main__":
    run(sys.argv[1], dropout=0.0)
