"""Tools of one click: filling an area, choosing an object."""

from __future__ import annotations

from annotator.controller.tools.base import ToolGestures
from annotator.model.painting import flood_fill
from annotator.views.canvas.gestures import PointerEvent


class FillTool(ToolGestures):
    """Fills the connected area under the pointer; the right button clears it."""

    def press(self, pointer: PointerEvent) -> None:
        """Fill the area."""
        document, frame = self.context.document, self.context.frame
        if document is not None and frame is not None:
            patch = flood_fill(document.label_map(frame), pointer.x, pointer.y)
            if not patch.box.is_empty:
                self.context.paint(patch, erases=pointer.erases)


class PickTool(ToolGestures):
    """Chooses the object under the pointer."""

    def press(self, pointer: PointerEvent) -> None:
        """Choose it; background chooses nothing."""
        document, frame = self.context.document, self.context.frame
        if document is None or frame is None:
            return
        if 0 <= pointer.x < document.width and 0 <= pointer.y < document.height:
            value = int(document.label_map(frame)[int(pointer.y), int(pointer.x)])
            if value in document.objects:
                self.context.editor.choose_object(value)
