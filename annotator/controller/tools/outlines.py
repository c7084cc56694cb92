"""Tools that fill what they go around."""

from __future__ import annotations

import math

from PySide6.QtCore import Qt

from annotator.controller.tools.base import ToolGestures
from annotator.controller.tools.context import ToolContext
from annotator.model.outline import EdgeSpot, EditableOutline, Point
from annotator.model.painting import Patch, ellipse_fill, polygon_fill, rectangle_fill
from annotator.views.canvas.gestures import PointerEvent
from annotator.views.canvas.previews import Outline
from annotator.views.canvas.tools import Tool

_LASSO_STEP = 0.75
_EDGE_REACH = 0.6
"""Of the reach of corners: new corners of thin areas come near to edges."""
_ELLIPSE_SIDES = 96
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_POLYGON_KEYS = (*_ENTER, Qt.Key.Key_Backspace, Qt.Key.Key_Delete)


class LassoTool(ToolGestures):
    """Fills what is drawn around in one go."""

    def __init__(self, context: ToolContext, tool: Tool) -> None:
        super().__init__(context, tool)
        self._points: list[Point] = []
        self._erases = False

    @property
    def in_hand(self) -> bool:
        """Whether a line is being drawn."""
        return bool(self._points)

    def press(self, pointer: PointerEvent) -> None:
        """Begin the line."""
        self._points = [pointer.point]
        self._erases = pointer.erases
        self._show()

    def move(self, pointer: PointerEvent) -> None:
        """Draw on."""
        if self._points and pointer.held:
            last = self._points[-1]
            if abs(last[0] - pointer.x) + abs(last[1] - pointer.y) >= _LASSO_STEP:
                self._points.append(pointer.point)
                self._show()

    def release(self, _pointer: PointerEvent) -> None:
        """Fill the inside; a line without one is dropped."""
        points, document = self._points, self.context.document
        self.abort()
        if len(points) >= 3 and document is not None:
            patch = polygon_fill(points, document.height, document.width)
            self.context.paint(patch, erases=self._erases)

    def abort(self) -> None:
        """Drop the line."""
        self._points = []
        self._show()

    def _show(self) -> None:
        self.context.canvas.show_outline(Outline(tuple(self._points)) if self._points else None)


class RectangleTool(ToolGestures):
    """Fills a rectangle or an ellipse between press and release.

    Shift makes it as high as wide; Ctrl puts its middle where the press was.
    """

    def __init__(self, context: ToolContext, tool: Tool) -> None:
        super().__init__(context, tool)
        self._start: Point | None = None
        self._corners: tuple[Point, Point] | None = None
        self._erases = False

    @property
    def in_hand(self) -> bool:
        """Whether it is being drawn."""
        return self._start is not None

    def press(self, pointer: PointerEvent) -> None:
        """Begin at a corner."""
        self._start = pointer.point
        self._erases = pointer.erases
        self.move(pointer)

    def move(self, pointer: PointerEvent) -> None:
        """Draw it to the pointer."""
        if self._start is None:
            return
        (x, y), dx, dy = self._start, pointer.x - self._start[0], pointer.y - self._start[1]
        if pointer.shift:
            side = max(abs(dx), abs(dy))
            dx, dy = math.copysign(side, dx), math.copysign(side, dy)
        first = (x - dx, y - dy) if pointer.control else (x, y)
        self._corners = (first, (x + dx, y + dy))
        self._show()

    def release(self, pointer: PointerEvent) -> None:
        """Fill it."""
        self.move(pointer)
        corners, document = self._corners, self.context.document
        self.abort()
        if corners is not None and document is not None:
            fill = ellipse_fill if self.tool is Tool.ELLIPSE else rectangle_fill
            patch: Patch = fill(*corners, document.height, document.width)
            if not patch.box.is_empty:
                self.context.paint(patch, erases=self._erases)

    def abort(self) -> None:
        """Drop it."""
        self._start = self._corners = None
        self._show()

    def _show(self) -> None:
        outline = None
        if self._corners is not None:
            (left, top), (right, bottom) = self._corners
            path: list[Point] = [(left, top), (right, top), (right, bottom), (left, bottom)]
            if self.tool is Tool.ELLIPSE:
                x, y, across, down = (
                    (left + right) / 2,
                    (top + bottom) / 2,
                    right - left,
                    bottom - top,
                )
                turns = [2 * math.pi * i / _ELLIPSE_SIDES for i in range(_ELLIPSE_SIDES)]
                path = [
                    (x + across / 2 * math.cos(turn), y + down / 2 * math.sin(turn))
                    for turn in turns
                ]
            outline = Outline(path, is_closed=True)
        self.context.canvas.show_outline(outline)


