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
        if document is None or frame is None:
            return
        patch = flood_fill(document.label_map(frame), pointer.x, pointer.y)
        if patch.box.is_empty:
            return
        value = int(document.label_map(frame)[int(pointer.y), int(pointer.x)])
        changed = self.context.paint(patch, erases=pointer.erases)
        record = self.context.editor.active_record
        if changed or record is None or record.locked or value in (0, record.object_id):
            return
        if not pointer.erases and value in document.objects:
            name = document.objects[value].name
            self.context.editor.inform(
                f"{name} keeps its pixels: it is locked, verified here, or others are protected."
            )


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
