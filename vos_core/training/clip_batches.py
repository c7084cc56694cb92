"""Batches of clips, the same at any step whether or not the run was interrupted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np
from torch.utils.data import DataLoader, Dataset

from vos_core.data.spec import Clip


class ClipSource(Protocol):
    """Anything that makes a clip from a random generator (see `vos_core.data.ClipDataset`)."""

    def sample(self, rng: np.random.Generator, progress: float) -> Clip:
        """Make one clip; `progress` is the share of the run that is done."""


class _Batches(Dataset[list[Clip]]):
    def __init__(
        self, source: ClipSource, *, seed: int, start: int, stop: int, steps: int, slots: range
    ) -> None:
        self.source, self.seed, self.start, self.stop = source, seed, start, stop
        self.steps, self.slots = steps, slots

    def __len__(self) -> int:
        return max(0, self.stop - self.start)

    def __getitem__(self, index: int) -> list[Clip]:
        step = self.start + index
        return [
            self.source.sample(np.random.default_rng([self.seed, step, slot]), step / self.steps)
            for slot in self.slots
        ]


def _first(batches: list[list[Clip]]) -> list[Clip]:
    return batches[0]


def clip_batches(
    source: ClipSource,
    *,
    seed: int,
    start: int,
    stop: int,
    steps: int,
    slots: range,
    workers: int,
) -> Iterator[list[Clip]]:
    """Batches for the steps ``start .. stop - 1``; clip (step, slot) depends on nothing else.

    Args:
        source: Maker of clips.
        seed: Seed of the run.
        start: First step.
        stop: Step to end before.
        steps: Length of the run, which the share of it that is done refers to.
        slots: Places in the batch to make clips for; ``range(size)`` for all of it.
        workers: Processes; 0 makes them in this one.
    """
    dataset = _Batches(source, seed=seed, start=start, stop=stop, steps=steps, slots=slots)
    loader = DataLoader(
        dataset,
        batch_size=1,
        shuffle=False,
        num_workers=workers,
        collate_fn=_first,
        prefetch_factor=4 if workers else None,
    )
    return iter(loader)
