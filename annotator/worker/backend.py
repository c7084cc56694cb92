"""The network as the window sees it: the only module here that reaches vos_core.inference."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np

from annotator.worker.jobs import BackendInfo, FrameResult

if TYPE_CHECKING:
    from vos_core.inference import Propagation as CorePropagation
    from vos_core.inference import Propagator

_log = logging.getLogger(__name__)

ReadFrame = Callable[[int], np.ndarray]
"""Frame index to uint8 [H, W, 3] RGB."""


class BackendError(Exception):
    """The network cannot be used; the message is for a person."""


class RunningPropagation(Protocol):
    """One pass over its targets, a frame at a time."""

    def step(self) -> FrameResult | None:
        """Segment the next target; ``None`` when none is left."""

    def correct(self, index: int, label_map: np.ndarray) -> None:
        """Take up a new or changed reference (uint8 [H, W]) before the next `step`.

        From a target that was already visited the pass goes on anew.
        """

    def close(self) -> None:
        """Release what the pass holds."""


class Backend(Protocol):
    """Loads a network and runs it. All calls come from the worker's thread."""

    def load(self) -> BackendInfo:
        """Make the network ready; may take seconds.

        Raises:
            BackendError: Weights or device are not there or do not fit.
        """

    def start(
        self,
        read_frame: ReadFrame,
        references: Mapping[int, np.ndarray],
        targets: Sequence[int],
        *,
        object_ids: Sequence[int] | None,
        mode: str | None,
    ) -> RunningPropagation:
        """Begin a pass; arguments as in `annotator.worker.jobs.PropagationJob`."""


class NetworkBackend:
    """The networks of vos_core. torch is imported by `load`, in the worker's thread."""

    def __init__(self, model: str = "aoc-lite", device: str = "auto", dtype: str = "auto") -> None:
        self._model = model
        self._device = device
        self._dtype = dtype
        self._propagator: Propagator | None = None

    def load(self) -> BackendInfo:
        """Import the library and load weights onto the device."""
        from vos_core.errors import VosError

        try:
            from vos_core.inference import Propagator
        except ImportError as error:
            raise BackendError(
                f"The network cannot be loaded: {error}. Install the dependencies again "
                "(pip install -e .)."
            ) from error
        try:
            self._propagator = Propagator.load(
                model=self._model, device=self._device, dtype=self._dtype
            )
        except VosError as error:
            raise BackendError(str(error)) from error
        loaded = self._propagator
        return BackendInfo(loaded.model_name, loaded.device_name, loaded.dtype_name)

    def start(
        self,
        read_frame: ReadFrame,
        references: Mapping[int, np.ndarray],
        targets: Sequence[int],
        *,
        object_ids: Sequence[int] | None,
        mode: str | None,
    ) -> RunningPropagation:
        """Begin a pass on the loaded network."""
        if self._propagator is None:
            raise BackendError("The network is not loaded yet.")
        return _NetworkPropagation(
            self._propagator.start(
                read_frame, references, targets, object_ids=object_ids, mode=mode
            )
        )


class _NetworkPropagation:
    """A pass of vos_core, its results as the window's own records."""

    def __init__(self, propagation: CorePropagation) -> None:
        self._propagation = propagation

    def step(self) -> FrameResult | None:
        result = self._propagation.step()
        if result is None:
            return None
        return FrameResult(
            index=result.index,
            label_map=result.label_map,
            reliability_map=result.reliability_map,
            object_reliability=dict(result.object_reliability),
            cluster_map=result.cluster_map,
            seconds=result.seconds,
            reference_map=result.reference_map,
            reference_frames=result.reference_frames,
        )

    def correct(self, index: int, label_map: np.ndarray) -> None:
        self._propagation.correct(index, label_map)

    def close(self) -> None:
        self._propagation.close()
