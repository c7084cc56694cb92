"""A network that is none: masks move by a known step, to test every flow of the window."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from annotator.worker.backend import BackendError
from annotator.worker.jobs import BackendInfo, FrameResult


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
        self.threads: set[int] = set()
        self.steps: list[int] = []
        self.starts: list[tuple[tuple[int, ...], tuple[int, ...]]] = []
        self.corrections: list[int] = []
        self.open_passes = 0

    def load(self) -> BackendInfo:
        self.threads.add(threading.get_ident())
        if self.load_error is not None:
            raise BackendError(self.load_error)
        return BackendInfo("fake", "cpu", "uint8")

    def start(
        self,
        read_frame: Callable[[int], np.ndarray],
        references: Mapping[int, np.ndarray],
        targets: Sequence[int],
        *,
        object_ids: Sequence[int] | None,
        mode: str | None,
    ) -> FakePropagation:
        self.starts.append((tuple(sorted(references)), tuple(targets)))
        self.open_passes += 1
        return FakePropagation(self, read_frame, dict(references), list(targets))


class FakePropagation:
    """One pass of `FakeBackend`."""

    def __init__(
        self,
        backend: FakeBackend,
        read_frame: Callable[[int], np.ndarray],
        references: dict[int, np.ndarray],
        targets: list[int],
    ) -> None:
        self._backend = backend
        self._read_frame = read_frame
        self._references = references
        self._order = targets
        self._position = 0
        self._step = -1 if len(targets) > 1 and targets[1] < targets[0] else 1

    def step(self) -> FrameResult | None:
        backend = self._backend
        backend.threads.add(threading.get_ident())
        while self._position < len(self._order) and self._order[self._position] in self._references:
            self._position += 1
        if self._position == len(self._order):
            return None
        backend.gate.wait(timeout=30)
        index = self._order[self._position]
        self._position += 1
        if index == backend.fails_at:
            raise RuntimeError(f"the fake network broke at frame {index}")
        started = time.perf_counter()
        frame = self._read_frame(index)
        if backend.work is not None:
            backend.work()
        elif backend.seconds:
            time.sleep(backend.seconds)
        label_map = self._moved(index)
        assert frame.shape[:2] == label_map.shape
        distance = min(abs(index - reference) for reference in self._references)
        code = max(250 - 4 * distance, 1)
        backend.steps.append(index)
        ids = [int(i) for i in np.unique(label_map) if i]
        small = np.ascontiguousarray(label_map[::8, ::8])
        clusters = np.where(small > 0, 1 + 16 * small, 0).astype(np.uint8)
        return FrameResult(
            index=index,
            label_map=label_map,
            reliability_map=np.full(label_map.shape, code, np.uint8),
            object_reliability=dict.fromkeys(ids, code / 255),
            cluster_map=clusters,
            seconds=time.perf_counter() - started,
        )

    def _moved(self, index: int) -> np.ndarray:
        """The mask of the nearest reference behind, in the direction of the pass."""
        behind = [r for r in self._references if (index - r) * self._step > 0]
        nearest = min(behind or self._references, key=lambda r: abs(r - index))
        return shifted(self._references[nearest], index - nearest)

    def correct(self, index: int, label_map: np.ndarray) -> None:
        self._backend.corrections.append(index)
        self._references[index] = label_map
        if index in self._order[: self._position]:
            self._position = self._order.index(index) + 1

    def close(self) -> None:
        self._backend.open_passes -= 1
