"""What the last run changed, and what flickers: shown, accepted or put back."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import cv2
import numpy as np
from PySide6.QtCore import QObject, Slot

from annotator.controller.change_curve import ChangeCurve
from annotator.controller.editor import DocumentListeners, Editor
from annotator.controller.layer_controller import LayerController
from annotator.controller.workspace import Workspace
from annotator.model.commands.frames import FrameChange
from annotator.model.comparison import FormerRun, RestoreFormer, instability, moved_labels
from annotator.model.errors import ModelError
from annotator.model.geometry import Box
from annotator.model.label_maps import ByteMap
from annotator.model.run import PropagationRun
from annotator.views.canvas.overlays import AnalysisLayers
from annotator.views.colour_tables import DIFFERENCE_COLOURS, FLICKER_COLOURS, code_table
from annotator.views.main_window import MainWindow
from annotator.views.panels.overlay_panel import OverlayState

FLICKER_EDGE = 240
"""Shorter side at which neighbouring frames are compared, in pixels."""

Pixels = Callable[[int], np.ndarray | None]
"""Frame index to uint8 [H, W, 3] when it is decoded, else ``None``."""


class ComparisonController(QObject):
    """Difference to before the last run (A/B), and flicker between neighbours."""

    def __init__(
        self,
        editor: Editor,
        window: MainWindow,
        layers: LayerController,
        canvas_layers: AnalysisLayers,
        pixels: Pixels,
    ) -> None:
        super().__init__(window)
        self._editor = editor
        self._window = window
        self._layers = layers
        self._canvas_layers = canvas_layers
        self._pixels = pixels
        self._listeners = DocumentListeners()
        self._flow: cv2.DISOpticalFlow | None = None
        self.former = FormerRun()
        self.curve = ChangeCurve(editor, window, self.former)
        editor.workspace_changed.connect(self._on_workspace)
        editor.frame_shown.connect(self._on_frame_shown)
        window.overlays.state_changed.connect(self._on_state)
        actions = window.actions_table
        actions["review.accept_run"].triggered.connect(self.accept)
        actions["review.accept_object"].triggered.connect(self.accept_object)
        actions["review.hold_former"].toggled.connect(self._hold)
        actions["review.put_back"].triggered.connect(self.put_back)
        actions["review.put_back_object"].triggered.connect(self.put_back_object)
        actions["review.show_former"].toggled.connect(self._show_former)

    # --- what changes ----------------------------------------------------------------------

    @Slot(object)
    def _on_workspace(self, workspace: Workspace | None) -> None:
        self._listeners.drop()
        self.former.clear()
        for name in ("review.show_former", "review.hold_former"):
            self._window.actions_table[name].setChecked(False)
        if workspace is not None:
            self._listeners.listen(workspace.history.run_began, self._on_run)
            self._listeners.listen(workspace.history.run_changed, self._on_result)
            self._listeners.listen(workspace.document.label_map_changed, self._on_label_map)
        self._look_again()

    def _on_run(self, _run: PropagationRun) -> None:
        self.former.begin()
        self.curve.begin()

    def _on_result(self, change: FrameChange) -> None:
        self.former.note(change)
        self.curve.look_again([change.frame_index])

    def _look_again(self) -> None:
        """Everything that was compared may differ otherwise now."""
        self.curve.begin()
        self._show()

    @Slot(bool)
    def _hold(self, on: bool) -> None:
        self.former.hold(on)
        self._look_again()
        if on and self._editor.document is not None:
            self._editor.inform("All further runs are compared with the masks as they are now.")

    def _on_label_map(self, frame: int, _box: Box) -> None:
        self.curve.look_again([frame])
        shown = self._editor.shown_frame
        if shown is not None and abs(frame - shown) <= 1:
            self._show()

    @Slot(int)
    def _on_frame_shown(self, _frame: int) -> None:
        self._show()
        if self._window.actions_table["review.show_former"].isChecked():
            self._show_former(True)

    @Slot(object)
    def _on_state(self, state: OverlayState) -> None:
        self.curve.set_wanted(state.shows("difference"))
        self._show()

    # --- showing ---------------------------------------------------------------------------

    def _show(self) -> None:
        document, frame = self._editor.document, self._editor.shown_frame
        state, layers = self._window.overlays.state, self._canvas_layers
        if document is None or frame is None:
            layers.difference.set_values(None)
            layers.flicker.set_values(None)
            return
        difference = flicker = None
        if state.shows("difference"):
            layers.difference.set_colour_table(
                code_table(DIFFERENCE_COLOURS, state.difference_opacity)
            )
            difference = self.former.difference(document, frame)
        if state.shows("flicker"):
            layers.flicker.set_colour_table(code_table(FLICKER_COLOURS, state.flicker_opacity))
            flicker = self.flicker(frame)
        layers.difference.set_values(difference)
        layers.flicker.set_values(flicker, extent=(document.height, document.width))

    def flicker(self, frame: int) -> np.ndarray | None:
        """Where a frame's labels are unlike those of its neighbours, brought there by the motion.

        Without the neighbours' pixels at hand, their labels are compared as they lie.

        Args:
            frame: Frame index.

        Returns:
            uint8 [h, w], 0..2, about `FLICKER_EDGE` on its shorter side; ``None`` without masks.
        """
        document = self._editor.document
        if document is None or document.label_maps.is_zero(frame):
            return None
        scale = min(FLICKER_EDGE / min(document.height, document.width), 1.0)
        size = (max(round(document.width * scale), 1), max(round(document.height * scale), 1))
        here = _shrunk(document.label_map(frame), size)
        gray = self._gray(frame, size)
        others = []
        for beside in (frame - 1, frame + 1):
            if not 0 <= beside < document.frame_count or document.label_maps.is_zero(beside):
                continue
            labels = _shrunk(document.label_map(beside), size)
            there = self._gray(beside, size)
            if gray is not None and there is not None and min(size) >= 32:
                labels = moved_labels(labels, self._motion(gray, there))
            others.append(labels)
        return instability(here, others)

    def _gray(self, frame: int, size: tuple[int, int]) -> np.ndarray | None:
        pixels = self._pixels(frame)
        if pixels is None:
            return None
        small = cv2.resize(pixels, size, interpolation=cv2.INTER_LINEAR)
        return np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY))

    def _motion(self, here: np.ndarray, there: np.ndarray) -> np.ndarray:
        """Dense optical flow (DIS, its quickest preset), float32 [h, w, 2]."""
        if self._flow is None:
            self._flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        return np.asarray(self._flow.calc(here, there, np.empty(0)))

    @Slot(bool)
    def _show_former(self, on: bool) -> None:
        document, frame = self._editor.document, self._editor.shown_frame
        if document is None or frame is None:
            return
        self._layers.show_instead(self.former.label_map(document, frame) if on else None)

    # --- accepting and putting back --------------------------------------------------------

    def _frames(self) -> Iterable[int] | None:
        """The chosen range of the timeline, else the frames around this one that differ."""
        document, frame = self._editor.document, self._editor.frame
        if document is None or not self.former.frames:
            self._editor.inform("There is no run to compare with: propagate first.")
            return None
        selection = self._window.timeline.selection
        if selection is not None:
            return selection.frames
        stretch = self.former.stretch(document, frame)
        if not stretch:
            self._editor.inform(f"Frame {frame} is as it was before the last run.")
            return None
        return stretch

    @Slot()
    def accept(self) -> None:
        """Agree to what the run made over the chosen range, or around this frame."""
        document, frames = self._editor.document, self._frames()
        if document is None or frames is None:
            return
        listed = sorted(frames)
        self.former.accept(listed, document.objects.ids)
        self._look_again()
        self._editor.inform(f"Accepted: frames {listed[0]} to {listed[-1]} differ no more.")

    @Slot()
    def accept_object(self) -> None:
        """Agree to what the run made of the chosen object: over the chosen range, or everywhere."""
        document, chosen = self._editor.document, self._editor.active_object
        if document is None or chosen is None:
            self._editor.inform("Choose an object first.")
            return
        frames = self._frames_of_object()
        if not frames:
            self._editor.inform("There is no run to compare with: propagate first.")
            return
        self.former.accept(frames, (chosen,))
        self._look_again()
        self._editor.inform(f"Accepted: {document.objects[chosen].name} as the run made it.")

    def _frames_of_object(self) -> list[int]:
        """Frames that the run wrote, within the chosen range of the timeline if there is one."""
        selection = self._window.timeline.selection
        wanted = self.former.frames
        return [f for f in wanted if selection is None or f in selection.frames]

    @Slot()
    def put_back(self) -> None:
        """Put all objects back over the chosen range, or around this frame."""
        document, frames = self._editor.document, self._frames()
        if document is not None and frames is not None:
            self._restore(frames, document.objects.ids, "put back a stretch")

    @Slot()
    def put_back_object(self) -> None:
        """Put the chosen object back over the chosen range, or wherever the run changed it."""
        document, chosen = self._editor.document, self._editor.active_object
        if document is None or chosen is None:
            self._editor.inform("Choose an object first.")
            return
        name = document.objects[chosen].name
        self._restore(self._frames_of_object(), (chosen,), f"put back {name}")

    def _restore(self, frames: Iterable[int], ids: tuple[int, ...], text: str) -> None:
        workspace = self._editor.workspace
        if workspace is None:
            return
        try:
            command = RestoreFormer.prepare(workspace.document, self.former, frames, ids, text=text)
            done = workspace.history.do(command)
        except ModelError as error:
            self._editor.warn(str(error))
            return
        if not done:
            self._editor.inform("There is nothing to put back.")


def _shrunk(label_map: ByteMap, size: tuple[int, int]) -> ByteMap:
    """The labels at another size (width, height), nearest neighbour."""
    return np.asarray(cv2.resize(label_map, size, interpolation=cv2.INTER_NEAREST), np.uint8)
