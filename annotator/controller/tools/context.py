"""What tools work on: the shown frame, the chosen object, the settings of painting."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QObject, Signal

from annotator.controller.editor import Editor
from annotator.controller.layer_controller import LayerController
from annotator.controller.tools.tasks import TaskRunner
from annotator.model.clusters import ClusterFrame
from annotator.model.commands import AddObject, PaintStroke
from annotator.model.commands.base import Command
from annotator.model.commands.masks import ReplaceObjectMask
from annotator.model.document import Document
from annotator.model.errors import ModelError
from annotator.model.geometry import Box
from annotator.model.painting import BrushShape, Mask, Patch
from annotator.model.stroke import StrokeInHand
from annotator.views.canvas.view import CanvasView
from annotator.views.main_window import MainWindow

_LEAST_RADIUS = 0.5


class ToolContext(QObject):
    """The way of every tool to the document; tells why when something cannot be done.

    Attributes:
        editor: what is open and chosen.
        tasks: work of the tool in hand, beside the window.
        edits: work of edits of whole masks, which need not wait for that of a tool.
    """

    changed = Signal()
    """What the left button would do may have changed."""

    def __init__(self, editor: Editor, window: MainWindow, layers: LayerController) -> None:
        super().__init__(window)
        self.editor = editor
        self.tasks, self.edits = TaskRunner(self), TaskRunner(self)
        for runner in (self.tasks, self.edits):
            runner.failed.connect(editor.fail)
        self._window = window
        self._layers = layers

    @property
    def canvas(self) -> CanvasView:
        """Where the tool is used."""
        return self._window.canvas

    @property
    def document(self) -> Document | None:
        """The open document."""
        return self.editor.document

    @property
    def frame(self) -> int | None:
        """Frame on the canvas."""
        return self.editor.shown_frame

    @property
    def pixels(self) -> np.ndarray | None:
        """The frame on the canvas, uint8 [H, W, 3], read-only; None where it cannot be decoded."""
        return self.editor.shown_pixels

    @property
    def clusters(self) -> ClusterFrame | None:
        """Proxy clusters of the frame on the canvas; None where the network has not been."""
        return None if self.frame is None else self._layers.clusters(self.frame)

    @property
    def brush_shape(self) -> BrushShape:
        """Round or square."""
        return "square" if self._is_on("tool.square") else "round"

    @property
    def protects(self) -> bool:
        """Whether the pixels of other objects are left alone."""
        return self._is_on("tool.protect")

    def brush_radius(self, pressure: float = 1.0) -> float:
        """Radius of the brush in frame pixels.

        Args:
            pressure: of the pen, 0 to 1; counts while pressure is switched on.
        """
        radius = self._window.brush_size.diameter / 2
        if self._is_on("tool.pressure"):
            radius *= pressure
        return max(radius, _LEAST_RADIUS)

    def _is_on(self, switch: str) -> bool:
        return self._window.actions_table[switch].isChecked()

    def target_object(self) -> int | None:
        """The object to paint; a first one is added when there is none.

        Raises:
            ModelError: none can be added.
        """
        workspace = self.editor.workspace
        if workspace is None:
            return None
        document = workspace.document
        if self.editor.active_record is None:
            if len(document.objects):
                self.editor.choose_object(document.objects.ids[0])
            else:
                command = AddObject.prepare(document)
                workspace.history.do(command)
                self.editor.choose_object(command.record.object_id)
        return self.editor.active_object

    def paintable_object(self) -> int | None:
        """The object to paint; None, and why in the message bar, when there is none unlocked."""
        try:
            object_id = self.target_object()
        except ModelError as error:
            self.editor.warn(str(error))
            return None
        record = self.editor.active_record
        if record is not None and record.locked:
            self.editor.warn(
                f"{record.name} is locked; unlock it ([object.lock]) to change its mask."
            )
            return None
        return object_id

    def begin_stroke(self, *, erases: bool) -> StrokeInHand | None:
        """Begin a stroke with the chosen object; None, and why in the message bar, when not."""
        workspace, frame = self.editor.workspace, self.frame
        if workspace is None or frame is None:
            return None
        object_id = self.paintable_object()
        if object_id is None:
            return None
        try:
            return workspace.history.begin_stroke(
                frame,
                0 if erases else object_id,
                erased_id=object_id if erases else None,
                protect_others=self.protects,
            )
        except ModelError as error:
            self.editor.warn(str(error))
            return None

    def paint(self, patch: Patch, *, erases: bool, text: str = "") -> bool:
        """Paint a patch with the chosen object, or take it away from it; one undo step.

        Args:
            patch: pixels.
            erases: take away.
            text: for the menu.

        Returns:
            Whether a pixel changed.
        """
        workspace, frame = self.editor.workspace, self.frame
        if workspace is None or frame is None:
            return False
        object_id = self.paintable_object()
        if object_id is None:
            return False
        try:
            command = PaintStroke.prepare(
                workspace.document,
                frame,
                *patch,
                0 if erases else object_id,
                erased_id=object_id if erases else None,
                protect_others=self.protects,
                text=text,
            )
        except ModelError as error:
            self.editor.warn(str(error))
            return False
        return self.do(command)

    def replace_mask(self, mask: Mask, box: Box, *, text: str) -> bool:
        """Give the chosen object another mask in a box of the shown frame; one undo step.

        Args:
            mask: bool [h, w] of the box's shape.
            box: outside it nothing changes.
            text: for the menu.

        Returns:
            Whether a pixel changed.
        """
        workspace, frame, object_id = self.editor.workspace, self.frame, self.editor.active_object
        if workspace is None or frame is None or object_id is None:
            return False
        try:
            command = ReplaceObjectMask.prepare(
                workspace.document,
                frame,
                object_id,
                mask,
                text=text,
                box=box,
                protect_others=self.protects,
            )
        except ModelError as error:
            self.editor.warn(str(error))
            return False
        return self.do(command)

    def abort_work(self) -> bool:
        """Drop what is worked out beside the window; say whether anything was."""
        return any([self.tasks.cancel_all(), self.edits.cancel_all()])

    def close(self) -> None:
        """End the work beside the window."""
        self.tasks.close()
        self.edits.close()

    def do(self, command: Command) -> bool:
        """Do a command; False when it changed nothing or could not be done."""
        workspace = self.editor.workspace
        if workspace is None:
            return False
        try:
            return workspace.history.do(command)
        except ModelError as error:
            self.editor.warn(str(error))
            return False
