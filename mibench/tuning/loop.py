"""The training loop: global batches by step, the same gradient over any number of processes, exact resume.

Nothing random is carried from step to step: what a step draws (dropout) follows from the seed, the step, the
micro-batch and the process, so that a run that was killed and goes on gives the curve of one that was not.
"""

import hashlib
import json
import math
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar

import torch
from torch import Tensor, nn

from mibench.errors import InputError
from mibench.tuning.checkpoints import (
    Progress,
    finish,
    finished,
    last_checkpoint,
    load_weights,
    restore,
    save_checkpoint,
)
from mibench.tuning.processes import Processes
from mibench.tuning.training_log import TrainingLog

Precision = Literal["fp32", "bf16", "fp16"]
Schedule = Literal["cosine", "linear", "constant"]
RowT = TypeVar("RowT")
Watch = Callable[[int, int, float], None]
"""Is told the steps done, the steps to do and the loss of the last step."""
Evaluate = Callable[[nn.Module, int], Mapping[str, float]]
"""Returns figures of the model after so many steps."""


@dataclass(frozen=True)
class Loss:
    """The loss of some rows: a differentiable sum, of how many it is one, and further sums for the log."""

    total: Tensor
    count: int
    parts: Mapping[str, Tensor | float] = field(default_factory=dict)


class Source(Protocol[RowT]):
    """What is trained on."""

    def rows(self, step: int) -> list[RowT]:
        """Return the global batch of a step (from 0): the same for the same step, whoever asks."""
        ...


class Objective(Protocol[RowT]):
    """What is minimised; a batch on the CPU is made while the device still works on the last one."""

    def __call__(self, model: nn.Module, rows: list[RowT], device: torch.device) -> Loss:
        """Collate the rows of one forward pass and return their loss."""
        ...


@dataclass(frozen=True)
class LoopSettings:
    """How long, how fast and how exactly to train; rates are per step, `micro_batch` is rows a forward a process."""

    steps: int
    learning_rate: float
    warmup_steps: int = 0
    schedule: Schedule = "linear"
    final_rate: float = 0.0
    betas: tuple[float, float] = (0.9, 0.999)
    weight_decay: float = 0.01
    clip: float = 1.0
    micro_batch: int = 8
    precision: Precision = "fp32"
    gradient_checkpointing: bool = False
    checkpoint_every: int = 500
    log_every: int = 10
    seed: int = 0

    def digest(self, identity: str = "") -> str:
        """Return 64 hexadecimal digits of all that changes the weights; `identity` stands for model and data."""
        kept = {name: value for name, value in asdict(self).items() if name not in ("checkpoint_every", "log_every")}
        return hashlib.sha256(json.dumps([kept, identity], sort_keys=True).encode()).hexdigest()


def rate_at(settings: LoopSettings, step: int) -> float:
    """Return the learning rate of a step (from 0): a linear rise, then the schedule down to `final_rate` of it."""
    if step < settings.warmup_steps:
        return settings.learning_rate * (step + 1) / settings.warmup_steps
    if settings.schedule == "constant":
        return settings.learning_rate
    done = (step - settings.warmup_steps) / max(settings.steps - settings.warmup_steps, 1)
    left = 1 - done if settings.schedule == "linear" else (1 + math.cos(math.pi * done)) / 2
    return settings.learning_rate * (settings.final_rate + (1 - settings.final_rate) * left)


