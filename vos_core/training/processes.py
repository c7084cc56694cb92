"""Several processes that train one network together, as `torchrun` starts them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
import torch.distributed as dist

from vos_core.errors import UserError


@dataclass(frozen=True)
class Processes:
    """This process among those of a run.

    Attributes:
        rank: Number of this process, from 0; the first one writes files.
        count: How many there are.
        device: Where this process trains.
    """

    rank: int
    count: int
    device: torch.device

    @property
    def is_first(self) -> bool:
        """Whether this process writes log and checkpoints."""
        return self.rank == 0

    def slots(self, batch_clips: int) -> range:
        """Places of the global batch that this process makes and trains on.

        Raises:
            UserError: If the batch cannot be shared out evenly.
        """
        if batch_clips % self.count:
            raise UserError(
                f"batch_clips is {batch_clips}, which {self.count} processes cannot share evenly; "
                f"use a multiple of {self.count}"
            )
        share = batch_clips // self.count
        return range(self.rank * share, (self.rank + 1) * share)

    def summed(self, values: Sequence[float]) -> list[float]:
        """Sums over all processes, the same in each; every process has to call it."""
        if self.count == 1:
            return list(values)
        tensor = torch.tensor(values, dtype=torch.float64, device=self.device)
        dist.all_reduce(tensor)
        return [float(value) for value in tensor]

    def wait(self) -> None:
        """Return once every process is here."""
        if self.count > 1:
            dist.barrier()


@contextlib.contextmanager
def joined_processes(device: torch.device) -> Iterator[Processes]:
    """Join the other processes of a run, if `torchrun` started any, and leave them at the end.

    Args:
        device: Where to train; with several processes on CUDA each takes the device of its number.
    """
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        yield Processes(0, 1, device)
        return
    if device.type == "cuda":
        device = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
        torch.cuda.set_device(device)
    dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield Processes(dist.get_rank(), count, device)
    finally:
        dist.destroy_process_group()
