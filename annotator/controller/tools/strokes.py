"""Tools that paint along the pointer's way."""

from __future__ import annotations

from annotator.controller.tools.base import ToolGestures
from annotator.controller.tools.context import ToolContext
from annotator.model.cluster_paint import codes_along, snapped
from annotator.model.clusters import ClusterFrame
from annotator.model.painting import Patch, Point, tapered_segment
from annotator.model.stroke import StrokeInHand
from annotator.views.canvas.gestures import PointerEvent
from annotator.views.canvas.tools import Tool

_HOW_TO_GET_CLUSTERS = "propagate over it, or show proxy clusters ([view.clusters])"


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
            self._stroke.add(*self._patch(self._last, pointer.point, self._last_radius, radius))
            self._last, self._last_radius = pointer.point, radius
            self.context.canvas.set_brush_radius(radius)

    def _patch(self, start: Point, end: Point, start_radius: float, end_radius: float) -> Patch:
        """What the way between two positions takes."""
        shape = self.context.brush_shape
        return tapered_segment(start, end, start_radius, end_radius, shape=shape)

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


class ClusterBrushTool(BrushTool):
    """A brush that paints no further than the proxy clusters that its middle passed."""

    def __init__(self, context: ToolContext, tool: Tool) -> None:
        super().__init__(context, tool)
        self._clusters: ClusterFrame | None = None
        self._codes: frozenset[int] = frozenset()

    def status(self, _name: str) -> str | None:
        """Say when the frame has no clusters."""
        if self.context.clusters is None:
            return f"No proxy clusters in frame {self.context.frame}: {_HOW_TO_GET_CLUSTERS}"
        return None

    def press(self, pointer: PointerEvent) -> None:
        """Begin a stroke, where there are clusters."""
        self._clusters, self._codes = self.context.clusters, frozenset()
        if self._clusters is None:
            frame = self.context.frame
            self.context.editor.inform(
                f"Frame {frame} has no proxy clusters yet: {_HOW_TO_GET_CLUSTERS}."
            )
        else:
            super().press(pointer)

    def move(self, pointer: PointerEvent) -> None:
        """Paint on; without a stroke, say again whether there are clusters."""
        super().move(pointer)
        if not pointer.held and (self.context.clusters is None) != (self._clusters is None):
            self._clusters = self.context.clusters
            self.context.changed.emit()

    def _patch(self, start: Point, end: Point, start_radius: float, end_radius: float) -> Patch:
        patch = super()._patch(start, end, start_radius, end_radius)
        if self._clusters is None:
            return patch
        self._codes |= codes_along(self._clusters, start, end)
        return snapped(patch, self._clusters, self._codes)
