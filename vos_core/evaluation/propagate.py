"""What the evaluation asks of a method: references in, one label map for each later frame out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Literal, Protocol

import cv2
import numpy as np

from vos_core.data.layers import look_up

if TYPE_CHECKING:
    from vos_core.inference import Propagator

ReadFrame = Callable[[int], np.ndarray]


class Propagate(Protocol):
    """A method under test."""

    def __call__(
        self, read_frame: ReadFrame, frame_count: int, references: Mapping[int, np.ndarray]
    ) -> Iterator[tuple[int, np.ndarray]]:
        """Yield (frame index, uint8 [H, W] label map), ascending, for all frames but references.

        Args:
            read_frame: Frame index to uint8 [H, W, 3] RGB.
            frame_count: Frames of the sequence.
            references: Frame index to uint8 [H, W]; index 0 is always there. A later one adds the
                objects that first appear in it and is not to be looked at before its time.
        """
        ...


def first_mask_copied(
    read_frame: ReadFrame,  # noqa: ARG001 - the baseline does not look
    frame_count: int,
    references: Mapping[int, np.ndarray],
) -> Iterator[tuple[int, np.ndarray]]:
    """Baseline: the first mask stays where it is; later objects are laid over it."""
    current = references[0]
    for index in range(1, frame_count):
        if index in references:
            current = _add_objects(current, references[index])
        else:
            yield index, current


def dis_optical_flow(
    read_frame: ReadFrame, frame_count: int, references: Mapping[int, np.ndarray]
) -> Iterator[tuple[int, np.ndarray]]:
    """Baseline: the mask is carried from frame to frame by dense inverse search optical flow.

    Flow runs from each frame to the one before it and looks labels up there, nearest neighbour
    (Kroeger et al., "Fast Optical Flow using Dense Inverse Search", ECCV 2016; OpenCV's medium
    preset).
    """
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    previous, current = _gray(read_frame(0)), references[0]
    height, width = current.shape
    columns, rows = np.meshgrid(np.arange(width), np.arange(height))
    grid = np.dstack([columns, rows]).astype(np.float32)
    for index in range(1, frame_count):
        gray = _gray(read_frame(index))
        places = grid + flow.calc(gray, previous, np.empty(0))
        current = look_up(current, places, cv2.INTER_NEAREST, cv2.BORDER_REPLICATE)
        previous = gray
        if index in references:
            current = _add_objects(current, references[index])
        else:
            yield index, current


def with_model(propagator: Propagator, mode: Literal["base", "mf"] | None = None) -> Propagate:
    """Make a loaded network a method under test.

    Args:
        propagator: From ``vos_core.inference.Propagator.load``.
        mode: Its reference set; None takes the propagator's own default.
    """

    def run(
        read_frame: ReadFrame, frame_count: int, references: Mapping[int, np.ndarray]
    ) -> Iterator[tuple[int, np.ndarray]]:
        shown, later = {0: references[0]}, sorted(set(references) - {0})
        targets = [index for index in range(1, frame_count) if index not in references]
        propagation = propagator.start(read_frame, shown, targets, mode=mode)
        try:
            for index in targets:
                while later and later[0] < index:
                    added = later.pop(0)
                    propagation.correct(added, references[added])
                result = propagation.step()
                if result is None:
                    return
                yield result.index, result.label_map
        finally:
            propagation.close()

    return run


def _add_objects(current: np.ndarray, added: np.ndarray) -> np.ndarray:
    return np.where(added > 0, added, current).astype(np.uint8)


def _gray(frame: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
