"""The passes of a run, each from one side, and what one hands on to the next."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

import numpy as np

from vos_core.inference.branch import FeatureShare
from vos_core.inference.propagation import Propagation, ReadFrame
from vos_core.inference.propagator import Propagator
from vos_core.inference.records import FrameResult, PropagatorOptions
from vos_core.inference.route import Route


class OneWay(Protocol):
    """A propagation from one side, such as `Propagation`."""

    def step(self) -> FrameResult | None:
        """Segment the next target of the route; None when none is left."""

    def correct(
        self, index: int, label_map: np.ndarray, known: Collection[int] | None = None
    ) -> None:
        """Take a person's map as a reference before the next step."""

    def take_notices(self) -> list[str]:
        """What a person should know of it; each is given once."""

    def close(self) -> None:
        """Drop everything."""


class Passes:
    """Begins passes of a network; one takes over how far the one before went down for memory."""

    def __init__(
        self, propagator: Propagator, read_frame: ReadFrame, options: PropagatorOptions
    ) -> None:
        self._propagator, self._read_frame, self._options = propagator, read_frame, options
        self._newest: Propagation | None = None
        self._share = FeatureShare()

    def begin(self, route: Route) -> Propagation:
        """Begin the pass of a route."""
        options = self._options if self._newest is None else self._newest.options
        self._newest = self._propagator.begin(
            self._read_frame, route, options, share=self._share if _has_way_back(route) else None
        )
        return self._newest


def _has_way_back(route: Route) -> bool:
    """Whether a reference lies beyond the targets: only then are they visited again."""
    last, side = route.targets[-1], route.direction
    return any((index - last) * side > 0 for index in route.reference_indices)
