"""One mask to carry by hand: copied from an object in a frame, pasted into any other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QObject, Slot

from annotator.controller.tools.context import ToolContext
from annotator.model.commands.masks import ReplaceObjectMask
from annotator.model.errors import ModelError
from annotator.views.main_window import MainWindow


@dataclass(frozen=True)
class _Copied:
    """A mask away from its document.

    Attributes:
        bits: The mask, eight pixels a byte.
        shape: (height, width).
        name: What the object was called.
        frame: Where it was seen.
    """

    bits: np.ndarray
    shape: tuple[int, int]
    name: str
    frame: int

    @property
    def mask(self) -> np.ndarray:
        """Bool [H, W]."""
        height, width = self.shape
        flat = np.unpackbits(self.bits, count=height * width)
        return flat.reshape(self.shape).astype(bool)


class MaskClipboard(QObject):
    """Copy and paste of masks; what is copied outlives the video that it came from.

    Args:
        context: The way to the document.
        window: The window.
    """

    def __init__(self, context: ToolContext, window: MainWindow) -> None:
        super().__init__(window)
        self._context = context
        self._copied: _Copied | None = None
        window.actions_table["mask.copy"].triggered.connect(self.copy)
        window.actions_table["mask.paste"].triggered.connect(self.paste)

    @Slot()
    def copy(self) -> None:
        """Keep the chosen object's mask in the frame in view."""
        editor, document, frame = self._context.editor, self._context.document, self._context.frame
        record = editor.active_record
        if document is None or frame is None or record is None:
            editor.inform("Choose an object first; its mask is copied.")
            return
        mask = document.label_map(frame) == record.object_id
        if not mask.any():
            editor.inform(f"{record.name} has no mask in frame {frame}, nothing is copied.")
            return
        shape = (document.height, document.width)
        self._copied = _Copied(np.packbits(mask), shape, record.name, frame)
        editor.inform(f"Copied {record.name} of frame {frame}; [mask.paste] puts it elsewhere.")

    @Slot()
    def paste(self) -> None:
        """Give the chosen object the mask that was copied, in the frame in view."""
        editor, document, frame = self._context.editor, self._context.document, self._context.frame
        copied = self._copied
        if document is None or frame is None:
            return
        if copied is None:
            editor.inform("Nothing is copied yet; [mask.copy] copies the chosen object's mask.")
            return
        if copied.shape != (document.height, document.width):
            editor.warn(
                f"The copied mask is {copied.shape[1]} x {copied.shape[0]} pixels, these frames "
                f"are {document.width} x {document.height}; nothing is pasted."
            )
            return
        object_id = self._context.paintable_object()
        record = editor.active_record
        if object_id is None or record is None:
            return
        try:
            command = ReplaceObjectMask.prepare(
                document,
                frame,
                object_id,
                copied.mask,
                text=f"paste {copied.name} of frame {copied.frame} as {record.name}",
                protect_others=self._context.protects,
            )
        except ModelError as error:
            editor.warn(str(error))
            return
        if not self._context.do(command):
            editor.inform(f"{record.name} has that mask already, or others keep its pixels.")
