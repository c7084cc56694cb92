"""A propagator without a network: it shifts the nearest reference by one column a frame."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class FakeResult:
    index: int
    label_map: np.ndarray
    reliability_map: np.ndarray
    object_reliability: dict[int, float]
    seconds: float = 0.01
    stage_seconds: dict[str, float] = field(default_factory=dict)


@dataclass
class FakePropagator:
    """Stands in for ``vos_core.inference.Propagator``; ``fail_at`` raises at that frame."""

    fail_at: int | None = None
    error: Exception = field(default_factory=lambda: RuntimeError("the network broke"))
    model_name: str = "fake"
    device_name: str = "cpu"
    dtype_name: str = "float32"
    starts: list[dict[str, Any]] = field(default_factory=list)
    closed: int = 0

    def start(
        self,
        read_frame: Callable[[int], np.ndarray],
        references: Mapping[int, np.ndarray],
        targets: Sequence[int],
        **options: Any,
    ) -> FakePropagation:
        self.starts.append({"references": dict(references), "targets": list(targets), **options})
        return FakePropagation(self, read_frame, dict(references), list(targets))


@dataclass
class FakePropagation:
    owner: FakePropagator
    read_frame: Callable[[int], np.ndarray]
    references: dict[int, np.ndarray]
    targets: list[int]

    def step(self) -> FakeResult | None:
        if not self.targets:
            return None
        index = self.targets.pop(0)
        if index == self.owner.fail_at:
            raise self.owner.error
        nearest = min(self.references, key=lambda reference: abs(reference - index))
        label_map = np.roll(self.references[nearest], index - nearest, axis=1)
        assert self.read_frame(index).shape[:2] == label_map.shape
        ids = [int(i) for i in np.unique(label_map) if i]
        return FakeResult(
            index,
            label_map,
            np.full(label_map.shape, 200, np.uint8),
            dict.fromkeys(ids, 0.75),
            stage_seconds={"read": 0.004, "encode": 0.002, "segment": 0.004},
        )

    def correct(
        self, index: int, label_map: np.ndarray, known: Collection[int] | None = None
    ) -> None:
        self.references[index] = label_map

    def close(self) -> None:
        self.owner.closed += 1
