"""Painting: the pixels of one stroke as an undo step, and the stroke in hand before it is one."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from annotator.model.cells import (
    ID_COUNT,
    UNKNOWN_RELIABILITY,
    CellRow,
    CellState,
    state_after_edit,
)
from annotator.model.commands.identity import refuse_locked
from annotator.model.document import Document
from annotator.model.editor import DocumentEditor
from annotator.model.errors import FrameError
from annotator.model.geometry import EMPTY_BOX, Box
from annotator.model.label_maps import ByteMap

Mask = npt.NDArray[np.bool_]


class PaintStroke:
    """Pixels of one frame that got one new value: box, mask of what changed, values before.

    Serves every tool that sets pixels to one value: brush, eraser, fill, polygon.
    """

    def __init__(
        self,
        text: str,
        frame_index: int,
        box: Box,
        mask: Mask,
        old_values: ByteMap,
        value: int,
    ) -> None:
        self.text = text
        self.frame_index: int | None = frame_index
        self._index = frame_index
        self._box = box
        self._shape = mask.shape
        self._packed_mask = np.packbits(mask)
        self._old_values = old_values
        self._value = value
        self._old_row = CellRow(bytes(ID_COUNT), bytes(ID_COUNT))
        self.nbytes = 1500 + self._packed_mask.nbytes + old_values.nbytes

    @classmethod
    def prepare(
        cls,
        document: Document,
        frame_index: int,
        box: Box,
        mask: Mask,
        value: int,
        *,
        erased_id: int | None = None,
        protect_others: bool = False,
        text: str = "",
    ) -> PaintStroke:
        """Plan painting.

        Args:
            document: as it is now.
            frame_index: frame.
            box: where the mask lies; may reach over the edge of the frame.
            mask: bool [h, w] of the box's shape: pixels to set.
            value: object id to paint, or 0 to erase.
            erased_id: when erasing, the only object to erase; every unlocked object when None.
            protect_others: leave pixels of other objects alone (paint background only).
            text: for the menu; "paint NAME" or "erase" when empty.

        Raises:
            ObjectError: no such object.
            LockedObjectError: the object is locked.
            FrameError: no such frame, or mask and box differ in shape.
        """
        allowed = changeable_values(
            document, frame_index, value, erased_id=erased_id, protect_others=protect_others
        )
        if mask.shape != (box.height, box.width):
            raise FrameError(f"the mask has shape {mask.shape}, its box {box}")
        inside = box.clipped(document.height, document.width)
        rows = slice(inside.top - box.top, inside.bottom - box.top)
        columns = slice(inside.left - box.left, inside.right - box.left)
        old = document.label_map(frame_index)[inside.slices]
        text = text or stroke_text(document, value)
        return cls.of_values(text, frame_index, inside, old, mask[rows, columns], allowed, value)

    @classmethod
    def of_values(
        cls,
        text: str,
        frame_index: int,
        box: Box,
        values: ByteMap,
        mask: Mask,
        allowed: npt.NDArray[np.bool_],
        value: int,
    ) -> PaintStroke:
        """Plan painting from values only, so that any thread may.

        Args:
            text: for the menu.
            frame_index: frame.
            box: inside the frame.
            values: object ids in the box, uint8 [h, w].
            mask: pixels to set, bool [h, w].
            allowed: values that may change, bool [256] (see `changeable_values`).
            value: what they become.
        """
        changed = changed_pixels(values, mask, allowed)
        return cls._of_changed(text, frame_index, box, changed, values, value)

    @classmethod
    def _of_changed(
        cls, text: str, frame_index: int, box: Box, changed: Mask, old: ByteMap, value: int
    ) -> PaintStroke:
        tight = tight_box(changed)
        rows, columns = tight.slices
        placed = tight.shifted(box.top, box.left)
        mask = changed[rows, columns]
        return cls(text, frame_index, placed, mask, old[rows, columns][mask], value)

    @property
    def is_empty(self) -> bool:
        """Whether no pixel changes."""
        return self._old_values.size == 0

    @property
    def box(self) -> Box:
        """Box around the pixels that change."""
        return self._box

    @property
    def pixel_count(self) -> int:
        """Number of pixels that change."""
        return int(self._old_values.size)

    def mask(self) -> Mask:
        """Pixels that change, bool of the box's shape."""
        count = self._shape[0] * self._shape[1]
        return np.unpackbits(self._packed_mask, count=count).reshape(self._shape).astype(bool)

    def apply(self, editor: DocumentEditor) -> None:
        """Paint, and set the states of the cells concerned."""
        values = editor.document.label_map(self._index)[self._box.slices].copy()
        np.putmask(values, self.mask(), self._value)
        row = editor.document.cells.row(self._index)
        editor.patch_label_map(self._index, self._box, values)
        counts = np.bincount(self._old_values, minlength=ID_COUNT)
        touched = {int(i) for i in np.flatnonzero(counts)} | {self._value}
        cells = {}
        for object_id in touched - {0}:
            before = row.state(object_id)
            has_pixels = object_id == self._value or (
                before in (CellState.EMPTY, CellState.DRAWN)
                and self._occurs(editor.document, object_id)
            )
            cells[object_id] = (
                state_after_edit(before, has_pixels=has_pixels),
                UNKNOWN_RELIABILITY,
            )
        self._old_row = row
        editor.set_cells(self._index, row.with_cells(cells))

    def revert(self, editor: DocumentEditor) -> None:
        """Put the old values and states back."""
        self.revert_pixels(editor)
        editor.set_cells(self._index, self._old_row)

    def revert_pixels(self, editor: DocumentEditor) -> None:
        """Put the old values back and leave the cells alone."""
        values = editor.document.label_map(self._index)[self._box.slices].copy()
        values[self.mask()] = self._old_values
        editor.patch_label_map(self._index, self._box, values)

    def _occurs(self, document: Document, object_id: int) -> bool:
        label_map = document.label_map(self._index)
        if np.any(label_map[self._box.slices] == object_id):
            return True
        return bool(np.any(label_map == object_id))


