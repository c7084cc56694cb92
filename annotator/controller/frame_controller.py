"""Which frame is in view: stepping, scrubbing, playing."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QElapsedTimer, QObject, Qt, QTimer, Signal, Slot

from annotator.controller.editor import DocumentListeners, Editor
from annotator.controller.workspace import Workspace
from annotator.storage.frame_cache import FrameCache
from annotator.views.main_window import MainWindow

_STEPS = {
    "frame.next": 1,
    "frame.previous": -1,
    "frame.forward_10": 10,
    "frame.back_10": -10,
}
_PAINTED_MS = 10
"""Windows are painted some milliseconds after they were told of a change; a timer that ends
meanwhile is heard when the painting is done."""


class FrameController(QObject):
    """Shows the wanted frame as soon as it is decoded; the one before stays until then."""

    _frame_decoded = Signal(int)
    _frame_failed = Signal(int, str)

    def __init__(self, editor: Editor, window: MainWindow) -> None:
        super().__init__(window)
        self._editor = editor
        self._window = window
        self._cache: FrameCache | None = None
        self._ending: list[FrameCache] = []
        self._listeners = DocumentListeners()
        self._play_timer = QTimer(self)
        self._play_timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._play_timer.timeout.connect(self._play_on)
        self._paint_timer = QTimer(self, singleShot=True, interval=_PAINTED_MS)
        self._paint_timer.timeout.connect(self._look_ahead)
        self._play_clock = QElapsedTimer()
        self._play_from = 0
        queued = Qt.ConnectionType.QueuedConnection
        self._frame_decoded.connect(self._on_decoded, queued)
        self._frame_failed.connect(self._on_failed, queued)
        actions = window.actions_table
        for name in _STEPS:
            actions[name].triggered.connect(self._on_step)
        actions["frame.first"].triggered.connect(self._to_first)
        actions["frame.last"].triggered.connect(self._to_last)
        actions["frame.next_reference"].triggered.connect(self._to_next_reference)
        actions["frame.previous_reference"].triggered.connect(self._to_previous_reference)
        actions["frame.play"].toggled.connect(self._on_play)
        window.canvas.space_tapped.connect(self._on_space)
        window.timeline.frame_requested.connect(self._go_to)
        window.transport.frame_requested.connect(self._go_to)
        editor.workspace_changed.connect(self._on_workspace)
        editor.frame_changed.connect(self._on_frame_changed)

    @property
    def is_playing(self) -> bool:
        """Whether the video runs."""
        return self._play_timer.isActive()

    def close(self) -> None:
        """End playing, and wait for the decoding threads."""
        self._end()
        for cache in self._ending:
            cache.close()
        self._ending.clear()

    def _end(self) -> None:
        """End playing; the decoding thread ends by itself, after what it is at."""
        self._listeners.drop()
        self._play_timer.stop()
        self._ending = [cache for cache in self._ending if cache.is_running]
        if self._cache is not None:
            self._cache.end()
            self._ending.append(self._cache)
            self._cache = None

    def pixels(self, frame: int) -> np.ndarray | None:
        """A frame that is decoded already, uint8 [H, W, 3]; ``None`` for any other."""
        return None if self._cache is None else self._cache.peek(frame)

    @Slot(object)
    def _on_workspace(self, workspace: Workspace | None) -> None:
        self._end()
        self._window.actions_table["frame.play"].setChecked(False)
        count = workspace.sequence.frame_count if workspace else 0
        self._window.transport.set_frames(count)
        if workspace is None:
            empty = np.zeros((0, 256), np.uint8)
            self._window.timeline.set_cells(empty, empty)
            self._window.canvas.show_frame(None)
            return
        document = workspace.document
        self._window.timeline.set_cells(document.cells.states, document.cells.reliability_codes)
        self._window.timeline.set_references(document.reference_frames())
        self._listeners.listen(document.cells_changed, self._on_cells)
        self._listeners.listen(document.references_changed, self._on_references)
        self._cache = FrameCache(
            workspace.open_frames,
            on_ready=self._frame_decoded.emit,
            on_error=self._frame_failed.emit,
        )

    def _on_cells(self, frames: frozenset[int]) -> None:
        self._window.timeline.update_cells(frames)

    def _on_references(self) -> None:
        document = self._editor.document
        if document is not None:
            self._window.timeline.set_references(document.reference_frames())

    @Slot(int)
    def _on_frame_changed(self, frame: int) -> None:
        self._show(frame)  # first, so that decoding begins before anything is painted
        self._window.timeline.set_current_frame(frame)
        self._window.transport.set_current_frame(frame)

    def _show(self, frame: int) -> None:
        if self._cache is None:
            return
        pixels = self._cache.get(frame)
        if pixels is not None:
            self._window.canvas.abort_gesture()
            self._window.canvas.show_frame(pixels)
            self._editor.note_shown(frame, pixels)
            self._paint_timer.start()
        elif (error := self._cache.error(frame)) is not None:
            self._on_failed(frame, error)

    @Slot(int)
    def _on_decoded(self, frame: int) -> None:
        if self._editor.shown_frame == self._editor.frame or self._cache is None:
            return
        if frame == self._editor.frame:
            self._show(frame)
        elif (pixels := self._cache.peek(frame)) is not None:
            # Scrubbing went on: what was asked for a moment ago shows the way until it ends.
            self._window.canvas.abort_gesture()
            self._window.canvas.show_frame(pixels)
            self._editor.note_shown(frame, pixels)

    @Slot()
    def _look_ahead(self) -> None:
        if self._cache is not None:
            self._cache.look_ahead()

    @Slot(int, str)
    def _on_failed(self, frame: int, message: str) -> None:
        workspace = self._editor.workspace
        if frame != self._editor.frame or workspace is None:
            return
        sequence = workspace.sequence
        self._window.canvas.show_frame(np.zeros((sequence.height, sequence.width, 3), np.uint8))
        self._editor.note_shown(frame)
        self._editor.fail(message)

    @Slot(int)
    def _go_to(self, frame: int) -> None:
        self._editor.go_to(frame)

    @Slot()
    def _on_step(self) -> None:
        self._editor.go_to(self._editor.frame + _STEPS[self.sender().objectName()])

    @Slot()
    def _to_first(self) -> None:
        self._editor.go_to(0)

    @Slot()
    def _to_last(self) -> None:
        if self._editor.document is not None:
            self._editor.go_to(self._editor.document.frame_count - 1)

    @Slot()
    def _to_next_reference(self) -> None:
        self._to_reference(1)

    @Slot()
    def _to_previous_reference(self) -> None:
        self._to_reference(-1)

    def _to_reference(self, step: int) -> None:
        document = self._editor.document
        if document is None:
            return
        here = self._editor.frame
        found = [f for f in document.reference_frames() if (f - here) * step > 0]
        if found:
            self._editor.go_to(min(found) if step > 0 else max(found))
        else:
            where = "after" if step > 0 else "before"
            self._editor.inform(f"There is no reference {where} frame {here}.")

    @Slot()
    def _on_space(self) -> None:
        """Space alone, which the canvas keeps for moving the picture while it is held."""
        if "Space" in self._window.actions_table.keys("frame.play"):
            self._window.actions_table["frame.play"].toggle()

    @Slot(bool)
    def _on_play(self, playing: bool) -> None:
        workspace = self._editor.workspace
        if not playing or workspace is None:
            self._play_timer.stop()
            return
        if self._editor.frame >= workspace.sequence.frame_count - 1:
            self._editor.go_to(0)
        self._play_from = self._editor.frame
        self._play_clock.start()
        self._play_timer.start(max(round(1000 / workspace.sequence.frames_per_second), 1))

    @Slot()
    def _play_on(self) -> None:
        workspace = self._editor.workspace
        if workspace is None or self._editor.shown_frame != self._editor.frame:
            self._play_from = self._editor.frame  # decoding is late: go on from here
            self._play_clock.restart()
            return
        sequence = workspace.sequence
        passed = round(self._play_clock.elapsed() * sequence.frames_per_second / 1000)
        target = self._play_from + max(passed, 1)
        self._editor.go_to(target)
        if target >= sequence.frame_count - 1:
            self._window.actions_table["frame.play"].setChecked(False)
