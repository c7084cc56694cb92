"""Results of a propagation as one undo step, gathered while the network runs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import numpy as np

from annotator.model.cells import CellState, reliability_code
from annotator.model.commands.frames import FrameChange, FrameChanges
from annotator.model.document import Document
from annotator.model.label_maps import ByteMap, PackedMap
from annotator.model.merging import ids_in, merge_label_maps


class ApplyPropagation(FrameChanges):
    """Frames that the network segmented, gathered by `plan_result`."""

    @classmethod
    def prepare(
        cls, changes: Iterable[FrameChange], *, text: str = "propagate"
    ) -> ApplyPropagation:
        """Step of the changes that `plan_result` made, one a frame."""
        gathered = list(changes)
        return cls(text, gathered)


def plan_result(
    document: Document,
    frame_index: int,
    label_map: ByteMap,
    reliability_map: ByteMap | PackedMap | None,
    object_reliability: Mapping[int, float],
    *,
    object_ids: Collection[int] | None = None,
    replaced_ids: Collection[int] = (),
    packed_label_map: PackedMap | None = None,
) -> FrameChange:
    """What one result of the network changes in its frame.

    An object keeps its pixels and its cell when it is locked, verified in this frame, drawn or
    corrected in this frame (unless among ``replaced_ids``), or not among ``object_ids``. The others
    take the network's pixels, where no kept object lies; their cells become propagated, or empty
    where nothing of them is left.

    Args:
        document: as it is now.
        frame_index: frame.
        label_map: uint8 [H, W], object ids; ids that are not in the table are dropped.
        reliability_map: uint8 [H, W], 255 certain, or packed; None to leave the frame's as it is.
        object_reliability: object id -> mean reliability in [0, 1].
        object_ids: objects that were propagated; all when None.
        replaced_ids: objects whose mask in this frame is replaced though a person drew or corrected
            it (never a verified one).
        packed_label_map: ``label_map`` packed, when somebody (the worker) has done that already; it
            is used as it is when no object keeps its pixels.

    Raises:
        FrameError: no such frame or a map of another size.
    """
    document.label_maps.check_shape(label_map.shape)
    old = document.label_map(frame_index)
    row = document.cells.row(frame_index)

    def is_kept(object_id: int) -> bool:
        state = row.state(object_id)
        if state in (CellState.DRAWN, CellState.CORRECTED):
            return object_id not in replaced_ids
        return state is CellState.VERIFIED

    taken = {
        record.object_id
        for record in document.objects
        if not record.locked
        and not is_kept(record.object_id)
        and (object_ids is None or record.object_id in object_ids)
    }
    if not taken:
        return FrameChange(frame_index, row, row)
    new = merge_label_maps(old, label_map, kept_ids=(), taken_ids=taken)
    packed = packed_label_map
    if packed is None or not np.array_equal(new, label_map):
        packed = PackedMap.of(new)
    present = ids_in(new)
    codes = _usable_reliabilities(object_reliability)
    cells = {
        object_id: (
            CellState.PROPAGATED if object_id in present else CellState.EMPTY,
            reliability_code(codes.get(object_id) if object_id in present else None),
        )
        for object_id in taken
    }
    old_reliability = new_reliability = None
    if reliability_map is not None:
        old_reliability = document.reliability_maps.pack(frame_index)
        new_reliability = (
            reliability_map
            if isinstance(reliability_map, PackedMap)
            else PackedMap.of(reliability_map)
        )
        document.reliability_maps.check_shape((new_reliability.height, new_reliability.width))
    return FrameChange(
        frame_index,
        row,
        row.with_cells(cells),
        document.label_maps.pack(frame_index),
        packed,
        old_reliability,
        new_reliability,
    )


def _usable_reliabilities(reliabilities: Mapping[int, float]) -> dict[int, float]:
    """Reliabilities brought into [0, 1]; values that are not finite are left out."""
    return {
        object_id: float(min(max(value, 0.0), 1.0))
        for object_id, value in reliabilities.items()
        if np.isfinite(value)
    }
