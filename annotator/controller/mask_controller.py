"""The mask menu: edits of the chosen object's mask in the shown frame, each one undo step."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QObject, Slot

from annotator.controller.tools.context import ToolContext
from annotator.model import mask_edits
from annotator.views.main_window import MainWindow

_Edit = Callable[[np.ndarray], np.ndarray]


class MaskController(QObject):
    """Grows, shrinks, smooths, cleans and copies masks.

    Args:
        context: the way to the document.
        window: the window.
    """

    def __init__(self, context: ToolContext, window: MainWindow) -> None:
        super().__init__(window)
        self._context = context
        self._amounts = window.mask_amounts
        handlers: dict[str, Callable[[], object]] = {
            "mask.grow": self._grow,
            "mask.shrink": self._shrink,
            "mask.smooth": self._smooth,
            "mask.islands": self._remove_islands,
            "mask.holes": self._fill_holes,
            "mask.copy_previous": self._copy_previous,
            "mask.copy_next": self._copy_next,
        }
        for name, handler in handlers.items():
            window.actions_table[name].triggered.connect(handler)

    @Slot()
    def _grow(self) -> None:
        amount = self._amounts.amount
        self._edit("grow", lambda mask: mask_edits.grow(mask, amount))

    @Slot()
    def _shrink(self) -> None:
        amount = self._amounts.amount
        self._edit("shrink", lambda mask: mask_edits.shrink(mask, amount))

    @Slot()
    def _smooth(self) -> None:
        amount = self._amounts.amount
        self._edit("smooth", lambda mask: mask_edits.smooth(mask, amount))

    @Slot()
    def _remove_islands(self) -> None:
        least = self._amounts.least_island
        self._edit(
            "remove islands of",
            lambda mask: mask_edits.without_islands(mask, least),
            unchanged=f"has no part of fewer than {least} pixels besides its largest",
        )

    @Slot()
    def _fill_holes(self) -> None:
        self._edit(
            "fill holes of", mask_edits.without_holes, unchanged="has no hole that may be filled"
        )

    def _edit(self, verb: str, edit: _Edit, *, unchanged: str = "stays as it is") -> None:
        editor, document, frame = self._context.editor, self._context.document, self._context.frame
        record = editor.active_record
        if document is None or frame is None or record is None:
            editor.inform("Choose an object first; this edits its mask.")
            return
        mask = document.object_mask(frame, record.object_id)
        if not mask.any():
            editor.inform(f"{record.name} has no mask in frame {frame}.")
            return
        changed = self._context.replace_mask(edit(mask), text=f"{verb} {record.name}")
        if not changed and not record.locked:
            editor.inform(f"{record.name} {unchanged}.")

    @Slot()
    def _copy_previous(self) -> None:
        self._copy(-1)

    @Slot()
    def _copy_next(self) -> None:
        self._copy(1)

    def _copy(self, step: int) -> None:
        editor, document, frame = self._context.editor, self._context.document, self._context.frame
        record = editor.active_record
        if document is None or frame is None or record is None:
            editor.inform("Choose an object first; its mask is copied.")
            return
        source = frame + step
        if not 0 <= source < document.frame_count:
            side = "before" if step < 0 else "after"
            editor.inform(f"There is no frame {side} frame {frame} to copy from.")
            return
        mask = document.object_mask(source, record.object_id)
        if not mask.any():
            editor.inform(f"{record.name} has no mask in frame {source}, nothing is copied.")
            return
        text = f"copy {record.name} from frame {source}"
        if not self._context.replace_mask(mask, text=text) and not record.locked:
            editor.inform(f"{record.name} has that mask already, or others keep its pixels.")
