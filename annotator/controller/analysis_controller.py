"""Overlays of what the network knows of a frame: clusters, probability, embedding."""

from __future__ import annotations

from collections import OrderedDict

import cv2
import numpy as np
from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Slot
from PySide6.QtGui import QMouseEvent

from annotator.controller.editor import DocumentListeners, Editor
from annotator.controller.layer_controller import LayerController
from annotator.controller.workspace import Workspace
from annotator.model.changes import ChangeSet
from annotator.model.clusters import Cluster, ClusterFrame
from annotator.model.commands.paint import PaintStroke
from annotator.model.document import Document
from annotator.model.errors import ModelError
from annotator.model.geometry import Box
from annotator.views.canvas.overlays import AnalysisLayers
from annotator.views.colour_tables import (
    argb,
    cluster_table,
    cube_table,
    probability_table,
    quantise_colours,
)
from annotator.views.main_window import MainWindow
from annotator.views.panels.overlay_panel import OverlayState
from annotator.worker.inspection import Inspection, InspectionRequest, InspectionService

ASK_DELAY_MS = 40
"""Rest on a frame before the network is asked about it."""
KEPT_LOOKS = 24
NEAREST_REFERENCES = 8


class AnalysisController(QObject):
    """Asks the worker only for what is shown and not known; nothing while these are off."""

    def __init__(
        self,
        editor: Editor,
        window: MainWindow,
        layers: LayerController,
        looks: InspectionService,
        canvas_layers: AnalysisLayers,
    ) -> None:
        super().__init__(window)
        self._editor = editor
        self._window = window
        self._layers = layers
        self._service = looks
        self._canvas_layers = canvas_layers
        self._listeners = DocumentListeners()
        self._looks: OrderedDict[int, Inspection] = OrderedDict()
        self._fresh: set[int] = set()
        self._pointer: tuple[float, float] | None = None
        self._selected: tuple[int, float, float] | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(ASK_DELAY_MS)
        self._timer.timeout.connect(self._ask)
        canvas_layers.embedding.set_colour_table(cube_table(1.0))
        editor.workspace_changed.connect(self._on_workspace)
        editor.frame_shown.connect(self._on_frame_shown)
        editor.active_object_changed.connect(self._show)
        layers.clusters_changed.connect(self._on_clusters)
        window.overlays.state_changed.connect(self._on_state)
        window.canvas.hovered.connect(self._on_hovered)
        window.canvas.viewport().installEventFilter(self)
        window.actions_table["review.take_cluster"].triggered.connect(self.take_cluster)
        looks.inspected.connect(self._on_inspected)
        looks.failed.connect(self._on_failed)

    # --- what changes ----------------------------------------------------------------------

    @Slot(object)
    def _on_workspace(self, workspace: Workspace | None) -> None:
        self._listeners.drop()
        self._timer.stop()
        self._looks.clear()
        self._fresh.clear()
        self._service.forget()
        self._selected = None
        if workspace is not None:
            self._listeners.listen(workspace.document.changed, self._on_changed)
            self._listeners.listen(workspace.document.objects_changed, self._show)
        self._show()

    def _on_changed(self, change: ChangeSet) -> None:
        """What the network was told is no longer what the document says: look again."""
        if change.label_maps or change.references or change.cells:
            self._fresh.clear()
            self._show()

    @Slot(int)
    def _on_frame_shown(self, _frame: int) -> None:
        self._selected = None
        self._show()

    @Slot(int)
    def _on_clusters(self, frame: int) -> None:
        if frame == self._editor.shown_frame:
            self._show()

    @Slot(object)
    def _on_state(self, _state: OverlayState) -> None:
        self._show()

    # --- asking ----------------------------------------------------------------------------

    @Slot()
    def _ask(self) -> None:
        """Ask for a look at the shown frame, from where a run would come."""
        workspace, frame = self._editor.workspace, self._editor.shown_frame
        if workspace is None or frame is None:
            return
        document = workspace.document
        nearest = sorted(document.reference_frames(), key=lambda r: abs(r - frame))
        nearest = [r for r in nearest if r != frame][:NEAREST_REFERENCES] or nearest[:1]
        maps = document.label_maps
        beside = (frame - 1, frame + 1)
        known = [i for i in beside if 0 <= i < document.frame_count and not maps.is_zero(i)]
        self._service.request(
            InspectionRequest(
                number=self._service.next_number(),
                frames_path=workspace.sequence.path,
                frame=frame,
                references={r: maps.pack(r) for r in nearest},
                previous=(known[0], maps.pack(known[0])) if known else None,
                object_ids=tuple(document.objects.ids),
            )
        )

    @Slot(object)
    def _on_inspected(self, found: Inspection) -> None:
        self._looks[found.frame] = found
        self._looks.move_to_end(found.frame)
        self._fresh.add(found.frame)
        while len(self._looks) > KEPT_LOOKS:
            self._looks.popitem(last=False)
        if found.cluster_map is not None and self._layers.clusters(found.frame) is None:
            self._layers.keep_clusters(
                found.frame,
                found.cluster_map,
                found.object_ids,
                found.reference_map,
                found.reference_frames,
            )
        if found.frame == self._editor.shown_frame:
            self._show()

    @Slot(str)
    def _on_failed(self, message: str) -> None:
        self._editor.warn(f"This overlay cannot be shown: {message}")

    # --- showing ---------------------------------------------------------------------------

    @Slot()
    def _show(self, *_arguments: object) -> None:
        """Show what is switched on and known; ask for the rest."""
        document, frame = self._editor.document, self._editor.shown_frame
        state = self._window.overlays.state
        if document is None or frame is None:
            self._clear()
            return
        look = self._looks.get(frame)
        wants_clusters = state.shows("clusters") or state.shows("references")
        clusters = self._layers.clusters(frame) if wants_clusters else None
        self._show_clusters(document, clusters if state.shows("clusters") else None)
        self._show_probability(document, look if state.shows("probability") else None)
        self._show_embedding(document, look if state.shows("embedding") else None)
        wants_look = state.shows("probability") or state.shows("embedding")
        wants_look |= wants_clusters and clusters is None
        if wants_look and frame not in self._fresh:
            self._timer.start()
        else:
            self._timer.stop()

    def _clear(self) -> None:
        self._window.canvas.cluster_layer.set_values(None)
        for name in ("probability", "embedding", "selection"):
            getattr(self._canvas_layers, name).set_values(None)
        self._window.overlay_label.setText("")

    def _show_clusters(self, document: Document, clusters: ClusterFrame | None) -> None:
        layer, selection = self._window.canvas.cluster_layer, self._canvas_layers.selection
        if clusters is None:
            layer.set_values(None)
            selection.set_values(None)
            self._window.overlay_label.setText("")
            return
        colours = {
            channel: document.objects[object_id].colour
            for channel, object_id in enumerate(clusters.object_ids, start=1)
            if object_id in document.objects
        }
        opacity = self._window.overlays.state.clusters_opacity
        layer.set_colour_table(cluster_table(colours, opacity))
        layer.set_values(clusters.cluster_map, extent=clusters.size, shares_corners=True)
        self._tell_cluster(clusters)
        places = None
        if self._selected is not None:
            places = clusters.places_at(self._selected[1], self._selected[2])
        if places is None:
            selection.set_values(None)
        else:
            selection.set_colour_table([0, argb((255, 255, 255), 0.75)] + [0] * 254)
            selection.set_values(places.astype(np.uint8), extent=clusters.size, shares_corners=True)

    def _show_probability(self, document: Document, look: Inspection | None) -> None:
        layer, chosen = self._canvas_layers.probability, self._editor.active_object
        if look is None or chosen not in look.object_ids:
            layer.set_values(None)
            return
        layer.set_colour_table(probability_table(self._window.overlays.state.probability_opacity))
        layer.set_values(
            look.probabilities[look.object_ids.index(chosen)],
            extent=(document.height, document.width),
            shares_corners=True,
        )

    def _show_embedding(self, document: Document, look: Inspection | None) -> None:
        layer = self._canvas_layers.embedding
        if look is None:
            layer.set_values(None)
            return
        layer.set_colour_table(cube_table(self._window.overlays.state.embedding_opacity))
        layer.set_values(
            quantise_colours(look.embedding),
            extent=(document.height, document.width),
            shares_corners=True,
        )

    # --- clusters under the pointer --------------------------------------------------------

    def _clusters_in_view(self) -> ClusterFrame | None:
        frame = self._editor.shown_frame
        if frame is None or not self._window.overlays.state.shows("clusters"):
            return None
        return self._layers.clusters(frame)

    @Slot(object)
    def _on_hovered(self, point: tuple[float, float] | None) -> None:
        self._pointer = point
        clusters = self._clusters_in_view()
        if clusters is not None:
            self._tell_cluster(clusters)

    def _tell_cluster(self, clusters: ClusterFrame) -> None:
        found = clusters.at(*self._pointer) if self._pointer is not None else None
        self._window.overlay_label.setText("" if found is None else self._describe(found))

    def _describe(self, cluster: Cluster) -> str:
        document = self._editor.document
        if cluster.object_id == 0 or document is None:
            name = "background"
        elif cluster.object_id in document.objects:
            name = document.objects[cluster.object_id].name
        else:
            name = f"object {cluster.object_id}"
        source = "" if cluster.reference is None else f" of frame {cluster.reference}"
        share = f"{100 * cluster.share:.0f} % of its matches"
        return f"{name} · proxy {cluster.proxy + 1}{source} · {cluster.pixel_count:,} px · {share}"

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """With the pick tool and the clusters shown, a click selects the one under it."""
        if (
            isinstance(event, QMouseEvent)
            and event.type() == QEvent.Type.MouseButtonPress
            and event.button() == Qt.MouseButton.LeftButton
            and self._window.actions_table["tool.pick"].isChecked()
            and self._clusters_in_view() is not None
        ):
            point = self._window.canvas.to_scene(event.position())
            self.select_cluster(point.x(), point.y())
        return False

    def select_cluster(self, x: float, y: float) -> None:
        """Select the cluster under a point of the frame; none where there is none."""
        clusters, frame = self._clusters_in_view(), self._editor.shown_frame
        if clusters is None or frame is None:
            return
        found = clusters.at(x, y)
        self._selected = None if found is None else (frame, x, y)
        self._show()
        if found is not None:
            self._editor.inform(
                f"Selected: {self._describe(found)}. [review.take_cluster] gives its pixels to the "
                "chosen object."
            )

    @Slot()
    def take_cluster(self) -> None:
        """Give the selected cluster's pixels to the chosen object, as one step."""
        workspace, clusters = self._editor.workspace, self._clusters_in_view()
        chosen, selected = self._editor.active_object, self._selected
        if workspace is None or clusters is None or selected is None or chosen is None:
            self._editor.inform(
                "Show the clusters ([view.clusters]), click one with the pick tool "
                "([tool.pick]) and choose an object."
            )
            return
        mask = clusters.mask_at(selected[1], selected[2])
        if mask is None:
            return
        x, y, width, height = cv2.boundingRect(mask.astype(np.uint8))
        box = Box(y, x, y + height, x + width)
        name = workspace.document.objects[chosen].name
        try:
            workspace.history.do(
                PaintStroke.prepare(
                    workspace.document,
                    selected[0],
                    box,
                    mask[box.slices],
                    chosen,
                    text=f"give cluster to {name}",
                )
            )
        except ModelError as error:
            self._editor.warn(str(error))
