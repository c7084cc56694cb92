"""Which reference explains which pixel: an overlay, and what is pointed at in the list."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QObject, Slot

from annotator.controller.editor import DocumentListeners, Editor
from annotator.controller.layer_controller import LayerController
from annotator.controller.workspace import Workspace
from annotator.model.clusters import ClusterFrame
from annotator.model.objects import Colour
from annotator.views.canvas.overlays import AnalysisLayers
from annotator.views.colour_tables import OWN_RESULT_COLOUR, place_table, reference_colours
from annotator.views.main_window import MainWindow

POINTED_OPACITY = 0.8


class ReferenceMapController(QObject):
    """Shows the references that the network found in a frame, each in its own colour.

    A reference that is pointed at in the list shows alone, whether the overlay is on or not, so
    that a bad one is found where it does harm. Nothing is looked up while neither is wanted.
    """

    def __init__(
        self,
        editor: Editor,
        window: MainWindow,
        layers: LayerController,
        canvas_layers: AnalysisLayers,
    ) -> None:
        super().__init__(window)
        self._editor, self._window, self._layers = editor, window, layers
        self._layer = canvas_layers.references
        self._listeners = DocumentListeners()
        self._pointed: int | None = None
        self._is_told = False
        editor.workspace_changed.connect(self._on_workspace)
        editor.frame_shown.connect(self._on_frame)
        layers.clusters_changed.connect(self._on_clusters)
        window.overlays.state_changed.connect(self._on_state)
        window.references.reference_pointed.connect(self._on_pointed)
        window.canvas.hovered.connect(self._on_hovered)

    @property
    def pointed(self) -> int | None:
        """Reference frame that is pointed at in the list."""
        return self._pointed

    # --- what changes ----------------------------------------------------------------------

    @Slot(object)
    def _on_workspace(self, workspace: Workspace | None) -> None:
        self._listeners.drop()
        self._pointed = None
        if workspace is not None:
            self._listeners.listen(workspace.document.references_changed, self._show)
        self._show()

    @Slot(int)
    def _on_frame(self, _frame: int) -> None:
        self._show()

    @Slot(int)
    def _on_clusters(self, frame: int) -> None:
        if frame == self._editor.shown_frame:
            self._show()

    @Slot(object)
    def _on_state(self, _state: object) -> None:
        self._show()

    @Slot(object)
    def _on_pointed(self, reference: int | None) -> None:
        if reference != self._pointed:
            self._pointed = reference
            self._show()

    # --- showing ---------------------------------------------------------------------------

    def _clusters(self) -> ClusterFrame | None:
        """Clusters of the frame in view, when they are wanted and say which reference it was."""
        frame, state = self._editor.shown_frame, self._window.overlays.state
        is_wanted = state.shows("references") or (self._pointed is not None and not state.hidden)
        if frame is None or self._editor.document is None or not is_wanted:
            return None
        clusters = self._layers.clusters(frame)
        return None if clusters is None or clusters.reference_map is None else clusters

    def _colours(self, clusters: ClusterFrame) -> list[Colour]:
        """Colour of each of the frame's references, as the list has them."""
        document = self._editor.document
        if document is None:
            return []
        known = reference_colours({*document.reference_frames(), *document.references.excluded})
        return [known.get(frame, OWN_RESULT_COLOUR) for frame in clusters.reference_frames]

    @Slot()
    def _show(self) -> None:
        clusters, legend = self._clusters(), self._window.overlays.legend
        if clusters is None or clusters.reference_map is None:
            self._layer.set_values(None)
            legend.set_references({})
            return
        colours, frames = self._colours(clusters), clusters.reference_frames
        state, pointed = self._window.overlays.state, self._pointed
        self._layer.set_colour_table(
            place_table(colours, state.references_opacity)
            if pointed is None
            else place_table(
                [c if f == pointed else None for f, c in zip(frames, colours, strict=True)],
                POINTED_OPACITY,
            )
        )
        values = np.where(clusters.cluster_map > 0, clusters.reference_map + 1, 0).astype(np.uint8)
        self._layer.set_values(values, extent=clusters.size, shares_corners=True)
        shares = clusters.reference_shares
        order = sorted(shares, key=lambda frame: -shares[frame])
        named = dict(zip(frames, colours, strict=True))
        legend.set_references({str(frame): named[frame] for frame in order})

    # --- under the pointer -----------------------------------------------------------------

    @Slot(object)
    def _on_hovered(self, point: tuple[float, float] | None) -> None:
        """Tell of the reference under the pointer; the clusters tell it where they are shown."""
        state = self._window.overlays.state
        if not state.shows("references") or state.shows("clusters"):
            self._tell("")
            return
        clusters = self._clusters()
        found = None
        if clusters is not None and point is not None:
            found = clusters.reference_at(*point)
        if clusters is None or found is None:
            self._tell("")
            return
        share = 100 * clusters.reference_shares.get(found, 0.0)
        self._tell(f"reference frame {found} · {share:.0f} % of this frame")

    def _tell(self, text: str) -> None:
        if text or self._is_told:
            self._window.overlay_label.setText(text)
        self._is_told = bool(text)
