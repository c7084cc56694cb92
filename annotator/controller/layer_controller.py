"""What lies over the frame: masks, contours, reliability and clusters of the shown frame."""

from __future__ import annotations

import math
from collections import OrderedDict

import numpy as np
from PySide6.QtCore import QObject, QRect, Slot

from annotator.controller.editor import DocumentListeners, Editor
from annotator.controller.workspace import Workspace
from annotator.model.geometry import Box
from annotator.model.objects import Colour
from annotator.views.canvas.contours import contour_map, refresh_contours
from annotator.views.canvas.layers import TRANSPARENT
from annotator.views.colour_tables import cluster_table, mask_table, reliability_table
from annotator.views.main_window import MainWindow
from annotator.views.panels.overlay_panel import OverlayState

_CLUSTER_BYTES = 64 << 20


class LayerController(QObject):
    """Keeps the canvas layers equal to the document; a layer that is off costs nothing."""

    def __init__(self, editor: Editor, window: MainWindow) -> None:
        super().__init__(window)
        self._editor = editor
        self._canvas = window.canvas
        self._window = window
        self._listeners = DocumentListeners()
        self._contours: np.ndarray | None = None
        self._thickness = 1
        self._solo: int | None = None
        self._clusters: OrderedDict[int, tuple[np.ndarray, tuple[int, ...]]] = OrderedDict()
        self._cluster_bytes = 0
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

    def keep_clusters(
        self, frame: int, cluster_map: np.ndarray, object_ids: tuple[int, ...]
    ) -> None:
        """Keep a frame's cluster map for the overlay; the oldest go when there are too many.

        Args:
            frame: Frame index.
            cluster_map: uint8 [h, w] over the whole frame: 0 none, else 1 + 16 * channel + k.
            object_ids: Object of channel 1, 2, ... (channel 0 is background).
        """
        old = self._clusters.pop(frame, None)
        self._cluster_bytes += cluster_map.nbytes - (old[0].nbytes if old else 0)
        self._clusters[frame] = (cluster_map, object_ids)
        while self._cluster_bytes > _CLUSTER_BYTES and len(self._clusters) > 1:
            _, (oldest, _ids) = self._clusters.popitem(last=False)
            self._cluster_bytes -= oldest.nbytes
        if frame == self._editor.shown_frame:
            self._show_clusters(frame)

    @Slot(object)
    def _on_workspace(self, workspace: Workspace | None) -> None:
        self._listeners.drop()
        self._clusters.clear()
        self._cluster_bytes = 0
        self._solo = None
        self._contours = None
        for layer in (
            self._canvas.mask_layer,
            self._canvas.contour_layer,
            self._canvas.reliability_layer,
            self._canvas.cluster_layer,
        ):
            layer.set_values(None)
        if workspace is not None:
            document = workspace.document
            self._listeners.listen(document.label_map_changed, self._on_label_map)
            self._listeners.listen(document.reliability_changed, self._on_reliability)
            self._listeners.listen(document.objects_changed, self._on_objects)
            self._colour()

    @Slot(int)
    def _on_frame_shown(self, frame: int) -> None:
        document = self._editor.document
        if document is None:
            return
        self._canvas.mask_layer.set_values(document.label_map(frame))
        self._contours = None
        self._show_contours()
        self._show_reliability(frame)
        self._show_clusters(frame)

    def _on_label_map(self, frame: int, box: Box) -> None:
        document = self._editor.document
        if document is None or frame != self._editor.shown_frame:
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
            self._show_clusters(self._editor.shown_frame)

    @Slot(float)
    def _on_zoom(self, zoom: float) -> None:
        thickness = min(max(math.ceil(1.2 / max(zoom, 0.05)), 1), 6)
        if thickness != self._thickness:
            self._thickness = thickness
            self._contours = None
            self._show_contours()

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
            mask_table(objects, state.masks_opacity) if state.masks else TRANSPARENT
        )
        canvas.contour_layer.set_colour_table(
            mask_table([(i, colour, 1.0) for i, colour, _ in objects], 1.0)
        )
        canvas.reliability_layer.set_colour_table(reliability_table(state.reliability_opacity))

    def _show_contours(self) -> None:
        document, frame = self._editor.document, self._editor.shown_frame
        state = self._window.overlays.state
        if document is None or frame is None or not (state.contours and state.masks):
            self._contours = None
            self._canvas.contour_layer.set_values(None)
        elif self._contours is None:
            self._contours = contour_map(document.label_map(frame), self._thickness)
            self._canvas.contour_layer.set_values(self._contours)

    def _show_reliability(self, frame: int) -> None:
        document = self._editor.document
        wanted = document is not None and self._window.overlays.state.reliability
        values = document.reliability_map(frame) if document is not None and wanted else None
        self._canvas.reliability_layer.set_values(values)

    def _show_clusters(self, frame: int) -> None:
        document, state = self._editor.document, self._window.overlays.state
        kept = self._clusters.get(frame) if state.clusters else None
        if kept is None or document is None:
            self._canvas.cluster_layer.set_values(None)
            return
        cluster_map, object_ids = kept
        colours = {
            channel: document.objects[object_id].colour
            for channel, object_id in enumerate(object_ids, start=1)
            if object_id in document.objects
        }
        self._canvas.cluster_layer.set_colour_table(cluster_table(colours, state.clusters_opacity))
        self._canvas.cluster_layer.set_values(cluster_map, extent=(document.height, document.width))
