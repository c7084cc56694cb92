"""The view that goes along with a run, until a person goes somewhere or paints."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from annotator.controller.editor import Editor
from annotator.views.main_window import MainWindow

SHOW_INTERVAL_MS = 20
"""Time between a result in the document and the view that follows it."""


class RunFollower(QObject):
    """Goes to the newest frame of a run while the switch "follow" is on.

    Args:
        editor: What is open.
        window: Holds the switch and the canvas.
        newest: Frame of the newest result, ``None`` before the first.
    """

    shown = Signal()
    """It is time to tell how far the run is."""

    def __init__(
        self, editor: Editor, window: MainWindow, newest: Callable[[], int | None]
    ) -> None:
        super().__init__(window)
        self._editor, self._canvas, self._newest = editor, window.canvas, newest
        self._switch = window.actions_table["propagate.follow"]
        self._switch.setChecked(True)
        self._switch.setEnabled(False)
        self._switch.toggled.connect(self._on_toggled)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SHOW_INTERVAL_MS)
        self._timer.timeout.connect(self.show_newest)
        editor.navigated.connect(self.let_go)

    @property
    def is_following(self) -> bool:
        """Whether the view goes along."""
        return self._switch.isChecked()

    def begin(self, *, by_itself: bool) -> None:
        """A run begins; one that a person has just asked for is followed.

        Args:
            by_itself: The run has waited for its turn: then the view stays where a person is.
        """
        self._switch.setEnabled(True)
        if not by_itself:
            self._switch.setChecked(True)

    def end(self) -> None:
        """The run is over."""
        self._timer.stop()
        self._switch.setEnabled(False)

    @Slot()
    def let_go(self) -> None:
        """A person has gone to a frame or changes one: stay there."""
        self._switch.setChecked(False)

    def note(self) -> None:
        """There is a new result; shown at most so often as a display can."""
        if not self._timer.isActive():
            self._timer.start()

    @Slot()
    def show_newest(self) -> None:
        """Go to the newest frame, unless a person paints."""
        if self._canvas.gesture_in_hand():
            self.let_go()
        newest = self._newest()
        if self.is_following and newest is not None:
            self._editor.go_to(newest, by_run=True)
        self.shown.emit()

    @Slot(bool)
    def _on_toggled(self, on: bool) -> None:
        if on and self._switch.isEnabled():
            self.show_newest()
