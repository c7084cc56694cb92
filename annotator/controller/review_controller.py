"""Review: to the frames that need a person, and saying that a frame is right."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot

from annotator.controller.editor import Editor
from annotator.controller.review import doubtful_frames, frame_reliability
from annotator.model.cells import CellState
from annotator.model.commands import SetCellState
from annotator.model.errors import ModelError
from annotator.views.main_window import MainWindow


class ReviewController(QObject):
    """N, Shift+N and Verify."""

    def __init__(self, editor: Editor, window: MainWindow) -> None:
        super().__init__(window)
        self._editor = editor
        self._last: int | None = None
        actions = window.actions_table
        actions["review.next_doubtful"].triggered.connect(self._next)
        actions["review.previous_doubtful"].triggered.connect(self._previous)
        actions["review.verify"].triggered.connect(self.verify)
        actions["review.unverify"].triggered.connect(self.unverify)

    @Slot()
    def _next(self) -> None:
        self._step(1)

    @Slot()
    def _previous(self) -> None:
        self._step(-1)

    def _step(self, step: int) -> None:
        document = self._editor.document
        if document is None:
            return
        cells = document.cells
        frames = doubtful_frames(cells.states, cells.reliability_codes)
        if not frames:
            self._editor.inform("Nothing is in doubt: no propagated frame waits for review.")
            return
        here = self._editor.frame
        place = frames.index(here) + step if here in frames else (0 if step > 0 else -1)
        frame = frames[place % len(frames)]
        code = int(frame_reliability(cells.states, cells.reliability_codes)[frame])
        self._editor.go_to(frame)
        self._editor.inform(
            f"Frame {frame}: reliability {(code - 1) / 254:.2f}, "
            f"{frames.index(frame) + 1} of {len(frames)} doubtful places. "
            "Correct it, or press Y when it is right."
        )

    @Slot()
    def verify(self) -> None:
        """Mark every mask of the shown frame as checked."""
        self._set_state(CellState.VERIFIED)

    @Slot()
    def unverify(self) -> None:
        """Let verified masks of the shown frame be changed by a propagation again."""
        self._set_state(CellState.PROPAGATED)

    def _set_state(self, state: CellState) -> None:
        workspace, frame = self._editor.workspace, self._editor.shown_frame
        if workspace is None or frame is None:
            return
        document = workspace.document
        ids = (
            document.known_objects(frame)
            if state is CellState.VERIFIED
            else document.cells.objects_in(frame, CellState.VERIFIED)
        )
        ids = tuple(object_id for object_id in ids if object_id in document.objects)
        if not ids:
            verb = "verify" if state is CellState.VERIFIED else "take back"
            self._editor.inform(f"There is nothing to {verb} in frame {frame}.")
            return
        text = "verify frame" if state is CellState.VERIFIED else "take back verification"
        try:
            workspace.history.do(
                SetCellState.prepare(document, [frame], ids, state, text=f"{text} {frame}")
            )
        except ModelError as error:
            self._editor.warn(str(error))
