"""GrabCut: the chosen object's rough mask, made to follow the picture inside a box."""

from __future__ import annotations

import math

import numpy as np

from annotator.controller.tools.base import ToolGestures
from annotator.controller.tools.context import ToolContext
from annotator.controller.tools.tasks import Task
from annotator.model.geometry import Box
from annotator.model.grab_cut import refine, surroundings
from annotator.model.outline import Point
from annotator.views.canvas.gestures import PointerEvent
from annotator.views.canvas.previews import Outline
from annotator.views.canvas.tools import Tool

_LEAST_SIDE = 4


class BoxRefineTool(ToolGestures):
    """Refines inside a box that is dragged; the work is done beside the window and Esc drops it."""

    def __init__(self, context: ToolContext, tool: Tool) -> None:
        super().__init__(context, tool)
        self._start: Point | None = None
        self._end: Point = (0.0, 0.0)
        self._task: Task | None = None

    @property
    def in_hand(self) -> bool:
        """Whether a box is being dragged or worked on."""
        return self._start is not None or self._task is not None

    def status(self, name: str) -> str | None:
        """Say that it is at work."""
        return f"Refining {name} … · Esc drops it" if self._task is not None else None

    def press(self, pointer: PointerEvent) -> None:
        """Begin a box; one that is worked on is dropped."""
        self.abort()
        self._start = self._end = pointer.point
        self._show()

    def move(self, pointer: PointerEvent) -> None:
        """Drag it."""
        if self._start is not None and self._task is None:
            self._end = pointer.point
            self._show()

    def release(self, pointer: PointerEvent) -> None:
        """Refine inside it."""
        if self._start is None or self._task is not None:
            return
        self._end = pointer.point
        document, frame, pixels = self.context.document, self.context.frame, self.context.pixels
        if document is None or frame is None or pixels is None:
            self.abort()
            return
        (left, right), (top, bottom) = (
            sorted((self._start[axis], self._end[axis])) for axis in (0, 1)
        )
        box = Box(math.floor(top), math.floor(left), math.ceil(bottom), math.ceil(right)).clipped(
            document.height, document.width
        )
        if min(box.height, box.width) < _LEAST_SIDE:
            self.abort()
            self.context.editor.inform("Drag a box around what is to be refined.")
            return
        object_id = self.context.paintable_object()
        if object_id is None:
            self.abort()
            return
        around = surroundings(box, document.height, document.width)
        inner = box.shifted(-around.top, -around.left)
        part = pixels[around.slices].copy()
        rough = document.label_map(frame)[around.slices] == object_id

        def done(refined: np.ndarray | None) -> None:
            self._take(refined, frame, object_id, box, rough[inner.slices])

        self._task = self.context.tasks.start(
            lambda task: refine(part, rough, inner, is_cancelled=lambda: task.is_cancelled), done
        )
        self._show()

    def abort(self) -> None:
        """Drop the box and the work."""
        if self._task is not None:
            self._task.cancel()
        self._task = self._start = None
        self._show()

    def _take(
        self, refined: np.ndarray | None, frame: int, object_id: int, box: Box, rough: np.ndarray
    ) -> None:
        self._task = self._start = None
        self._show()
        context, document = self.context, self.context.document
        if refined is None or document is None or context.frame != frame:
            return
        record = context.editor.active_record
        if record is None or record.object_id != object_id:
            context.editor.inform("Another object was chosen meanwhile; nothing was refined.")
            return
        if not np.array_equal(document.label_map(frame)[box.slices] == object_id, rough):
            context.editor.inform("The mask changed meanwhile; drag the box again.")
            return
        changed = context.replace_mask(refined, box, text=f"refine {record.name} in a box")
        if not changed and not record.locked:
            context.editor.inform(f"{record.name} follows the picture there already.")

    def _show(self) -> None:
        outline = None
        if self._start is not None:
            (x0, y0), (x1, y1) = self._start, self._end
            path = [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
            outline = Outline(path, is_closed=True, dashed=True)
        self.context.canvas.show_outline(outline)
        self.context.changed.emit()
