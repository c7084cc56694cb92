"""What a run changed, kept so that it can be looked at and taken back frame by frame."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np

from annotator.model.cells import CellRow, CellState
from annotator.model.commands.frames import FrameChange, FrameChanges
from annotator.model.document import Document
from annotator.model.label_maps import ByteMap, PackedMap
from annotator.model.merging import ids_in, merge_label_maps

ONLY_NOW, ONLY_BEFORE = 1, 2
ANOTHER_OBJECT = ONLY_NOW | ONLY_BEFORE


@dataclass(frozen=True)
class FormerFrame:
    """One frame as it was before the run."""

    label_map: PackedMap
    cells: CellRow


class FormerRun:
    """The frames that the last run changed, as they were before it.

    While it is held, all runs from then on count as one: what is compared with is what there was
    before the first of them, so that any two runs can be compared. What a person accepts leaves it.
    It is no part of the document and is not saved.
    """

    def __init__(self) -> None:
        self._frames: dict[int, FormerFrame] = {}
        self._accepted: dict[int, set[int]] = {}
        self._is_held = False

    @property
    def is_held(self) -> bool:
        """Whether further runs are compared with what was before the first of them."""
        return self._is_held

    def hold(self, on: bool) -> None:
        """Compare from now on with the masks as they are now; or with those before each run."""
        if on and not self._is_held:
            self.clear()
        self._is_held = on

    def begin(self) -> None:
        """Another run begins: forget the one before, unless it is held."""
        if not self._is_held:
            self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self._frames.clear()
        self._accepted.clear()

    def note(self, change: FrameChange) -> None:
        """Take up what a result of the run replaced; of a frame done twice the first counts."""
        frame, old = change.frame_index, change.old_label_map
        if old is None:
            return
        known, accepted = self._frames.get(frame), self._accepted.pop(frame, None)
        if known is None:
            self._frames[frame] = FormerFrame(old, change.old_cells)
        elif accepted:  # agreed to as it was until now, and changed again
            merged = _with_accepted(known.label_map.unpack(), old.unpack(), accepted)
            self._frames[frame] = FormerFrame(PackedMap.of(merged), known.cells)

    def accept(self, frames: Iterable[int], object_ids: Iterable[int]) -> None:
        """Agree to what the run made of some objects: they no longer differ."""
        ids = set(object_ids)
        for frame in frames:
            if frame in self._frames:
                self._accepted.setdefault(frame, set()).update(ids)

    @property
    def frames(self) -> tuple[int, ...]:
        """Frames that the run wrote, ascending."""
        return tuple(sorted(self._frames))

    def label_map(self, document: Document, frame: int) -> ByteMap | None:
        """The frame as it would be without the run, as far as nothing was accepted.

        Returns:
            uint8 [H, W]; None for a frame that the run did not write.
        """
        former = self._frames.get(frame)
        return None if former is None else self._before(former, document, frame)

    def _before(self, former: FormerFrame, document: Document, frame: int) -> ByteMap:
        old, accepted = former.label_map.unpack(), self._accepted.get(frame)
        return _with_accepted(old, document.label_map(frame), accepted) if accepted else old

    def cells(self, frame: int) -> CellRow:
        """Cells of the frame before the run; KeyError for one that it did not write."""
        return self._frames[frame].cells

    def differs(self, document: Document, frame: int) -> bool:
        """Whether the frame has other pixels now than before the run."""
        former = self._frames.get(frame)
        if former is None or former.label_map == document.label_maps.pack(frame):
            return False
        return frame not in self._accepted or bool(self.difference(document, frame).any())

    def difference(self, document: Document, frame: int) -> ByteMap:
        """Where the frame differs from before the run.

        Returns:
            uint8 [H, W]: 0 alike, 1 an object only now, 2 only before, 3 another object.
        """
        now = document.label_map(frame)
        before = self.label_map(document, frame)
        if before is None:
            return np.zeros_like(now)
        return difference_codes(now, before)

    def changed_share(self, document: Document, frame: int) -> float:
        """Pixels that differ as a share of those that an object has or had, in [0, 1]."""
        former = self._frames.get(frame)
        if former is None or former.label_map == document.label_maps.pack(frame):
            return 0.0
        before, now = self._before(former, document, frame), document.label_map(frame)
        shown = cv2.countNonZero(cv2.bitwise_or(before, now))
        return cv2.countNonZero(cv2.absdiff(before, now)) / max(shown, 1)

    def stretch(self, document: Document, frame: int) -> range:
        """The frames around one that differ without a gap; empty when it does not differ."""
        if not self.differs(document, frame):
            return range(frame, frame)
        first = last = frame
        while self.differs(document, first - 1):
            first -= 1
        while self.differs(document, last + 1):
            last += 1
        return range(first, last + 1)


def _with_accepted(before: ByteMap, now: ByteMap, accepted: Iterable[int]) -> ByteMap:
    """What was before, the objects that were agreed to as they are now."""
    return merge_label_maps(before, now, kept_ids=(), taken_ids=accepted)


def difference_codes(now: ByteMap, before: ByteMap) -> ByteMap:
    """Where two label maps differ, and how.

    Args:
        now: uint8 [H, W].
        before: uint8 [H, W].

    Returns:
        uint8 [H, W]: 0 alike, 1 an object only now, 2 only before, 3 another object.
    """
    # the codes are bits: 1 for something there now, 2 for something there before
    codes = (now != 0).view(np.uint8) * np.uint8(ONLY_NOW)
    codes |= (before != 0).view(np.uint8) * np.uint8(ONLY_BEFORE)
    codes *= (now != before).view(np.uint8)
    return codes


class RestoreFormer(FrameChanges):
    """Some objects over some frames put back as they were before the run."""

    @classmethod
    def prepare(
        cls,
        document: Document,
        former: FormerRun,
        frames: Iterable[int],
        object_ids: Iterable[int],
        *,
        text: str = "",
    ) -> RestoreFormer:
        """Plan the return; what is locked, and what a person made or verified since, stays.

        Args:
            document: as it is now.
            former: what was before the run.
            frames: frames; those that the run did not write are passed over.
            object_ids: objects.
            text: for the menu.
        """
        wanted = frozenset(object_ids) - document.locked_ids()
        changes = []
        for frame in sorted(set(frames) & set(former.frames)):
            row, old_row = document.cells.row(frame), former.cells(frame)
            before = former.label_map(document, frame)
            ids = {
                i
                for i in wanted
                if i in document.objects and not _is_newer(row.state(i), old_row.state(i))
            }
            if before is None or not ids:
                continue
            merged = merge_label_maps(document.label_map(frame), before, kept_ids=(), taken_ids=ids)
            present = ids_in(merged)
            cells = {}
            for object_id in ids:
                state = old_row.state(object_id)
                gone = state in (CellState.PROPAGATED, CellState.DRAWN) and (
                    object_id not in present
                )
                cells[object_id] = (
                    (CellState.EMPTY, 0) if gone else (state, old_row.codes[object_id])
                )
            changes.append(
                FrameChange(
                    frame,
                    row,
                    row.with_cells(cells),
                    document.label_maps.pack(frame),
                    PackedMap.of(merged),
                )
            )
        return cls(text or "put back what was before the run", changes)


def _is_newer(now: CellState, before: CellState) -> bool:
    """Whether a person made or verified the cell after the run."""
    return now.is_from_a_person and now is not before


def instability(here: ByteMap, neighbours: Iterable[ByteMap], *, tolerance: int = 1) -> ByteMap:
    """Pixels that another label has in the neighbouring frames, brought here by their motion.

    Args:
        here: uint8 [h, w] of the frame.
        neighbours: uint8 [h, w] of up to two neighbours.
        tolerance: Changes thinner than about twice this many pixels, as every moving edge has,
            are left out.

    Returns:
        uint8 [h, w]: to how many neighbours the pixel is unlike, 0..2.
    """
    kernel = np.ones((2 * tolerance + 1, 2 * tolerance + 1), np.uint8)
    counts = np.zeros(here.shape, np.uint8)
    for other in neighbours:
        changed = cv2.compare(here, other, cv2.CMP_NE)
        kept = np.asarray(cv2.morphologyEx(changed, cv2.MORPH_OPEN, kernel))
        counts += (kept > 0).astype(np.uint8)
    return counts


def moved_labels(label_map: ByteMap, flow: np.ndarray) -> ByteMap:
    """Look labels up where the flow says that each pixel was.

    Args:
        label_map: uint8 [h, w] of the neighbour.
        flow: float32 [h, w, 2], from this frame to the neighbour, (x, y) in pixels.
    """
    height, width = label_map.shape
    columns, rows = np.meshgrid(
        np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)
    )
    found = cv2.remap(
        label_map,
        columns + flow[..., 0],
        rows + flow[..., 1],
        cv2.INTER_NEAREST,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(found, np.uint8)
