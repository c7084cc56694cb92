"""Tools that paint along the pointer's way."""

from __future__ import annotations

from annotator.controller.tools.base import ToolGestures
from annotator.controller.tools.context import ToolContext
from annotator.model.painting import tapered_segment
from annotator.model.stroke import StrokeInHand
from annotator.views.canvas.gestures import PointerEvent
from annotator.views.canvas.tools import Tool


class BrushTool(ToolGestures):
    """Paints (brush) or takes away (eraser) along the way; the right button always takes away."""

    has_ring = True

    def __init__(self, context: ToolContext, tool: Tool) -> None:
        super().__init__(context, tool)
        self._stroke: StrokeInHand | None = None
        self._last = (0.0, 0.0)
        self._last_radius = 0.0

    @property
    def in_hand(self) -> bool:
        """Whether a stroke is being painted."""
        return self._stroke is not None

    def press(self, pointer: PointerEvent) -> None:
        """Begin a stroke with one dab."""
        if self._stroke is None:
            erases = pointer.erases or self.tool is Tool.ERASER
            self._stroke = self.context.begin_stroke(erases=erases)
            self._last = pointer.point
            self._last_radius = self.context.brush_radius(pointer.pressure)
            self.move(pointer)

    def move(self, pointer: PointerEvent) -> None:
        """Paint on to the pointer."""
        if self._stroke is not None:
            radius = self.context.brush_radius(pointer.pressure)
            patch = tapered_segment(
                self._last,
                pointer.point,
                self._last_radius,
                radius,
                shape=self.context.brush_shape,
            )
            self._stroke.add(*patch)
            self._last, self._last_radius = pointer.point, radius
            self.context.canvas.set_brush_radius(radius)

    def release(self, _pointer: PointerEvent) -> None:
        """Make the stroke an undo step."""
        stroke, self._stroke = self._stroke, None
        if stroke is not None:
            stroke.finish()
            self._restore_ring()

    def abort(self) -> None:
        """Take the stroke back."""
        stroke, self._stroke = self._stroke, None
        if stroke is not None:
            stroke.abort()
            self._restore_ring()

    def _restore_ring(self) -> None:
        self.context.canvas.set_brush_radius(self.context.brush_radius())
