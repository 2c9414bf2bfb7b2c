"""Checkpoints that stand complete or not at all, and the mark of a run that is done; no pickle is trusted."""

import json
import os
import re
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_model, save_model
from torch import nn

from mibench.errors import InputError
from mibench.whole_file import write_whole


@dataclass
class Progress:
    """Where a run stands: steps and rows done, seconds trained, and the sums since the last line of the log."""

    step: int = 0
    samples: int = 0
    seconds: float = 0.0
    sums: dict[str, float] = field(default_factory=dict)

    def add(self, sums: dict[str, float], rows: int, seconds: float) -> None:
        """Count one more step."""
        self.step += 1
        self.samples += rows
        self.seconds += seconds
        for name, value in sums.items():
            self.sums[name] = self.sums.get(name, 0.0) + value

    def line(self, **figures: float | None) -> dict[str, Any]:
        """Return the line of the log, with means since the last one, and begin to add up anew."""
        sums, self.sums = self.sums, {}
        count = sums.pop("count") or 1
        means = {name: value / count for name, value in sums.items()}
        return {
            "step": self.step,
            "loss": means.pop("loss"),
            "parts": means,
            **figures,
            "samples": self.samples,
            "seconds": round(self.seconds, 3),
        }


def save_checkpoint(
    output: Path,
    digest: str,
    model: nn.Module,
    optimiser: torch.optim.Optimizer,
    scaler: torch.amp.GradScaler,
    progress: Progress,
) -> None:
    """Write `checkpoint/step-N`, and drop the ones before it once it stands."""
    name = f"step-{progress.step}"
    folder, partial = output / "checkpoint" / name, output / "checkpoint" / f".{name}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    save_model(model, str(partial / "model.safetensors"))
    torch.save({"optimiser": optimiser.state_dict(), "scaler": scaler.state_dict()}, partial / "optimiser.pt")
    (partial / "progress.json").write_text(json.dumps({"digest": digest, **asdict(progress)}), encoding="utf-8")
    for file in partial.iterdir():
        _to_disk(file)
    partial.rename(folder)
    for other in folder.parent.iterdir():
        if other != folder:
            shutil.rmtree(other)


def last_checkpoint(output: Path, digest: str) -> Path | None:
    """Return the folder of the last checkpoint.

    Raises:
        InputError: it is one of other settings.

    """
    folders = [path for path in (output / "checkpoint").glob("step-*") if re.fullmatch(r"step-\d+", path.name)]
    if not folders:
        return None
    folder = max(folders, key=lambda path: int(path.name.removeprefix("step-")))
    _check_digest(folder / "progress.json", digest, output)
    return folder


def restore(
    model: nn.Module,
    folder: Path,
    optimiser: torch.optim.Optimizer,
    scaler: torch.amp.GradScaler,
) -> Progress:
    """Load a checkpoint into a model and its optimiser, and return where it stands."""
    load_weights(model, folder / "model.safetensors")
    device = next(model.parameters()).device
    state = torch.load(folder / "optimiser.pt", map_location=device, weights_only=True)
    optimiser.load_state_dict(state["optimiser"])
    scaler.load_state_dict(state["scaler"])
    kept = json.loads((folder / "progress.json").read_text(encoding="utf-8"))
    return Progress(kept["step"], kept["samples"], kept["seconds"], kept["sums"])


def load_weights(model: nn.Module, file: Path) -> None:
    """Load the weights that a checkpoint or a run that is done has left.

    Raises:
        InputError: they are missing or of another model.

    """
    try:
        load_model(model, str(file), device=str(next(model.parameters()).device))
    except (OSError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"not the weights of this model: {reason}", file=file, remedy="another --output") from error


def finish(output: Path, model: nn.Module, digest: str, progress: Progress, processes: int) -> None:
    """Leave the weights and the mark of a run that is done, and drop its checkpoints."""
    output.mkdir(parents=True, exist_ok=True)
    partial = output / ".model.safetensors.partial"
    save_model(model, str(partial))
    _to_disk(partial)
    partial.rename(output / "model.safetensors")
    done = {
        "digest": digest,
        "steps": progress.step,
        "samples": progress.samples,
        "seconds": round(progress.seconds, 3),
        "processes": processes,
    }
    write_whole(output / "done.json", json.dumps(done, indent=2).encode() + b"\n")
    shutil.rmtree(output / "checkpoint", ignore_errors=True)


def finished(output: Path, digest: str) -> bool:
    """Return whether the folder holds this run, done.

    Raises:
        InputError: it holds one of other settings.

    """
    if not (output / "done.json").exists():
        return False
    _check_digest(output / "done.json", digest, output)
    return True


def _check_digest(file: Path, digest: str, output: Path) -> None:
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))["digest"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError("not a file of a training run", file=file, remedy="another --output") from error
    if kept != digest:
        remedy = "another --output, the settings it was begun with, or delete the folder"
        raise InputError("holds a training run of other settings", file=output, remedy=remedy)


def _to_disk(file: Path) -> None:
    with file.open("rb") as stream:
        os.fsync(stream.fileno())
