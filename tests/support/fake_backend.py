"""A network that is none: masks move by a known step, to test every flow of the window."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Sequence

import numpy as np

from annotator.worker.backend import BackendError, frame_result
from annotator.worker.inspection import Inspection, InspectionRequest
from annotator.worker.jobs import (
    BackendInfo,
    FrameResult,
    NetworkChoice,
    NetworkOffer,
    OfferedNetwork,
    PropagationJob,
)
from vos_core.inference import FrameResult as CoreResult
from vos_core.inference import TwoSidedPropagation, Wish
from vos_core.inference.route import Route


def shifted(label_map: np.ndarray, columns: int) -> np.ndarray:
    """Return the map moved to the right by some columns; what leaves the frame is lost."""
    moved = np.zeros_like(label_map)
    if columns > 0:
        moved[:, columns:] = label_map[:, :-columns]
    elif columns < 0:
        moved[:, :columns] = label_map[:, -columns:]
    else:
        moved[:] = label_map
    return moved


class FakeBackend:
    """Moves masks by one column a frame; reliability falls by one code a frame from a reference.

    Args:
        seconds: Time that a frame takes.
        work: Called for each frame in place of sleeping.
        fails_at: Frame index at which a step raises.
        load_error: Message with which loading fails.

    Attributes:
        networks: Names of the networks that it offers; "fake" is loaded first.
        broken: Those of them that cannot be loaded.
        loaded: What was loaded, in order.
    """

    def __init__(
        self,
        *,
        seconds: float = 0.0,
        work: Callable[[], object] | None = None,
        fails_at: int | None = None,
        load_error: str | None = None,
    ) -> None:
        self.seconds = seconds
        self.work = work
        self.fails_at = fails_at
        self.load_error = load_error
        self.gate = threading.Event()
        """Frames are computed only while it is set."""
        self.gate.set()
        self.load_gate = threading.Event()
        """Networks are loaded only while it is set."""
        self.load_gate.set()
        self.threads: set[int] = set()
        self.steps: list[int] = []
        self.starts: list[tuple[tuple[int, ...], tuple[int, ...]]] = []
        self.corrections: list[int] = []
        self.jobs: list[PropagationJob] = []
        self.notices: list[str] = []
        self.open_passes = 0
        self.looks: list[int] = []
        self.networks = ["fake", "other", "broken"]
        self.broken = {"broken"}
        self.choice = NetworkChoice("fake")
        self.loaded: list[NetworkChoice] = []

    def load(self, choice: NetworkChoice | None = None) -> BackendInfo:
        self.threads.add(threading.get_ident())
        choice = choice or self.choice
        if self.load_error is not None:
            raise BackendError(self.load_error)
        self.load_gate.wait()
        if choice.model in self.broken:
            raise BackendError(f"{choice.model}.safetensors: the weights file is damaged")
        self.choice = choice
        self.loaded.append(choice)
        return BackendInfo(choice.model, "cpu", "uint8")

    def offer(self) -> NetworkOffer:
        networks = tuple(OfferedNetwork(name, f"about {name}") for name in self.networks)
        return NetworkOffer(networks, ("auto", "cpu"), self.choice)

    def start(self, read_frame: Callable[[int], np.ndarray], job: PropagationJob) -> FakeRun:
        self.jobs.append(job)
        self.open_passes += 1
        return FakeRun(self, read_frame, job)

    def inspect(
        self, read_frame: Callable[[int], np.ndarray], request: InspectionRequest
    ) -> Inspection:
        """Objects are likely where the nearest reference has them; two clusters an object."""
        self.threads.add(threading.get_ident())
        if not self.loaded:
            raise BackendError("The network is not loaded yet.")
        self.looks.append(request.frame)
        frame = read_frame(request.frame)
        small = np.ascontiguousarray(frame[::4, ::4])
        if not request.references:
            nothing = np.zeros((0, *small.shape[:2]), np.uint8)
            return Inspection(request.number, request.frame, (), nothing, small)
        nearest = min(request.references, key=lambda r: abs(r - request.frame))
        moved = shifted(request.references[nearest].unpack(), request.frame - nearest)[::4, ::4]
        ids = request.object_ids
        likely = np.stack([np.where(moved == i, 200, 10) for i in ids]).astype(np.uint8)
        channels = np.zeros(256, np.uint8)
        channels[list(ids)] = np.arange(1, len(ids) + 1)
        right = np.arange(moved.shape[1]) >= moved.shape[1] // 2
        clusters = (1 + 16 * channels[moved] + right[None]).astype(np.uint8)
        places = np.zeros_like(clusters)
        return Inspection(
            request.number, request.frame, ids, likely, small, clusters, places, (nearest,)
        )


class FakeRun:
    """A run of `FakeBackend`: steered as a real one is, by `TwoSidedPropagation`."""

    def __init__(
        self, backend: FakeBackend, read_frame: Callable[[int], np.ndarray], job: PropagationJob
    ) -> None:
        self._backend, self._read_frame = backend, read_frame
        wish = Wish.of(
            job.direction.value,
            job.start,
            job.first,
            job.last,
            both_sides=job.both_sides,
            object_ids=job.object_ids,
        )
        self._run = TwoSidedPropagation(self._begin, job.references, wish, job.known)

    def _begin(self, route: Route) -> FakePass:
        targets = tuple(route.targets)
        self._backend.starts.append((tuple(route.reference_indices), targets))
        return FakePass(self._backend, self._read_frame, route)

    @property
    def steps_left(self) -> int:
        return self._run.steps_left

    def step(self) -> FrameResult | None:
        return frame_result(self._run.step())

    def correct(self, index: int, label_map: np.ndarray, known: Sequence[int] | None) -> None:
        self._backend.corrections.append(index)
        self._run.correct(index, label_map, known)

    def take_notices(self) -> list[str]:
        notices, self._backend.notices = self._backend.notices, []
        return notices + self._run.take_notices()

    def close(self) -> None:
        self._backend.open_passes -= 1
        self._run.close()


class FakePass:
    """One pass: each object comes from the nearest reference behind that shows it."""

    def __init__(
        self, backend: FakeBackend, read_frame: Callable[[int], np.ndarray], route: Route
    ) -> None:
        self._backend, self._read_frame, self._route = backend, read_frame, route

    def step(self) -> CoreResult | None:
        backend, route = self._backend, self._route
        backend.threads.add(threading.get_ident())
        leg = route.next_leg()
        if leg is None:
            return None
        backend.gate.wait(timeout=30)
        index = leg.target
        if index == backend.fails_at:
            raise RuntimeError(f"the fake network broke at frame {index}")
        started = time.perf_counter()
        frame = self._read_frame(index)
        if backend.work is not None:
            backend.work()
        elif backend.seconds:
            time.sleep(backend.seconds)
        label_map, distance = self._moved(index, leg.object_ids)
        assert frame.shape[:2] == label_map.shape
        if leg.open_ids:
            label_map = route.complete(index, label_map, leg.open_ids)
        code = max(250 - 4 * distance, 1)
        backend.steps.append(index)
        ids = [
            int(i) for i in np.unique(label_map) if i and (i in leg.open_ids or not leg.open_ids)
        ]
        small = np.ascontiguousarray(label_map[::8, ::8])
        clusters = np.where(small > 0, 1 + 16 * small, 0).astype(np.uint8)
        references = tuple(route.reference_indices)
        nearest = references.index((route.behind(index) or references)[-1])
        route.done(index)
        return CoreResult(
            index=index,
            label_map=label_map,
            reliability_map=np.full(label_map.shape, code, np.uint8),
            object_reliability=dict.fromkeys(ids, code / 255),
            cluster_map=clusters,
            seconds=time.perf_counter() - started,
            reference_map=np.full(small.shape, nearest, np.uint8),
            reference_frames=references,
        )

    def _moved(self, index: int, object_ids: Sequence[int]) -> tuple[np.ndarray, int]:
        """Every object moved from where a reference behind showed it last."""
        moved = np.zeros(self._route.size, np.uint8)
        distance = len(moved)
        for reference in self._route.behind(index):
            label_map = self._route.label_map(reference)
            for object_id in object_ids:
                if (label_map == object_id).any():
                    moved[moved == object_id] = 0
                    own = shifted(np.where(label_map == object_id, label_map, 0), index - reference)
                    moved = np.where(own > 0, own, moved)
                    distance = abs(index - reference)
        return moved.astype(np.uint8), distance

    def correct(
        self, index: int, label_map: np.ndarray, known: Collection[int] | None = None
    ) -> None:
        self._route.correct(index, label_map, known)

    def take_notices(self) -> list[str]:
        return []

    def close(self) -> None:
        self._route.close()
