"""The list of references: which there are, what each explained, promoting and excluding."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import cv2
import numpy as np
from PySide6.QtCore import QObject, QTimer, Slot

from annotator.controller.editor import DocumentListeners, Editor
from annotator.controller.layer_controller import LayerController
from annotator.controller.workspace import Workspace
from annotator.model.cells import CellState
from annotator.model.commands import ChooseReference, SetCellState
from annotator.model.commands.base import Command
from annotator.model.document import Document
from annotator.model.errors import ModelError
from annotator.model.objects import Colour
from annotator.model.reference_shares import ReferenceShares
from annotator.model.references import ReferenceChoice
from annotator.views.colour_tables import reference_colours
from annotator.views.main_window import MainWindow
from annotator.views.panels.reference_panel import THUMBNAIL, ReferenceRow
from annotator.worker.jobs import JobResult

_REFRESH_MS = 200
_MASK_SHARE = 0.55
_PICTURES_AT_ONCE = 8
"""New thumbnails a refresh, so that an import of a thousand masks does not hold the window."""
_MADE = (CellState.DRAWN, CellState.CORRECTED)


class ReferenceController(QObject):
    """Keeps the panel equal to the document.

    Args:
        editor: What is open.
        window: The window.
        layers: Knows the clusters of frames, and with them which reference explains a pixel.
        pixels: Frame at hand as uint8 [H, W, 3] RGB, or None; asks for nothing.
    """

    def __init__(
        self,
        editor: Editor,
        window: MainWindow,
        layers: LayerController,
        pixels: Callable[[int], np.ndarray | None],
    ) -> None:
        super().__init__(window)
        self._editor, self._window, self._pixels = editor, window, pixels
        self._layers = layers
        self._panel = window.references
        self._listeners = DocumentListeners()
        self.shares = ReferenceShares()
        self._pictures: dict[int, np.ndarray] = {}
        self._pictures_left = 0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_REFRESH_MS)
        self._timer.timeout.connect(self.refresh)
        actions = window.actions_table
        actions["propagate.promote"].triggered.connect(self._promote)
        actions["propagate.exclude"].triggered.connect(self._exclude)
        actions["propagate.give_up"].triggered.connect(self._give_up)
        self._panel.frame_requested.connect(self._go_to)
        self._panel.came_into_view.connect(self._look_again)
        layers.clusters_changed.connect(self._on_clusters)
        editor.workspace_changed.connect(self._on_workspace)
        editor.frame_changed.connect(self._refresh_actions)
        editor.frame_shown.connect(self._on_shown)
        self._refresh_actions()

    @Slot(object)
    def note(self, message: JobResult) -> None:
        """Take a result of a run into account."""
        result = message.result
        if result.reference_map is not None:
            self.shares.note(result.index, result.reference_map, result.reference_frames)
            self._look_again()

    @Slot(object)
    def _on_workspace(self, workspace: Workspace | None) -> None:
        self._listeners.drop()
        self._pictures.clear()
        self.shares.clear()
        self._timer.stop()
        if workspace is not None:
            self._listeners.listen(workspace.document.references_changed, self._look_again)
        self.refresh()

    def _look_again(self) -> None:
        self._refresh_actions()
        if not self._timer.isActive():
            self._timer.start()

    @Slot(int)
    def _on_clusters(self, frame: int) -> None:
        if frame == self._editor.shown_frame:
            self._look_again()

    @Slot(int)
    def _on_shown(self, frame: int) -> None:
        self._panel.set_current_frame(frame)
        self._look_again()

    @Slot()
    def refresh(self) -> None:
        """Show the references as they are now."""
        document = self._editor.document
        rows = []
        if document is not None:
            frames = {*document.reference_frames(), *document.references.excluded}
            colours = reference_colours(frames)
            here = self._shares_here(frames)
            self._pictures_left = _PICTURES_AT_ONCE
            rows = [
                self._row(document, frame, colour, here.get(frame))
                for frame, colour in colours.items()
            ]
            if not self._pictures_left:
                self._timer.start()
        self._panel.set_rows(rows)
        self._panel.set_current_frame(self._editor.frame)
        self._refresh_actions()

    def _shares_here(self, references: Iterable[int]) -> dict[int, float | None]:
        """Shares of the frame in view, from the run or else from the clusters that are kept."""
        shown = self._editor.shown_frame
        if shown is None:
            return {}
        shares = {frame: self.shares.share_in(shown, frame) for frame in references}
        if not self._panel.is_in_view or all(share is not None for share in shares.values()):
            return shares
        clusters = self._layers.clusters(shown)
        kept = {} if clusters is None else clusters.reference_shares
        if not kept:
            return shares
        return {
            frame: kept.get(frame, 0.0) if share is None else share
            for frame, share in shares.items()
        }

    def _row(
        self, document: Document, frame: int, colour: Colour, share_here: float | None
    ) -> ReferenceRow:
        return ReferenceRow(
            frame,
            _kind(document, frame),
            len(document.known_objects(frame)),
            self.shares.share(frame),
            share_here,
            is_excluded=frame in document.references.excluded,
            colour=colour,
            picture=self._picture(document, frame),
        )

    def _picture(self, document: Document, frame: int) -> np.ndarray | None:
        """Thumbnail with masks; drawn anew while its frame is at hand."""
        pixels = self._pixels(frame)
        if pixels is None or (frame in self._pictures and frame != self._editor.shown_frame):
            return self._pictures.get(frame)
        if frame != self._editor.shown_frame:
            if not self._pictures_left:
                return None  # the others come with the next refresh
            self._pictures_left -= 1
        height, width = pixels.shape[:2]
        scale = min(THUMBNAIL.width() / width, THUMBNAIL.height() / height)
        size = max(round(width * scale), 1), max(round(height * scale), 1)
        small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
        labels = cv2.resize(document.label_map(frame), size, interpolation=cv2.INTER_NEAREST)
        colours = np.zeros((256, 3), np.float32)
        for record in document.objects:
            colours[record.object_id] = record.colour
        weight = (labels > 0)[..., None] * _MASK_SHARE
        picture = (small * (1 - weight) + colours[labels] * weight).astype(np.uint8)
        before = self._pictures.get(frame)
        if before is None or not np.array_equal(before, picture):
            self._pictures[frame] = picture
        return self._pictures[frame]

    @Slot(int)
    def _go_to(self, frame: int) -> None:
        self._editor.go_to(frame)

    @Slot()
    def _promote(self) -> None:
        self._choose(ReferenceChoice.PROMOTED, "is a reference now")

    @Slot()
    def _exclude(self) -> None:
        document, frame = self._editor.document, self._editor.frame
        if document is None:
            return
        if frame in document.references.excluded:
            self._choose(ReferenceChoice.AUTOMATIC, "counts again")
        else:
            self._choose(
                ReferenceChoice.EXCLUDED,
                "is no reference any more. Its masks stay as they are; "
                "“Let propagation replace the masks” gives them up too",
            )

    def _choose(self, choice: ReferenceChoice, words: str) -> None:
        document, frame = self._editor.document, self._editor.frame
        if document is None:
            return
        if choice is ReferenceChoice.PROMOTED and not document.known_objects(frame):
            self._editor.warn(f"Frame {frame} shows no object; paint one on it first.")
            return
        self._do(ChooseReference.prepare(document, frame, choice))
        self._editor.inform(f"Frame {frame} {words}.")

    @Slot()
    def _give_up(self) -> None:
        """Let runs replace what a person made on an excluded frame."""
        document, frame = self._editor.document, self._editor.frame
        if document is None:
            return
        ids = document.cells.objects_in(frame, *_MADE)
        self._do(
            SetCellState.prepare(
                document, [frame], ids, CellState.PROPAGATED, text=f"give up masks of frame {frame}"
            )
        )
        self._editor.inform(f"The next run over frame {frame} replaces its masks.")

    def _do(self, command: Command) -> None:
        workspace = self._editor.workspace
        if workspace is None:
            return
        try:
            workspace.history.do(command)
        except ModelError as error:
            self._editor.warn(str(error))
        self.refresh()

    @Slot()
    def _refresh_actions(self) -> None:
        actions, document = self._window.actions_table, self._editor.document
        frame = self._editor.frame
        is_excluded = document is not None and frame in document.references.excluded
        is_reference = document is not None and document.is_reference(frame)
        actions["propagate.promote"].setEnabled(document is not None and not is_reference)
        actions["propagate.exclude"].setEnabled(is_reference or is_excluded)
        actions["propagate.exclude"].setChecked(is_excluded)
        made = document is not None and bool(document.cells.objects_in(frame, *_MADE))
        actions["propagate.give_up"].setEnabled(is_excluded and made)


def _kind(document: Document, frame: int) -> str:
    """Who made the masks of a reference."""
    if frame in document.references.promoted:
        return "promoted"
    for state in (CellState.CORRECTED, CellState.DRAWN, CellState.VERIFIED):
        if document.cells.objects_in(frame, state):
            return state.name.lower()
    return "propagated"
