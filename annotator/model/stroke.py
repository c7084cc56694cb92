"""The stroke in hand: pixels appear while the button is down, one undo step when it goes up."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from annotator.model.commands.paint import (
    Mask,
    PaintStroke,
    changeable_values,
    changed_pixels,
    stroke_text,
)
from annotator.model.document import Document
from annotator.model.errors import HistoryError
from annotator.model.geometry import EMPTY_BOX, Box


class StrokeInHand:
    """A stroke between press and release. Made by `annotator.model.history.History.begin_stroke`.

    Each `add` shows at once (``label_map_changed``); nothing reaches history or storage before
    `finish`.
    """

    def __init__(
        self,
        document: Document,
        frame_index: int,
        value: int,
        *,
        erased_id: int | None,
        protect_others: bool,
        text: str,
        on_end: Callable[[PaintStroke | None], None],
    ) -> None:
        self._allowed = changeable_values(
            document, frame_index, value, erased_id=erased_id, protect_others=protect_others
        )
        self._document = document
        self._value = value
        self._text = text or stroke_text(document, value)
        self._on_end = on_end
        self._before = document.label_map(frame_index).copy()
        self._box = EMPTY_BOX
        self._is_open = True
        self.frame_index = frame_index

    @property
    def is_open(self) -> bool:
        """Whether it was neither finished nor aborted."""
        return self._is_open

    @property
    def box(self) -> Box:
        """Box around everything painted so far."""
        return self._box

    def add(self, box: Box, mask: Mask) -> Box:
        """Paint one more piece.

        Args:
            box: where the mask lies; may reach over the edge of the frame.
            mask: bool [h, w] of the box's shape.

        Returns:
            The part of the box inside the frame, already announced by ``label_map_changed`` when
            a pixel changed.

        Raises:
            HistoryError: the stroke is over.
        """
        self._check_open()
        inside = box.clipped(self._document.height, self._document.width)
        if inside.is_empty:
            return inside
        rows = slice(inside.top - box.top, inside.bottom - box.top)
        columns = slice(inside.left - box.left, inside.right - box.left)
        values = self._document.label_map(self.frame_index)[inside.slices]
        changed = changed_pixels(values, mask[rows, columns], self._allowed)
        if changed.any():
            values = values.copy()
            np.putmask(values, changed, self._value)
            with self._document.editing(provisional=True) as editor:
                editor.patch_label_map(self.frame_index, inside, values)
            self._box = self._box.union(inside)
        return inside

    def finish(self) -> bool:
        """Make the stroke one undo step; False when it changed nothing.

        Raises:
            HistoryError: the stroke is over.
        """
        self._check_open()
        self._is_open = False
        old = self._before[self._box.slices]
        new = self._document.label_map(self.frame_index)[self._box.slices]
        stroke = PaintStroke._of_changed(
            self._text, self.frame_index, self._box, old != new, old, self._value
        )
        self._on_end(None if stroke.is_empty else stroke)
        return not stroke.is_empty

    def abort(self) -> None:
        """Take everything back, as if the button had never been pressed.

        Raises:
            HistoryError: the stroke is over.
        """
        self._check_open()
        self._is_open = False
        with self._document.editing(provisional=True) as editor:
            editor.patch_label_map(
                self.frame_index, self._box, self._before[self._box.slices].copy()
            )
        self._on_end(None)

    def _check_open(self) -> None:
        if not self._is_open:
            raise HistoryError("this stroke is over")