def changeable_values(
    document: Document,
    frame_index: int,
    value: int,
    *,
    erased_id: int | None = None,
    protect_others: bool = False,
) -> npt.NDArray[np.bool_]:
    """Which present pixel values a stroke may change.

    Locked objects keep their pixels, and so do other objects that were verified in this frame.

    Returns:
        bool [256], indexed by the value a pixel has.

    Raises:
        ObjectError: no such object.
        LockedObjectError: the object to paint or to erase is locked.
    """
    own = value or erased_id
    if own:
        refuse_locked(document.objects[own])
    allowed = np.ones(ID_COUNT, bool)
    if value == 0 and erased_id is not None:
        allowed[:] = False
        allowed[erased_id] = True
    if value != 0 and protect_others:
        allowed[1:] = False
    for object_id in document.locked_ids():
        allowed[object_id] = False
    for object_id in document.cells.objects_in(frame_index, CellState.VERIFIED):
        if object_id != own:
            allowed[object_id] = False
    allowed[value] = False
    return allowed


def changed_pixels(values: ByteMap, mask: Mask, allowed: npt.NDArray[np.bool_]) -> Mask:
    """Pixels of a mask whose present value may be changed, bool of the mask's shape."""
    if mask.size == 0:
        return mask
    table = allowed.view(np.uint8)
    changeable = np.asarray(cv2.LUT(np.ascontiguousarray(values), table), np.uint8)
    result: Mask = changeable.view(bool)
    np.logical_and(result, mask, out=result)
    return result


def stroke_text(document: Document, value: int) -> str:
    """Menu text of a stroke."""
    return f"paint {document.objects[value].name}" if value else "erase"


def tight_box(mask: Mask) -> Box:
    """Smallest box around the set pixels of a mask, empty when there are none."""
    if mask.size == 0:
        return EMPTY_BOX
    left, top, width, height = cv2.boundingRect(np.ascontiguousarray(mask).view(np.uint8))
    return Box(top, left, top + height, left + width) if width else EMPTY_BOX
