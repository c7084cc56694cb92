"""A propagator without a network: it shifts the nearest reference by one column a frame."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from vos_core.inference import FrameResult, PropagatorOptions
from vos_core.inference.route import Route


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

    def begin(
        self,
        read_frame: Callable[[int], np.ndarray],
        route: Route,
        options: PropagatorOptions,
        **_share: Any,
    ) -> FakePass:
        references = {i: route.label_map(i) for i in route.reference_indices}
        self.starts.append(
            {"references": references, "targets": list(route.targets), "options": options}
        )
        return FakePass(self, read_frame, route, options)

    def result(
        self,
        read_frame: Callable[[int], np.ndarray],
        index: int,
        reference: int,
        label_map: np.ndarray,
    ) -> FrameResult:
        """The frame as the map of a reference, moved a column for each frame between."""
        if index == self.fail_at:
            raise self.error
        moved = np.roll(label_map, index - reference, axis=1)
        assert read_frame(index).shape[:2] == moved.shape
        ids = [int(i) for i in np.unique(moved) if i]
        return FrameResult(
            index,
            moved,
            np.full(moved.shape, 200, np.uint8),
            dict.fromkeys(ids, 0.75),
            None,
            seconds=0.01,
            stage_seconds={"read": 0.004, "encode": 0.002, "segment": 0.004},
        )


@dataclass
class FakePropagation:
    owner: FakePropagator
    read_frame: Callable[[int], np.ndarray]
    references: dict[int, np.ndarray]
    targets: list[int]

    def step(self) -> FrameResult | None:
        if not self.targets:
            return None
        index = self.targets.pop(0)
        nearest = min(self.references, key=lambda reference: abs(reference - index))
        return self.owner.result(self.read_frame, index, nearest, self.references[nearest])

    def correct(
        self, index: int, label_map: np.ndarray, known: Collection[int] | None = None
    ) -> None:
        self.references[index] = label_map

    def close(self) -> None:
        self.owner.closed += 1


@dataclass
class FakePass:
    """One side's pass: every frame from the nearest reference behind it."""

    owner: FakePropagator
    read_frame: Callable[[int], np.ndarray]
    route: Route
    options: PropagatorOptions

    def step(self) -> FrameResult | None:
        leg = self.route.next_leg()
        if leg is None:
            return None
        nearest = self.route.behind(leg.target)[-1]
        label_map = self.route.label_map(nearest)
        result = self.owner.result(self.read_frame, leg.target, nearest, label_map)
        if leg.open_ids:
            merged = self.route.complete(leg.target, result.label_map, leg.open_ids)
            result = replace(result, label_map=merged)
        self.route.done(leg.target)
        return result

    def correct(
        self, index: int, label_map: np.ndarray, known: Collection[int] | None = None
    ) -> None:
        self.route.correct(index, label_map, known)

    def take_notices(self) -> list[str]:
        return []

    def close(self) -> None:
        self.owner.closed += 1
