"""Rows a second of two processes that train together, beside those of one with the same global batch.

An OFA of 6 + 6 layers, 256 wide, with random weights and no dropout, trains on made-up rows: 64 tokens, a picture of 96
pixels, an answer of 8 tokens. Each process has one thread; a third run gives both threads to one process, which is what
torch does by itself. Runs are taken in turns; a run's speed is the median over its steps but the first. The losses of
all must agree to 1e-5. The limit is 1.5 times as fast with two processes, and the script fails below it.
"""

import argparse
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

BATCH, MICRO_BATCH, STEPS, RUNS, LIMIT = 32, 8, 8, 5, 1.5
TOKENS, SIDE, ANSWER, VOCABULARY = 64, 96, 8, 2000
KINDS = {
    "one process, one thread": (1, 1),
    "one process, two threads": (1, 2),
    "two processes, one thread each": (2, 1),
}


class Numbers:
    """Global batches of row numbers."""

    def rows(self, step: int) -> list[int]:
        return list(range(step * BATCH, (step + 1) * BATCH))


def work(output: Path) -> None:
    """Train in this process, which others may share the work of."""
    import torch
    from torch import nn
    from torch.nn import functional

    from mibench.ofa import OFAConfig, OFAForConditionalGeneration
    from mibench.tuning.loop import LoopSettings, Loss, train
    from mibench.tuning.processes import Processes

    def objective(model: nn.Module, rows: list[int], device: torch.device) -> Loss:
        drawn = [torch.Generator().manual_seed(row) for row in rows]
        ids = torch.stack([torch.randint(4, VOCABULARY, (TOKENS,), generator=one) for one in drawn])
        labels = torch.stack([torch.randint(4, VOCABULARY, (ANSWER,), generator=one) for one in drawn])
        pixels = torch.stack([torch.randn(3, SIDE, SIDE, generator=one) for one in drawn])
        logits = model(input_ids=ids.to(device), pixel_values=pixels.to(device), labels=labels.to(device)).logits
        total = functional.cross_entropy(logits.flatten(0, 1), labels.to(device).flatten(), reduction="sum")
        return Loss(total, labels.numel())

    torch.manual_seed(0)
    config = OFAConfig(
        vocab_size=VOCABULARY,
        d_model=256,
        encoder_layers=6,
        decoder_layers=6,
        encoder_ffn_dim=1024,
        decoder_ffn_dim=1024,
        encoder_attention_heads=4,
        decoder_attention_heads=4,
        resnet_type="resnet18",
        dropout=0.0,
        attention_dropout=0.0,
        activation_dropout=0.0,
    )
    settings = LoopSettings(steps=STEPS, learning_rate=1e-4, micro_batch=MICRO_BATCH, log_every=1)
    train(OFAForConditionalGeneration(config), Numbers(), objective, settings, output)
    Processes.join().leave()


def start(output: Path, processes: int, threads: int) -> tuple[float, list[float]]:
    """Return rows a second, and the losses, of a run in processes of its own."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc_per_node={processes}"]
    command += [__file__, "--worker", str(output)]
    if processes == 1:
        command = [sys.executable, __file__, "--worker", str(output)]
    environment = os.environ | {"OMP_NUM_THREADS": str(threads)}
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    assert json.loads((output / "done.json").read_text())["processes"] == processes
    lines = [json.loads(line) for line in (output / "log.jsonl").read_text().splitlines()]
    ends = [line["seconds"] for line in lines]
    steps = [end - begin for begin, end in itertools.pairwise(ends)]
    return BATCH / statistics.median(steps), [line["loss"] for line in lines]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--worker", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker is not None:
        work(arguments.worker)
        return 0
    speeds: dict[str, list[float]] = {kind: [] for kind in KINDS}
    curves = []
    for _ in range(arguments.runs):
        for kind, (processes, threads) in KINDS.items():
            with tempfile.TemporaryDirectory() as folder:
                speed, losses = start(Path(folder) / "run", processes, threads)
            speeds[kind].append(speed)
            curves.append(losses)
    apart = max(abs(a - b) for curve in curves for a, b in zip(curve, curves[0], strict=True))
    first = next(iter(KINDS))
    print("| processes | rows/s | ratio |\n|---|---:|---:|")
    for kind, found in speeds.items():
        ratio = statistics.median(one / other for one, other in zip(found, speeds[first], strict=True))
        print(f"| {kind} | {statistics.median(found):.1f} | {ratio:.2f} |")
    print(f"\nLosses differ by at most {apart:.1e}.")
    return 0 if apart <= 1e-5 and ratio >= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
