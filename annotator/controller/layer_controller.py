"""What lies over the frame of what the document holds: masks, contours and reliability."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QObject, QRect, Signal, Slot

from annotator.controller.editor import DocumentListeners, Editor
from annotator.controller.workspace import Workspace
from annotator.model.changes import ChangeSet
from annotator.model.clusters import ClusterFrame, ClusterStore
from annotator.model.geometry import Box
from annotator.model.objects import Colour
from annotator.views.canvas.contours import contour_map, refresh_contours
from annotator.views.canvas.layers import TRANSPARENT
from annotator.views.colour_tables import filter_table, mask_table, reliability_table
from annotator.views.main_window import MainWindow
from annotator.views.panels.overlay_panel import OverlayState


class LayerController(QObject):
    """Keeps the canvas layers equal to the document; a layer that is off costs nothing."""

    clusters_changed = Signal(int)
    """The clusters of a frame are known, or known better."""

    def __init__(self, editor: Editor, window: MainWindow) -> None:
        super().__init__(window)
        self._editor = editor
        self._canvas = window.canvas
        self._window = window
        self._listeners = DocumentListeners()
        self._contours: np.ndarray | None = None
        self._thickness = 1
        self._solo: int | None = None
        self._former: np.ndarray | None = None
        self._clusters = ClusterStore()
        self._reduced: tuple[ClusterFrame, tuple[int, ...], ClusterFrame] | None = None
        editor.workspace_changed.connect(self._on_workspace)
        editor.frame_shown.connect(self._on_frame_shown)
        editor.active_object_changed.connect(self._on_active)
        window.overlays.state_changed.connect(self._on_overlays)
        window.canvas.zoom_changed.connect(self._on_zoom)

    @property
    def solo(self) -> int | None:
        """Object that is shown alone, ``None`` when all are."""
        return self._solo

    def set_solo(self, object_id: int | None) -> None:
        """Show one object alone, or all again."""
        self._solo = object_id
        self._colour()

    def show_instead(self, label_map: np.ndarray | None) -> None:
        """Show other masks than those of the document, or these again with ``None``.

        Args:
            label_map: uint8 [H, W], kept and not copied; until another frame is shown.
        """
        document, frame = self._editor.document, self._editor.shown_frame
        if document is not None and frame is not None and label_map is not self._former:
            self._former = label_map
            self._show_masks(document.label_map(frame) if label_map is None else label_map)

    # --- clusters --------------------------------------------------------------------------

    def keep_clusters(
        self,
        frame: int,
        cluster_map: np.ndarray,
        object_ids: tuple[int, ...],
        reference_map: np.ndarray | None = None,
        reference_frames: tuple[int, ...] = (),
    ) -> None:
        """Keep a frame's clusters; the oldest go when there are too many.

        Args:
            frame: Frame index.
            cluster_map: uint8 [h, w] over the whole frame: 0 none, else 1 + 16 * channel + k.
            object_ids: Object of channel 1, 2, ... (channel 0 is background).
            reference_map: uint8 [h, w], place in `reference_frames` of the proxy's reference.
            reference_frames: Frames of the references.
        """
        document = self._editor.document
        if document is None:
            return
        size = (document.height, document.width)
        clusters = ClusterFrame(cluster_map, object_ids, size, reference_map, reference_frames)
        self._clusters.put(frame, clusters)
        self.clusters_changed.emit(frame)

    def clusters(self, frame: int) -> ClusterFrame | None:
        """Clusters of a frame's objects, ``None`` when they are not known."""
        document, known = self._editor.document, self._clusters.get(frame)
        if document is None or known is None:
            return known
        gone = tuple(i for i in known.object_ids if i not in document.objects)
        if not gone:
            return known
        if self._reduced is None or self._reduced[:2] != (known, gone):
            self._reduced = (known, gone, known.without(gone))
        return self._reduced[2]

    # --- what changes ----------------------------------------------------------------------

    @Slot(object)
    def _on_workspace(self, workspace: Workspace | None) -> None:
        self._listeners.drop()
        self._clusters = ClusterStore() if workspace is None else workspace.clusters
        self._solo = None
        self._contours = self._former = None
        canvas = self._canvas
        for layer in (canvas.mask_layer, canvas.contour_layer, canvas.reliability_layer):
            layer.set_values(None)
        if workspace is not None:
            document = workspace.document
            self._listeners.listen(document.label_map_changed, self._on_label_map)
            self._listeners.listen(document.reliability_changed, self._on_reliability)
            self._listeners.listen(document.objects_changed, self._on_objects)
            self._listeners.listen(document.changed, self._on_change)
            self._colour()

    def _on_change(self, change: ChangeSet) -> None:
        """Clusters computed for ids that stand for other things now no longer hold."""
        if not change.identities:
            return
        self._clusters.forget(change.identities)
        frame = self._editor.shown_frame
        if frame in change.identities:
            self.clusters_changed.emit(frame)

    @Slot(int)
    def _on_frame_shown(self, frame: int) -> None:
        document = self._editor.document
        if document is None:
            return
        self._former = None
        self._show_masks(document.label_map(frame))
        self._show_reliability(frame)

    def _show_masks(self, label_map: np.ndarray) -> None:
        self._canvas.mask_layer.set_values(label_map)
        self._contours = None
        self._show_contours()

    def _on_label_map(self, frame: int, box: Box) -> None:
        document = self._editor.document
        if document is None or frame != self._editor.shown_frame or self._former is not None:
            return
        label_map = document.label_map(frame)
        region = QRect(box.left, box.top, box.width, box.height)
        self._canvas.mask_layer.refresh(label_map, region)
        if self._contours is not None:
            changed = refresh_contours(self._contours, label_map, region, self._thickness)
            self._canvas.contour_layer.refresh(self._contours, changed)

    def _on_reliability(self, frame: int) -> None:
        if frame == self._editor.shown_frame:
            self._show_reliability(frame)

    def _on_objects(self) -> None:
        document = self._editor.document
        if document is not None and self._solo is not None and self._solo not in document.objects:
            self._solo = None
        self._colour()

    @Slot(object)
    def _on_active(self, object_id: int | None) -> None:
        if self._solo is not None:
            self.set_solo(object_id)

    @Slot(object)
    def _on_overlays(self, _state: OverlayState) -> None:
        self._colour()
        self._show_contours()
        if self._editor.shown_frame is not None:
            self._show_reliability(self._editor.shown_frame)

    @Slot(float)
    def _on_zoom(self, zoom: float) -> None:
        thickness = min(max(math.ceil(1.2 / max(zoom, 0.05)), 1), 6)
        if thickness != self._thickness:
            self._thickness = thickness
            self._contours = None
            self._show_contours()

    # --- showing ---------------------------------------------------------------------------

    def _shown_objects(self) -> list[tuple[int, Colour, float]]:
        document = self._editor.document
        records = document.objects.records if document else ()
        return [
            (r.object_id, r.colour, r.opacity)
            for r in records
            if (r.visible if self._solo is None else r.object_id == self._solo)
        ]

    def _colour(self) -> None:
        """New colour tables; no pixel is touched."""
        state, objects = self._window.overlays.state, self._shown_objects()
        canvas = self._canvas
        canvas.mask_layer.set_colour_table(
            mask_table(objects, state.masks_opacity) if state.shows("masks") else TRANSPARENT
        )
        canvas.contour_layer.set_colour_table(
            mask_table([(i, colour, 1.0) for i, colour, _ in objects], state.contours_opacity)
        )
        document = self._editor.document
        labels = 1 + (len(document.objects.records) if document is not None else 1)
        canvas.reliability_layer.set_colour_table(
            filter_table(state.filter_alpha, labels, state.reliability_opacity)
            if state.filter
            else reliability_table(state.reliability_opacity)
        )

    def _show_contours(self) -> None:
        document, frame = self._editor.document, self._editor.shown_frame
        state = self._window.overlays.state
        if document is None or frame is None or not (state.shows("contours") and state.masks):
            self._contours = None
            self._canvas.contour_layer.set_values(None)
        elif self._contours is None:
            label_map = document.label_map(frame) if self._former is None else self._former
            self._contours = contour_map(label_map, self._thickness)
            self._canvas.contour_layer.set_values(self._contours)

    def _show_reliability(self, frame: int) -> None:
        document, state = self._editor.document, self._window.overlays.state
        wanted = document is not None and (state.shows("reliability") or state.shows("filter"))
        values = document.reliability_map(frame) if document is not None and wanted else None
        self._canvas.reliability_layer.set_values(values)