class PolygonTool(ToolGestures):
    """Fills a polygon whose corners can be changed until it is filled.

    A press on nothing adds a corner, on a corner takes hold of it, on an edge inserts one there;
    a right click on a corner takes it away. A press on the first corner joins the ends, so that
    everything can still be moved; Enter or a double click fills.
    """

    def __init__(self, context: ToolContext, tool: Tool) -> None:
        super().__init__(context, tool)
        self._outline = EditableOutline()
        self._erases = False
        self._dragged: int | None = None
        self._moved = False
        self._pointer: PointerEvent | None = None

    @property
    def in_hand(self) -> bool:
        """Whether there is a corner."""
        return len(self._outline) > 0

    def status(self, name: str) -> str | None:
        """Say what a press here would do."""
        if not self.in_hand:
            return None
        verb = "takes the area away" if self._erases else f"fills {name}"
        ends = f"Enter or double click {verb}"
        pointer = self._pointer
        if pointer is not None and not pointer.held:
            corner = self._outline.corner_at(pointer.point, pointer.reach)
            if corner == 0 and not self._outline.is_closed and self._outline.has_inside:
                return f"Click: join the ends, to move corners still · {ends}"
            if corner is not None:
                return f"Drag: move the corner · Del or right click takes it away · {ends}"
            if self._edge_under(pointer) is not None:
                return f"Drag: put a corner on this edge · {ends}"
        if self._outline.is_closed:
            return f"Drag corners and edges · {ends} · Esc drops"
        return f"Click: next corner · Backspace takes one back · {ends} · Esc drops"

    def press(self, pointer: PointerEvent) -> None:
        """Take hold of a corner, put one on an edge, or add one."""
        outline = self._outline
        corner = outline.corner_at(pointer.point, pointer.reach)
        self._pointer, self._moved = pointer, False
        if pointer.erases and self.in_hand:
            if corner is not None:
                outline.remove(corner)
            elif not outline.is_closed:
                outline.add(pointer.point)
        elif corner is not None:
            self._dragged = corner
        elif (spot := self._edge_under(pointer)) is not None:
            outline.insert(spot.place, pointer.point)
            self._dragged = spot.place
        elif not outline.is_closed:
            if not self.in_hand:
                self._erases = pointer.erases
            outline.add(pointer.point)
            self._dragged = len(outline) - 1
        self._show()

    def move(self, pointer: PointerEvent) -> None:
        """Move the corner in hand, or show what a press would do."""
        if not self.in_hand:
            return
        before, self._pointer = self._pointer, pointer
        if self._dragged is not None and pointer.held and before is not None:
            self._moved = self._moved or before.point != pointer.point
            self._outline.move(self._dragged, pointer.point)
        self._show()

    def release(self, pointer: PointerEvent) -> None:
        """Let the corner go; the first one, only clicked, joins the ends."""
        dragged, self._dragged = self._dragged, None
        if dragged == 0 and not self._moved and len(self._outline) > 1:
            self._outline.close()
        self._pointer = None
        self._show()

    def double_click(self, _pointer: PointerEvent) -> None:
        """Fill."""
        self._fill()

    def wants_key(self, key: Qt.Key) -> bool:
        """Enter, Backspace and Del while there are corners."""
        return self.in_hand and key in _POLYGON_KEYS

    def press_key(self, key: Qt.Key) -> None:
        """Enter fills, Backspace takes the last corner back, Del the one under the pointer."""
        if key in _ENTER:
            self._fill()
            return
        pointer = self._pointer
        place: int | None = len(self._outline) - 1
        if key == Qt.Key.Key_Delete:
            at = (pointer.point, pointer.reach) if pointer is not None else None
            place = self._outline.corner_at(*at) if at is not None else None
        if place is not None and self._dragged is None:
            self._outline.remove(place)
            self._show()

    def leave(self) -> None:
        """Forget where the pointer was."""
        self._pointer = None
        self._show()

    def abort(self) -> None:
        """Drop the polygon."""
        self._outline.clear()
        self._dragged = None
        self._show()

    def _edge_under(self, pointer: PointerEvent) -> EdgeSpot | None:
        return self._outline.edge_at(pointer.point, pointer.reach * _EDGE_REACH)

    def _fill(self) -> None:
        corners, document = self._outline.corners, self.context.document
        self.abort()
        if len(corners) >= 3 and document is not None:
            patch = polygon_fill(corners, document.height, document.width)
            self.context.paint(patch, erases=self._erases)

    def _show(self) -> None:
        canvas, outline, pointer = self.context.canvas, self._outline, self._pointer
        if not self.in_hand:
            canvas.show_outline(None)
            canvas.set_hover_shape(None)
            self.context.changed.emit()
            return
        hot = self._dragged
        ghost = None
        path = outline.corners
        if pointer is not None and not pointer.held:
            hot = outline.corner_at(pointer.point, pointer.reach)
            if hot is None:
                spot = self._edge_under(pointer)
                ghost = spot.point if spot else None
                if ghost is None and not outline.is_closed:
                    path = (*path, pointer.point)
        shape = None
        if hot is not None:
            shape = Qt.CursorShape.SizeAllCursor
        elif ghost is not None:
            shape = Qt.CursorShape.DragCopyCursor
        canvas.set_hover_shape(shape)
        canvas.show_outline(Outline(path, outline.is_closed, outline.corners, hot=hot, ghost=ghost))
        self.context.changed.emit()
