"""The processes that train together: one unless `accelerate launch` or, on CPUs too, `torchrun` started more."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import torch
from torch import Tensor, distributed, nn

BUCKET = 32 * 2**20
"""Elements of gradients that are summed over processes in one call."""


@dataclass(frozen=True)
class Processes:
    """This process's place among those that train together, and its device."""

    index: int
    count: int
    device: torch.device

    @classmethod
    def join(cls) -> "Processes":
        """Meet the other processes; the first may evaluate for hours while the rest wait."""
        from accelerate import PartialState  # type: ignore[import-untyped]

        state = PartialState(cpu=not torch.cuda.is_available(), timeout=timedelta(hours=12))
        return cls(state.process_index, state.num_processes, state.device)

    @property
    def first(self) -> bool:
        """Whether this is the process that writes."""
        return self.index == 0

    def wait(self) -> None:
        """Wait until every process is here."""
        if self.count > 1:
            distributed.barrier()

    def leave(self) -> None:
        """Part from the other processes, at the end of the program."""
        if self.count > 1:
            distributed.destroy_process_group()

    def share(self, model: nn.Module) -> None:
        """Give every process the weights and buffers of the first."""
        if self.count > 1:
            for value in [*model.parameters(), *model.buffers()]:
                distributed.broadcast(value.detach(), src=0)

    def sum(self, figures: Mapping[str, float]) -> dict[str, float]:
        """Return the sums of figures over processes, of which some may lack names that others have."""
        if self.count == 1:
            return dict(figures)
        gathered: list[Any] = [None] * self.count
        distributed.all_gather_object(gathered, dict(figures))
        names = sorted({name for part in gathered for name in part})
        return {name: sum(part.get(name, 0.0) for part in gathered) for name in names}

    def sum_gradients(self, parameters: Sequence[nn.Parameter]) -> None:
        """Sum gradients over processes in place; a parameter that no process used keeps none."""
        if self.count == 1:
            return
        used = torch.tensor([parameter.grad is not None for parameter in parameters], device=self.device).int()
        distributed.all_reduce(used)
        bucket: list[Tensor] = []
        for parameter, uses in zip(parameters, used.tolist(), strict=True):
            if not uses:
                continue
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
            bucket.append(parameter.grad)
            if sum(gradient.numel() for gradient in bucket) >= BUCKET:
                _sum_bucket(bucket)
                bucket = []
        if bucket:
            _sum_bucket(bucket)


def _sum_bucket(gradients: list[Tensor]) -> None:
    flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
    distributed.all_reduce(flat)
    parts = torch.split(flat, [gradient.numel() for gradient in gradients])
    for gradient, part in zip(gradients, parts, strict=True):
        gradient.copy_(part.view_as(gradient))