def step_seed(seed: int, step: int, micro_batch: int, process: int) -> int:
    """Return the 63-bit seed of what one forward pass draws."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{step}:{micro_batch}:{process}".encode()).digest()[:8]) >> 1


def train(
    model: nn.Module,
    source: Source[RowT],
    objective: Objective[RowT],
    settings: LoopSettings,
    output: Path,
    *,
    watch: Watch | None = None,
    evaluate: Evaluate | None = None,
    evaluate_every: int = 0,
    identity: str = "",
) -> None:
    """Train a model in place, and leave `model.safetensors`, `log.jsonl` and `done.json` in the output folder.

    A run that stopped goes on from its last checkpoint, and one that is done only loads its weights. The gradient is
    that of the mean over the count of the whole global batch. `identity` names what the settings don't: model, data.
    `evaluate` is called on the first process alone, every `evaluate_every` steps and at the end.

    Raises:
        InputError: the folder holds a run of other settings; the loss or the gradient is no longer a finite number;
            the precision is not to be had on this device.

    """
    processes = Processes.join()
    digest = settings.digest(identity)
    model.to(processes.device)
    if finished(output, digest):
        load_weights(model, output / "model.safetensors")
        return
    _check_precision(settings.precision, processes.device)
    if settings.gradient_checkpointing:
        enable: Any = getattr(model, "activation_checkpointing_enable", None) or model.gradient_checkpointing_enable
        enable({"use_reentrant": False})
    trainer = _Trainer(model, objective, settings, processes, digest, output)
    log = trainer.resume()
    processes.share(model)

    def judge(step: int) -> None:
        due = step == settings.steps or (evaluate_every and step % evaluate_every == 0)
        if evaluate is not None and due and processes.first and not log.has_evaluation(step):
            model.eval()
            log.write({"step": step, "evaluation": dict(evaluate(model, step))})
        processes.wait()

    if trainer.progress.step:
        judge(trainer.progress.step)
    while trainer.progress.step < settings.steps:
        loss = trainer.step(source, log)
        step = trainer.progress.step
        if watch is not None and processes.first:
            watch(step, settings.steps, loss)
        if step % settings.checkpoint_every == 0 or (step == settings.steps and evaluate is not None):
            trainer.save()
        judge(step)
    if processes.first:
        finish(output, model, digest, trainer.progress, processes.count)
    processes.wait()


@dataclass
class _Trainer:
    """A model with its optimiser, and where it stands."""

    model: nn.Module
    objective: Objective[Any]
    settings: LoopSettings
    processes: Processes
    digest: str
    output: Path
    progress: Progress = field(default_factory=Progress)

    def __post_init__(self) -> None:
        settings = self.settings
        self.parameters = [value for value in self.model.parameters() if value.requires_grad]
        self.optimiser = torch.optim.AdamW(
            self.parameters, lr=settings.learning_rate, betas=settings.betas, weight_decay=settings.weight_decay
        )
        self.scaler = torch.amp.GradScaler(self.processes.device.type, enabled=settings.precision == "fp16")

    def resume(self) -> TrainingLog:
        """Load the last checkpoint, if there is one, and return the log, cut to it."""
        folder = last_checkpoint(self.output, self.digest)
        if folder is not None:
            self.progress = restore(self.model, folder, self.optimiser, self.scaler)
        self.processes.wait()
        return TrainingLog(self.output / "log.jsonl", self.progress.step, write=self.processes.first)

    def save(self) -> None:
        """Write a checkpoint, from the first process."""
        if self.processes.first:
            save_checkpoint(self.output, self.digest, self.model, self.optimiser, self.scaler, self.progress)
        self.processes.wait()

    def step(self, source: Source[Any], log: TrainingLog) -> float:
        """Update the weights once from the next global batch, and return its loss."""
        begun, settings, progress = time.monotonic(), self.settings, self.progress
        rows = source.rows(progress.step)
        self.model.train()
        self.optimiser.zero_grad()
        sums = self.processes.sum(self._accumulate(rows))
        loss = sums["loss"] / max(sums["count"], 1)
        if not math.isfinite(loss):
            raise self._diverged(f"the loss is {loss}")
        self.processes.sum_gradients(self.parameters)
        self.scaler.unscale_(self.optimiser)
        for parameter in self.parameters:
            if parameter.grad is not None:
                parameter.grad.mul_(len(rows) / max(sums["count"], 1))
        norm = float(nn.utils.clip_grad_norm_(self.parameters, settings.clip or math.inf))
        if not math.isfinite(norm) and not self.scaler.is_enabled():
            raise self._diverged(f"the norm of the gradient is {norm}")
        rate = rate_at(settings, progress.step)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.scaler.step(self.optimiser)
        self.scaler.update()
        progress.add(sums, len(rows), time.monotonic() - begun)
        if progress.step % settings.log_every == 0 or progress.step == settings.steps:
            log.write(progress.line(rate=rate, gradient_norm=norm if math.isfinite(norm) else None))
        return loss

    def _accumulate(self, rows: list[Any]) -> dict[str, float]:
        """Add up this process's part of the gradient of `sum / rows`, and return its sums."""
        processes, settings = self.processes, self.settings
        sums: dict[str, Tensor | float] = {"loss": 0.0, "count": 0}
        for number, part in enumerate(_chunks(rows, settings.micro_batch * processes.count)):
            mine = part[processes.index :: processes.count]
            if not mine:
                continue
            torch.manual_seed(step_seed(settings.seed, self.progress.step, number, processes.index))
            with _autocast(settings.precision, processes.device):
                loss = self.objective(self.model, mine, processes.device)
            self.scaler.scale(loss.total / len(rows)).backward()  # type: ignore[no-untyped-call]
            for name, value in {"loss": loss.total.detach(), "count": loss.count, **loss.parts}.items():
                sums[name] = sums.get(name, 0.0) + (value.detach() if isinstance(value, Tensor) else value)
        return {name: float(value) for name, value in sums.items()}

    def _diverged(self, message: str) -> InputError:
        kept = last_checkpoint(self.output, self.digest)
        return InputError(
            f"step {self.progress.step + 1}: {message}; "
            + (f"the last checkpoint is {kept.name}" if kept else "there is no checkpoint yet"),
            file=self.output,
            remedy="a lower learning rate, more warm-up or bf16 in place of fp16",
        )


def _chunks(rows: list[RowT], size: int) -> Iterable[list[RowT]]:
    return (rows[start : start + size] for start in range(0, len(rows), size))


def _autocast(precision: Precision, device: torch.device) -> AbstractContextManager[object]:
    if precision == "fp32":
        return nullcontext()
    return torch.autocast(device.type, torch.bfloat16 if precision == "bf16" else torch.float16)


def _check_precision(precision: Precision, device: torch.device) -> None:
    if precision == "fp16" and device.type == "cpu":
        raise InputError("precision fp16 needs a GPU", remedy="precision: bf16 or fp32")
