"""What the evaluation asks of a method: references in, one label map for each later frame out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Literal, Protocol

import cv2
import numpy as np

from vos_core.data.layers import look_up

if TYPE_CHECKING:
    from vos_core.inference import Propagator, PropagatorOptions

ReadFrame = Callable[[int], np.ndarray]


class Propagate(Protocol):
    """A method under test."""

    def __call__(
        self, read_frame: ReadFrame, frame_count: int, references: Mapping[int, np.ndarray]
    ) -> Iterator[tuple[int, np.ndarray]]:
        """Yield (frame index, uint8 [H, W] label map), ascending, for every frame but the first.

        Args:
            read_frame: Frame index to uint8 [H, W, 3] RGB.
            frame_count: Frames of the sequence.
            references: Frame index to uint8 [H, W]; index 0 is always there. A later one shows the
                objects that first appear in it and says nothing of the others; it is not to be
                looked at before its time. The result of such a frame is what it shows, laid over
                the prediction of the others.
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
        yield index, current


def with_model(
    propagator: Propagator,
    mode: Literal["base", "mf"] | None = None,
    options: PropagatorOptions | None = None,
) -> Propagate:
    """Make a loaded network a method under test.

    Objects that first appear later enter as the YouTube-VOS protocol says (CFBI, evaluation code):
    their frame is predicted with the objects known before it, what is given is laid over that, and
    the whole becomes a reference.

    Args:
        propagator: From ``vos_core.inference.Propagator.load``.
        mode: Its reference set; None takes that of the options.
        options: How to run; the propagator's own defaults when None.
    """

    def run(
        read_frame: ReadFrame, frame_count: int, references: Mapping[int, np.ndarray]
    ) -> Iterator[tuple[int, np.ndarray]]:
        from vos_core.inference.known_masks import VOID, shown_ids

        targets = list(range(1, frame_count))
        propagation = propagator.start(
            read_frame, {0: references[0]}, targets, mode=mode, options=options
        )
        seen = shown_ids(references[0])
        try:
            upcoming = 1
            while upcoming < frame_count:
                given = references.get(upcoming)
                if given is not None:
                    shown = shown_ids(given)
                    propagation.correct(upcoming, given, known=shown)
                    is_whole, seen = seen <= shown, seen | shown
                    if is_whole:  # nothing is left to predict in it
                        yield upcoming, np.where(given == VOID, np.uint8(0), given)
                        upcoming += 1
                        continue
                result = propagation.step()
                if result is None:
                    return
                yield result.index, result.label_map
                upcoming = result.index + 1
        finally:
            propagation.close()

    return run


def _add_objects(current: np.ndarray, added: np.ndarray) -> np.ndarray:
    return np.where(added > 0, added, current).astype(np.uint8)


def _gray(frame: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
