"""How much the last run changed in each frame, as a curve over the reliability."""

from __future__ import annotations

import time
from collections.abc import Iterable

import numpy as np
from PySide6.QtCore import QObject, QTimer, Slot

from annotator.controller.editor import Editor
from annotator.model.comparison import FormerRun
from annotator.views.main_window import MainWindow

SLICE_MS = 6.0
"""So long frames are compared before the window gets its turn."""


class ChangeCurve(QObject):
    """Compares frame after frame with what was before, while it is wanted.

    Args:
        editor: What is open.
        window: Its curve shows the shares.
        former: What was before the run.
    """

    def __init__(self, editor: Editor, window: MainWindow, former: FormerRun) -> None:
        super().__init__(window)
        self._editor, self._curve, self._former = editor, window.curve, former
        self._shares = np.zeros(0)
        self._waiting: dict[int, None] = {}
        self._is_wanted = False
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._go_on)

    def set_wanted(self, on: bool) -> None:
        """Show the curve, or take it away; nothing is compared while it is away."""
        if on != self._is_wanted:
            self._is_wanted = on
            self.begin()

    def begin(self) -> None:
        """Compare everything anew: another run, another video."""
        self._timer.stop()
        self._waiting.clear()
        document = self._editor.document
        if document is None or not self._is_wanted:
            self._curve.set_changes(None)
            return
        self._shares = np.zeros(document.frame_count)
        self._curve.set_changes(self._shares)
        self.look_again(self._former.frames)

    def look_again(self, frames: Iterable[int]) -> None:
        """Compare these frames again when there is time."""
        if self._is_wanted:
            self._waiting |= dict.fromkeys(frames)
            if self._waiting and not self._timer.isActive():
                self._timer.start()

    @Slot()
    def _go_on(self) -> None:
        document = self._editor.document
        end = time.perf_counter() + SLICE_MS / 1000
        while document is not None and self._waiting and time.perf_counter() < end:
            frame = next(iter(self._waiting))
            del self._waiting[frame]
            self._shares[frame] = self._former.changed_share(document, frame)
        if not self._waiting:
            self._timer.stop()
            self._curve.set_changes(self._shares)
