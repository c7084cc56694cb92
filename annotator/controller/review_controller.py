"""Review: to the frames that need a person, and saying that a frame is right."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QObject, QTimer, Slot

from annotator.controller.editor import DocumentListeners, Editor
from annotator.controller.review import (
    Suggestion,
    checked_frames,
    doubtful_frames,
    reliability_curve,
    suggest_correction,
)
from annotator.controller.workspace import Workspace
from annotator.model.cells import CellState
from annotator.model.commands import SetCellState
from annotator.model.commands.frames import FrameChange
from annotator.model.document import Document
from annotator.model.errors import ModelError
from annotator.views.main_window import MainWindow
from annotator.views.panels.review_bar import ReviewStatus

REFRESH_MS = 60
"""Changes of cells are gathered so long before the curve is drawn again."""


class ReviewController(QObject):
    """N, Shift+N, J, Verify, the curve under the timeline, and the review mode."""

    def __init__(self, editor: Editor, window: MainWindow) -> None:
        super().__init__(window)
        self._editor = editor
        self._window = window
        self._listeners = DocumentListeners()
        self._looked_at: set[int] = set()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(REFRESH_MS)
        self._timer.timeout.connect(self.refresh)
        actions = window.actions_table
        actions["review.next_doubtful"].triggered.connect(self._next)
        actions["review.previous_doubtful"].triggered.connect(self._previous)
        actions["review.suggest"].triggered.connect(self.suggest)
        actions["review.mode"].toggled.connect(self._set_mode)
        actions["review.verify"].triggered.connect(self.verify)
        actions["review.verify_object"].triggered.connect(self.verify_object)
        actions["review.unverify"].triggered.connect(self.unverify)
        window.curve.frame_requested.connect(editor.go_to)
        editor.frame_changed.connect(window.curve.set_current_frame)
        editor.workspace_changed.connect(self._on_workspace)

    @property
    def in_review(self) -> bool:
        """Whether the review mode is on."""
        return self._window.actions_table["review.mode"].isChecked()

    # --- what is shown ---------------------------------------------------------------------

    @Slot(object)
    def _on_workspace(self, workspace: Workspace | None) -> None:
        self._listeners.drop()
        self._timer.stop()
        self._looked_at.clear()
        if workspace is None:
            self._window.actions_table["review.mode"].setChecked(False)
        else:
            document = workspace.document
            self._listeners.listen(document.cells_changed, self._on_cells)
            self._listeners.listen(document.references_changed, self._on_changed)
            self._listeners.listen(workspace.history.run_changed, self._on_result)
        self.refresh()

    def _on_cells(self, _frames: frozenset[int]) -> None:
        self._on_changed()

    def _on_changed(self) -> None:
        if not self._timer.isActive():
            self._timer.start()

    def _on_result(self, change: FrameChange) -> None:
        """What the network made anew has not been looked at."""
        self._looked_at.discard(change.frame_index)

    @Slot()
    def refresh(self) -> None:
        """Draw curve, places and bar again."""
        document, window = self._editor.document, self._window
        if document is None:
            window.curve.set_reliability(reliability_curve(*_nothing()))
            window.curve.set_places((), None)
            window.review_bar.set_status(ReviewStatus())
            return
        states, codes = document.cells.states, document.cells.reliability_codes
        curve = reliability_curve(states, codes)
        suggestion = self.suggestion()
        places = doubtful_frames(states, codes, checked=self._looked_at)
        window.curve.set_reliability(curve)
        window.curve.set_places(places, suggestion.frame if suggestion else None)
        checked, total = checked_frames(states)
        following = places[0] if places else None
        window.review_bar.set_status(
            ReviewStatus(
                checked,
                total,
                len(places),
                following,
                1.0 if following is None else float(curve[following]),
            )
        )

    # --- going -----------------------------------------------------------------------------

    @Slot()
    def _next(self) -> None:
        if self.in_review:
            self._looked_at.add(self._editor.frame)
            self._go_on()
        else:
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
        value = float(reliability_curve(cells.states, cells.reliability_codes)[frame])
        self._editor.go_to(frame)
        self._editor.inform(
            f"Frame {frame}: reliability {value:.2f}, "
            f"{frames.index(frame) + 1} of {len(frames)} doubtful places. "
            "Correct it, or press [review.verify] when it is right."
        )

    def suggestion(self) -> Suggestion | None:
        """The frame whose correction should help most, ``None`` when nothing is in doubt."""
        document = self._editor.document
        if document is None:
            return None
        cells = document.cells
        return suggest_correction(
            cells.states, cells.reliability_codes, document.reference_frames()
        )

    @Slot()
    def suggest(self) -> None:
        """Go to the frame whose correction should help most, and say why."""
        document = self._editor.document
        suggestion = self.suggestion()
        if document is None or suggestion is None:
            self._editor.inform("There is nothing to suggest: no propagated frame is in doubt.")
            return
        self._editor.go_to(suggestion.frame)
        if suggestion.object_id in document.objects:
            self._editor.choose_object(suggestion.object_id)
        self._editor.inform(suggestion.reason(_name(document, suggestion.object_id)))

    # --- the review mode -------------------------------------------------------------------

    @Slot(bool)
    def _set_mode(self, on: bool) -> None:
        self._window.review_bar.setVisible(on)
        self._looked_at.clear()
        if on and self._editor.document is not None:
            self._go_on()
        self.refresh()

    def _go_on(self) -> None:
        """To the most doubtful place that nobody has looked at."""
        document = self._editor.document
        if document is None:
            return
        cells = document.cells
        places = doubtful_frames(cells.states, cells.reliability_codes, checked=self._looked_at)
        if places:
            self._editor.go_to(places[0])
        else:
            self._editor.inform("The review is done: no doubtful place is left.")
        self.refresh()

    # --- verifying -------------------------------------------------------------------------

    @Slot()
    def verify(self) -> None:
        """Mark every mask of the shown frame as checked; in the review mode, go on."""
        document, frame = self._editor.document, self._editor.shown_frame
        if document is None or frame is None:
            return
        ids = document.known_objects(frame)
        done = self._set_state(ids, CellState.VERIFIED, "verify frame")
        if done and self.in_review:
            self._looked_at.add(frame)
            self._go_on()

    @Slot()
    def verify_object(self) -> None:
        """Mark the chosen object's mask in the shown frame as checked."""
        chosen = self._editor.active_object
        if chosen is None:
            self._editor.inform(
                "Choose an object first; [review.verify_object] verifies its mask in this frame."
            )
            return
        document, frame = self._editor.document, self._editor.shown_frame
        if document is not None and frame is not None:
            ids = (chosen,) if chosen in document.known_objects(frame) else ()
            text = f"verify {_name(document, chosen)} in frame"
            self._set_state(ids, CellState.VERIFIED, text)

    @Slot()
    def unverify(self) -> None:
        """Let verified masks of the shown frame be changed by a propagation again."""
        document, frame = self._editor.document, self._editor.shown_frame
        if document is not None and frame is not None:
            verified = document.cells.objects_in(frame, CellState.VERIFIED)
            self._set_state(verified, CellState.PROPAGATED, "take back verification")

    def _set_state(self, object_ids: tuple[int, ...], state: CellState, text: str) -> bool:
        workspace, frame = self._editor.workspace, self._editor.shown_frame
        if workspace is None or frame is None:
            return False
        document = workspace.document
        ids = tuple(i for i in object_ids if i in document.objects)
        if not ids:
            verb = "verify" if state is CellState.VERIFIED else "take back"
            self._editor.inform(f"There is nothing to {verb} in frame {frame}.")
            return False
        try:
            workspace.history.do(
                SetCellState.prepare(document, [frame], ids, state, text=f"{text} {frame}")
            )
        except ModelError as error:
            self._editor.warn(str(error))
            return False
        return True


def _name(document: Document, object_id: int) -> str:
    known = object_id in document.objects
    return document.objects[object_id].name if known else f"object {object_id}"


def _nothing() -> tuple[np.ndarray, np.ndarray]:
    empty = np.zeros((0, 256), np.uint8)
    return empty, empty
