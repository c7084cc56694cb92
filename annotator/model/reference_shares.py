"""Which reference explained which share of each frame, as the network matched it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np


class ReferenceShares:
    """Counts, for every frame of a run, the pixels whose nearest cluster each reference gave.

    A reference with a share where its own masks say otherwise is a suspect; one with none adds
    nothing.
    """

    def __init__(self) -> None:
        self._by_frame: dict[int, dict[int, int]] = {}
        self._total: Counter[int] = Counter()

    def note(self, frame: int, reference_map: np.ndarray, reference_frames: Sequence[int]) -> None:
        """Take a frame into account, in place of what was known of it.

        Args:
            frame: Frame index.
            reference_map: uint8 [h, w] places in `reference_frames`.
            reference_frames: Frames of the references.
        """
        self.forget(frame)
        counts = np.bincount(reference_map.ravel(), minlength=len(reference_frames))
        found = {
            reference: int(count)
            for reference, count in zip(reference_frames, counts, strict=False)
            if count
        }
        self._by_frame[frame] = found
        self._total.update(found)

    def forget(self, frame: int) -> None:
        """Drop what is known of a frame."""
        self._total.subtract(self._by_frame.pop(frame, {}))

    def clear(self) -> None:
        """Drop everything."""
        self._by_frame.clear()
        self._total.clear()

    def share(self, reference: int) -> float | None:
        """Share of all pixels that a reference explained, in [0, 1]; None without any run."""
        every = sum(self._total.values())
        return self._total[reference] / every if every else None

    def share_in(self, frame: int, reference: int) -> float | None:
        """The same in one frame; None where nothing is known of it."""
        found = self._by_frame.get(frame)
        return found.get(reference, 0) / sum(found.values()) if found else None

    def frames_of(self, reference: int) -> dict[int, float]:
        """Frames in which a reference explained something, with its share there."""
        return {
            frame: found[reference] / sum(found.values())
            for frame, found in sorted(self._by_frame.items())
            if reference in found
        }
