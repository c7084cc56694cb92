"""The live-wire: an outline that follows the edges of the picture between clicks."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from PySide6.QtCore import Qt

from annotator.controller.tools.base import ToolGestures
from annotator.controller.tools.context import ToolContext
from annotator.controller.tools.tasks import Task
from annotator.model.live_wire import EdgeMap, Point
from annotator.model.painting import polygon_fill
from annotator.views.canvas.gestures import PointerEvent
from annotator.views.canvas.previews import Outline
from annotator.views.canvas.tools import Tool

_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_KEYS = (*_ENTER, Qt.Key.Key_Backspace)
_LARGEST_WINDOW = 1600


@dataclass(eq=False)
class _Anchor:
    """A click, and the way from it to the next one."""

    point: Point
    task: Task | None = None
    edges: EdgeMap | None = None
    path: list[Point] = field(default_factory=list)
    goal: Point | None = None

    def find_path(self) -> None:
        """Follow the edges to the next anchor, once both are known."""
        if self.edges is not None and self.goal is not None:
            self.path = self.edges.path_to(self.goal)


class LiveWireTool(ToolGestures):
    """Fills what clicks go around; between them the line keeps to the edges of the picture.

    The edges around a click are searched beside the window; until they are known the line is
    straight. A click on the first anchor, Enter or a double click joins the ends and fills as soon
    as every edge is known.
    """

    def __init__(self, context: ToolContext, tool: Tool) -> None:
        super().__init__(context, tool)
        self._anchors: list[_Anchor] = []
        self._erases = False
        self._is_closing = False
        self._pointer: Point | None = None

    @property
    def in_hand(self) -> bool:
        """Whether there is an anchor."""
        return bool(self._anchors)

    def status(self, name: str) -> str | None:
        """Say how to go on."""
        if self._is_closing:
            return "Following the edges … · Esc drops"
        if not self.in_hand:
            return None
        verb = "takes the area away" if self._erases else f"fills {name}"
        return (
            f"Click: hold the line here · Backspace lets the last click go · "
            f"Enter, double click or the first point {verb} · Esc drops"
        )

    def press(self, pointer: PointerEvent) -> None:
        """Put an anchor, or join the ends on the first one."""
        if self._is_closing:
            return
        point = self._inside(pointer.point)
        if point is None:
            return
        if not self._anchors:
            self._erases = pointer.erases
        elif math.dist(point, self._anchors[0].point) <= pointer.reach:
            if len(self._anchors) > 1:
                self._close()
            return
        else:
            last = self._anchors[-1]
            if math.dist(point, last.point) <= min(pointer.reach, 2.0):
                return  # the second press of a double click
            last.goal = point
            last.path = [last.point, point]
            last.find_path()
        self._anchors.append(_Anchor(point))
        self._search(self._anchors[-1])
        self._pointer = point
        self._show()

    def move(self, pointer: PointerEvent) -> None:
        """Draw the line to the pointer."""
        if self._anchors and not self._is_closing:
            self._pointer = self._inside(pointer.point)
            self._show()

    def double_click(self, _pointer: PointerEvent) -> None:
        """Join the ends."""
        if len(self._anchors) > 1 and not self._is_closing:
            self._close()

    def wants_key(self, key: Qt.Key) -> bool:
        """Enter and Backspace while there is an anchor."""
        return self.in_hand and key in _KEYS

    def press_key(self, key: Qt.Key) -> None:
        """Enter joins the ends, Backspace lets the last anchor go."""
        if self._is_closing:
            return
        if key in _ENTER:
            if len(self._anchors) > 1:
                self._close()
            else:
                self.abort()
            return
        gone = self._anchors.pop()
        if gone.task is not None:
            gone.task.cancel()
        if self._anchors:
            self._anchors[-1].goal = None
            self._anchors[-1].path = []
        self._show()

    def leave(self) -> None:
        """Draw no line to a pointer that is elsewhere."""
        self._pointer = None
        self._show()

    def abort(self) -> None:
        """Drop everything."""
        for anchor in self._anchors:
            if anchor.task is not None:
                anchor.task.cancel()
        self._anchors = []
        self._is_closing = False
        self._show()

    def _inside(self, point: Point) -> Point | None:
        document = self.context.document
        if document is None:
            return None
        return (
            min(max(point[0], 0.0), document.width - 1e-3),
            min(max(point[1], 0.0), document.height - 1e-3),
        )

    def _search(self, anchor: _Anchor) -> None:
        """Find the edges around an anchor, in a window as large as what is in view."""
        pixels = self.context.pixels
        if pixels is None:
            return
        viewport, scale = self.context.canvas.viewport(), self.context.canvas.transform().m11()
        in_view = max(viewport.width(), viewport.height()) / max(scale, 1e-6)
        side = min(math.ceil(in_view), _LARGEST_WINDOW)
        point = anchor.point

        def done(edges: EdgeMap) -> None:
            anchor.task = None
            anchor.edges = edges
            anchor.find_path()
            self._go_on()

        anchor.task = self.context.tasks.start(lambda _task: EdgeMap(pixels, point, side), done)

    def _go_on(self) -> None:
        if self._is_closing and all(anchor.task is None for anchor in self._anchors):
            self._fill()
        else:
            self._show()

    def _close(self) -> None:
        last = self._anchors[-1]
        last.goal = self._anchors[0].point
        last.path = [last.point, last.goal]
        last.find_path()
        self._is_closing = True
        self._pointer = None
        self._go_on()

    def _fill(self) -> None:
        points = [point for anchor in self._anchors for point in anchor.path[:-1]]
        document, erases = self.context.document, self._erases
        self.abort()
        if document is not None and len(points) >= 3:
            patch = polygon_fill(points, document.height, document.width)
            self.context.paint(patch, erases=erases)

    def _show(self) -> None:
        if not self._anchors:
            self.context.canvas.show_outline(None)
            self.context.changed.emit()
            return
        path = [point for anchor in self._anchors[:-1] for point in anchor.path]
        last = self._anchors[-1]
        if self._is_closing:
            path += last.path
        elif self._pointer is not None:
            edges = last.edges
            path += edges.path_to(self._pointer) if edges else [last.point, self._pointer]
        else:
            path.append(last.point)
        handles = [anchor.point for anchor in self._anchors]
        self.context.canvas.show_outline(Outline(path, handles=handles))
        self.context.changed.emit()
