"""The network as the window sees it: the only module here that reaches vos_core.inference."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np

from annotator.worker.jobs import (
    BackendInfo,
    FrameResult,
    NetworkChoice,
    NetworkOffer,
    OfferedNetwork,
    PropagationJob,
)

if TYPE_CHECKING:
    from annotator.worker.inspection import Inspection, InspectionRequest
    from vos_core.inference import FrameResult as CoreResult
    from vos_core.inference import Propagator, TwoSidedPropagation
    from vos_core.inference.inspection import FrameInspector

_log = logging.getLogger(__name__)

ReadFrame = Callable[[int], np.ndarray]
"""Frame index to uint8 [H, W, 3] RGB."""


class BackendError(Exception):
    """The network cannot be used; the message is for a person."""


class RunningPropagation(Protocol):
    """One run over its frames, a visit at a time."""

    @property
    def steps_left(self) -> int:
        """Visits that are left as things stand."""

    def step(self) -> FrameResult | None:
        """Make the next visit; ``None`` when nothing is left.

        A frame between two references comes twice; the later answer replaces the earlier.
        """

    def correct(self, index: int, label_map: np.ndarray, known: Sequence[int] | None) -> None:
        """Take up a new or changed reference before the next `step`.

        What came by way of the frame is visited anew.

        Args:
            index: Frame index.
            label_map: uint8 [H, W].
            known: Ids that the map speaks of, ``None`` for every object.
        """

    def take_notices(self) -> list[str]:
        """What a person should know, such as that memory ran out; each is given once."""

    def close(self) -> None:
        """Release what the run holds."""


class Backend(Protocol):
    """Loads a network and runs it. All calls come from the worker's thread."""

    def load(self, choice: NetworkChoice | None = None) -> BackendInfo:
        """Make a network ready; may take seconds. One that is in use stays where this fails.

        Args:
            choice: What to load; what the application was started with when ``None``.

        Raises:
            BackendError: Weights or device are not there or do not fit.
        """

    def offer(self) -> NetworkOffer:
        """Say which networks and devices this machine has."""

    def start(self, read_frame: ReadFrame, job: PropagationJob) -> RunningPropagation:
        """Begin a run."""

    def inspect(self, read_frame: ReadFrame, request: InspectionRequest) -> Inspection:
        """Look closely at one frame.

        Raises:
            BackendError: The network is not loaded, or the maps do not fit the frames.
        """


class NetworkBackend:
    """The networks of vos_core. torch is imported by `load`, in the worker's thread."""

    def __init__(self, model: str = "aoc-lite", device: str = "auto", dtype: str = "auto") -> None:
        self._choice = NetworkChoice(model, device)
        self._dtype = dtype
        self._propagator: Propagator | None = None
        self._inspector: tuple[ReadFrame, FrameInspector] | None = None

    def load(self, choice: NetworkChoice | None = None) -> BackendInfo:
        """Import the library and load weights onto the device."""
        choice = choice or self._choice
        from vos_core.errors import VosError

        try:
            from vos_core.inference import Propagator
        except ImportError as error:
            raise BackendError(
                f"The network cannot be loaded: {error}. Install the dependencies again "
                "(pip install -e .)."
            ) from error
        try:
            loaded = Propagator.load(model=choice.model, device=choice.device, dtype=self._dtype)
        except VosError as error:
            raise BackendError(str(error)) from error
        self._propagator, self._choice = loaded, choice
        self._inspector = None
        return BackendInfo(loaded.model_name, loaded.device_name, loaded.dtype_name)

    def offer(self) -> NetworkOffer:
        """Look for shipped and imported weights, and for devices."""
        from vos_core.errors import VosError
        from vos_core.inference.device import available_devices
        from vos_core.weights.published import imported_networks
        from vos_core.weights.registry import shipped_weights

        try:
            networks = [OfferedNetwork(one.name, one.summary) for one in shipped_weights()]
        except VosError as error:
            _log.warning("shipped weights cannot be listed: %s", error)
            networks = []
        networks += [
            OfferedNetwork(name, f"imported: {path}") for name, path in imported_networks().items()
        ]
        if self._choice.model not in {one.name for one in networks}:
            networks.append(OfferedNetwork(self._choice.model, "given at the start"))
        return NetworkOffer(tuple(networks), ("auto", *available_devices()), self._choice)

    def start(self, read_frame: ReadFrame, job: PropagationJob) -> RunningPropagation:
        """Begin a run on the loaded network."""
        if self._propagator is None:
            raise BackendError("The network is not loaded yet.")
        from vos_core.inference import PropagatorOptions, TwoSidedPropagation, Wish

        wish = Wish.of(
            job.direction.value,
            job.start,
            job.first,
            job.last,
            both_sides=job.both_sides,
            object_ids=job.object_ids,
        )
        options = PropagatorOptions() if job.mode is None else PropagatorOptions(mode=job.mode)
        return _NetworkPropagation(
            TwoSidedPropagation.start(
                self._propagator, read_frame, job.references, wish, known=job.known, options=options
            )
        )

    def inspect(self, read_frame: ReadFrame, request: InspectionRequest) -> Inspection:
        """Look at a frame; what is known of its video is kept for the next look."""
        if self._propagator is None:
            raise BackendError("The network is not loaded yet.")
        from annotator.worker.inspection import Inspection
        from vos_core.errors import VosError
        from vos_core.inference.inspection import FrameInspector

        if self._inspector is None or self._inspector[0] != read_frame:
            self._inspector = (read_frame, FrameInspector(self._propagator, read_frame))
        references = {index: packed.unpack() for index, packed in request.references.items()}
        previous = None
        if request.previous is not None:
            previous = (request.previous[0], request.previous[1].unpack())
        try:
            found = self._inspector[1].inspect(
                request.frame, references, previous, request.object_ids
            )
        except VosError as error:
            raise BackendError(str(error)) from error
        return Inspection(
            request.number,
            found.index,
            found.object_ids,
            found.probabilities,
            found.embedding,
            found.cluster_map,
            found.reference_map,
            found.reference_frames,
        )


def frame_result(result: CoreResult | None) -> FrameResult | None:
    """A result of vos_core as the window's own record; None stays None."""
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


class _NetworkPropagation:
    """A run of vos_core, its results as the window's own records."""

    def __init__(self, propagation: TwoSidedPropagation) -> None:
        self._propagation = propagation

    @property
    def steps_left(self) -> int:
        return self._propagation.steps_left

    def step(self) -> FrameResult | None:
        return frame_result(self._propagation.step())

    def correct(self, index: int, label_map: np.ndarray, known: Sequence[int] | None) -> None:
        self._propagation.correct(index, label_map, known)

    def take_notices(self) -> list[str]:
        return self._propagation.take_notices()

    def close(self) -> None:
        self._propagation.close()
