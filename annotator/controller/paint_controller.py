"""Which tool has the pointer, and what the status line says of it."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QColor

from annotator.controller.editor import Editor
from annotator.controller.layer_controller import LayerController
from annotator.controller.tools.base import ToolGestures
from annotator.controller.tools.box_refine import BoxRefineTool
from annotator.controller.tools.clicks import FillTool, PickTool
from annotator.controller.tools.context import ToolContext
from annotator.controller.tools.live_wire import LiveWireTool
from annotator.controller.tools.outlines import LassoTool, PolygonTool, RectangleTool
from annotator.controller.tools.strokes import BrushTool, ClusterBrushTool
from annotator.views.canvas.cursors import tool_cursor
from annotator.views.canvas.tools import Tool, left_button_text
from annotator.views.main_window import MainWindow

_TOOL_CLASSES: dict[Tool, type[ToolGestures]] = {
    Tool.BRUSH: BrushTool,
    Tool.ERASER: BrushTool,
    Tool.CLUSTER: ClusterBrushTool,
    Tool.POLYGON: PolygonTool,
    Tool.LASSO: LassoTool,
    Tool.RECTANGLE: RectangleTool,
    Tool.ELLIPSE: RectangleTool,
    Tool.LIVE_WIRE: LiveWireTool,
    Tool.FILL: FillTool,
    Tool.REFINE: BoxRefineTool,
    Tool.PICK: PickTool,
}
_TOOL_ACTIONS = {f"tool.{tool.value}": tool for tool in Tool}


class PaintController(QObject):
    """Gives the pointer to the tool that is chosen."""

    def __init__(self, editor: Editor, window: MainWindow, layers: LayerController) -> None:
        super().__init__(window)
        self._editor = editor
        self._window = window
        self._canvas = window.canvas
        self._context = ToolContext(editor, window, layers)
        self._tools = {tool: made(self._context, tool) for tool, made in _TOOL_CLASSES.items()}
        self._tool = self._tools[Tool.BRUSH]
        canvas = window.canvas
        canvas.hovered.connect(self._on_hovered)
        canvas.brush_step_requested.connect(window.brush_size.step)
        window.brush_size.diameter_changed.connect(self._on_diameter)
        actions = window.actions_table
        for name in _TOOL_ACTIONS:
            actions[name].toggled.connect(self._on_tool)
        actions["tool.smaller"].triggered.connect(self._smaller)
        actions["tool.larger"].triggered.connect(self._larger)
        actions["tool.square"].toggled.connect(self._on_shape)
        self._context.changed.connect(self.refresh)
        editor.active_object_changed.connect(self._on_active)
        editor.frame_shown.connect(self._on_frame_shown)
        actions.keys_changed.connect(self.refresh)
        actions["tool.brush"].setChecked(True)
        self._on_diameter(window.brush_size.diameter)
        self.refresh()

    @property
    def context(self) -> ToolContext:
        """What the tools work on."""
        return self._context

    def close(self) -> None:
        """End what tools do beside the window."""
        self._canvas.abort_gesture()
        self._context.close()

    @Slot()
    def refresh(self) -> None:
        """Say again what the left button does, in the colour of the chosen object."""
        record = self._editor.active_record
        tool = self._tool.tool
        if self._editor.workspace is None:
            text = "Open a video or a folder of frames to begin"
        elif record is None and tool.needs_object and not self._tool.in_hand:
            text = "Drag: paint a first object; it is added for you"
        else:
            name, locked = (record.name, record.locked) if record else ("a new object", False)
            special = None if locked else self._tool.status(name)
            text = special or left_button_text(tool, name, locked=locked)
        self._window.tool_label.setText(self._window.actions_table.with_keys(text))
        erasing = tool is Tool.ERASER
        colour = QColor(*record.colour) if record and not erasing else QColor("white")
        self._canvas.set_paint_colour(colour)

    @Slot(bool)
    def _on_tool(self, checked: bool) -> None:
        if checked:
            name = self.sender().objectName()
            self._tool = self._tools[_TOOL_ACTIONS[name]]
            icon_name = self._window.actions_table.spec(name).icon
            cursor = tool_cursor(icon_name, self._canvas.devicePixelRatioF())
            self._canvas.set_gesture_target(self._tool, cursor)
            self._canvas.set_ring(self._tool.ring)
            self.refresh()

    @Slot(bool)
    def _on_shape(self, _square: bool) -> None:
        self._canvas.set_ring(self._tool.ring)

    @Slot(object)
    def _on_active(self, _object_id: int | None) -> None:
        self.refresh()

    @Slot(int)
    def _on_frame_shown(self, _frame: int) -> None:
        self.refresh()

    @Slot(int)
    def _on_diameter(self, diameter: int) -> None:
        self._canvas.set_brush_radius(diameter / 2)

    @Slot()
    def _smaller(self) -> None:
        self._window.brush_size.step(-1)

    @Slot()
    def _larger(self) -> None:
        self._window.brush_size.step(1)

    @Slot(object)
    def _on_hovered(self, point: tuple[float, float] | None) -> None:
        document, frame = self._editor.document, self._editor.shown_frame
        if point is None or document is None or frame is None:
            self._window.pointer_label.setText("")
            return
        x, y = int(point[0]), int(point[1])
        if x >= document.width or y >= document.height:
            return
        value = int(document.label_map(frame)[y, x])
        name = document.objects[value].name if value in document.objects else "background"
        self._window.pointer_label.setText(f"x {x} · y {y} · {self._colour_at(x, y)}{name}")

    def _colour_at(self, x: int, y: int) -> str:
        """Colour of a pixel of the frame itself, as words for the status line."""
        pixels = self._editor.shown_pixels
        if pixels is None or y >= pixels.shape[0] or x >= pixels.shape[1]:
            return ""
        red, green, blue = pixels[y, x]
        return f"RGB {red} {green} {blue} · "
