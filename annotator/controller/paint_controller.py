"""Gestures of the canvas become strokes and commands of the history."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QColor

from annotator.controller.editor import Editor
from annotator.model import painting
from annotator.model.commands import AddObject, PaintStroke
from annotator.model.errors import ModelError
from annotator.model.stroke import StrokeInHand
from annotator.views.canvas.tools import Tool, left_button_text
from annotator.views.main_window import MainWindow

_TOOL_ACTIONS = {f"tool.{tool.value}": tool for tool in Tool}


class PaintController(QObject):
    """Paints on the shown frame with the chosen object; tells why when it cannot."""

    def __init__(self, editor: Editor, window: MainWindow) -> None:
        super().__init__(window)
        self._editor = editor
        self._window = window
        self._canvas = window.canvas
        self._stroke: StrokeInHand | None = None
        self._last = (0.0, 0.0)
        canvas = window.canvas
        canvas.stroke_began.connect(self._begin)
        canvas.stroke_moved.connect(self._move)
        canvas.stroke_ended.connect(self._end)
        canvas.stroke_aborted.connect(self._abort)
        canvas.outline_closed.connect(self._fill_outline)
        canvas.point_clicked.connect(self._click)
        canvas.hovered.connect(self._on_hovered)
        canvas.brush_step_requested.connect(window.brush_size.step)
        window.brush_size.diameter_changed.connect(self._on_diameter)
        actions = window.actions_table
        for name in _TOOL_ACTIONS:
            actions[name].toggled.connect(self._on_tool)
        actions["tool.smaller"].triggered.connect(self._smaller)
        actions["tool.larger"].triggered.connect(self._larger)
        editor.active_object_changed.connect(self._on_active)
        actions["tool.brush"].setChecked(True)
        self._on_diameter(window.brush_size.diameter)
        self.refresh()

    @property
    def stroke_in_hand(self) -> bool:
        """Whether a stroke is being painted."""
        return self._stroke is not None

    def refresh(self) -> None:
        """Say again what the left button does, in the colour of the chosen object."""
        record = self._editor.active_record
        if self._editor.workspace is None:
            text = "Open a video or a folder of frames to begin"
        elif record is None and self._canvas.tool is not Tool.PICK:
            text = "Drag: paint a first object; it is added for you"
        else:
            name = record.name if record else None
            text = left_button_text(
                self._canvas.tool, name, locked=record is not None and record.locked
            )
        self._window.tool_label.setText(text)
        erasing = self._canvas.tool is Tool.ERASER
        colour = QColor(*record.colour) if record and not erasing else QColor("white")
        self._canvas.set_paint_colour(colour)

    @Slot(bool)
    def _on_tool(self, checked: bool) -> None:
        if checked:
            self._canvas.set_tool(_TOOL_ACTIONS[self.sender().objectName()])
            self.refresh()

    @Slot(object)
    def _on_active(self, _object_id: int | None) -> None:
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

    def _target_object(self) -> int | None:
        """The object to paint; a first one is added when there is none."""
        document, workspace = self._editor.document, self._editor.workspace
        if document is None or workspace is None:
            return None
        if self._editor.active_record is None:
            if len(document.objects):
                self._editor.choose_object(document.objects.ids[0])
            else:
                command = AddObject.prepare(document)
                workspace.history.do(command)
                self._editor.choose_object(command.record.object_id)
        return self._editor.active_object

    @Slot(float, float, bool)
    def _begin(self, x: float, y: float, erases: bool) -> None:
        workspace, frame = self._editor.workspace, self._editor.shown_frame
        if workspace is None or frame is None or self._stroke is not None:
            return
        try:
            object_id = self._target_object()
            if object_id is None:
                return
            self._stroke = workspace.history.begin_stroke(
                frame,
                0 if erases else object_id,
                erased_id=object_id if erases else None,
                protect_others=self._protects(),
            )
        except ModelError as error:
            self._editor.warn(str(error))
            return
        self._last = (x, y)
        self._move(x, y)

    @Slot(float, float)
    def _move(self, x: float, y: float) -> None:
        if self._stroke is None:
            return
        radius = self._window.brush_size.diameter / 2
        self._stroke.add(*painting.brush_segment(self._last, (x, y), radius))
        self._last = (x, y)

    @Slot()
    def _end(self) -> None:
        stroke, self._stroke = self._stroke, None
        if stroke is not None:
            stroke.finish()

    @Slot()
    def _abort(self) -> None:
        stroke, self._stroke = self._stroke, None
        if stroke is not None:
            stroke.abort()

    @Slot(list, bool)
    def _fill_outline(self, corners: list[tuple[float, float]], erases: bool) -> None:
        document = self._editor.document
        if document is not None:
            patch = painting.polygon_fill(corners, document.height, document.width)
            self._paint(patch, erases)

    @Slot(float, float, bool)
    def _click(self, x: float, y: float, erases: bool) -> None:
        document, frame = self._editor.document, self._editor.shown_frame
        if document is None or frame is None:
            return
        if not (0 <= x < document.width and 0 <= y < document.height):
            return
        if self._canvas.tool is Tool.PICK:
            value = int(document.label_map(frame)[int(y), int(x)])
            if value in document.objects:
                self._editor.choose_object(value)
            return
        self._paint(painting.flood_fill(document.label_map(frame), x, y), erases)

    def _paint(self, patch: painting.Patch, erases: bool) -> None:
        workspace, frame = self._editor.workspace, self._editor.shown_frame
        if workspace is None or frame is None:
            return
        try:
            object_id = self._target_object()
            if object_id is None:
                return
            workspace.history.do(
                PaintStroke.prepare(
                    workspace.document,
                    frame,
                    *patch,
                    0 if erases else object_id,
                    erased_id=object_id if erases else None,
                    protect_others=self._protects(),
                )
            )
        except ModelError as error:
            self._editor.warn(str(error))

    def _protects(self) -> bool:
        return self._window.actions_table["tool.protect"].isChecked()

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
        self._window.pointer_label.setText(f"x {x} · y {y} · {name}")
