"""The analysis layers of the canvas: they lie over the frame only while they are switched on."""

from __future__ import annotations

from PySide6.QtWidgets import QGraphicsScene

from annotator.views.canvas.layers import IndexedLayer


class AnalysisLayers:
    """Embedding under the masks, probability above the clusters, comparison over everything.

    Args:
        scene: Of the canvas; owns the layers.
    """

    def __init__(self, scene: QGraphicsScene) -> None:
        self.embedding = IndexedLayer(4)
        self.references = IndexedLayer(6.5)
        self.probability = IndexedLayer(7)
        self.selection = IndexedLayer(8)
        self.difference = IndexedLayer(12)
        self.flicker = IndexedLayer(13)
        self._all = (
            self.embedding,
            self.references,
            self.probability,
            self.selection,
            self.difference,
            self.flicker,
        )
        for layer in self._all:
            scene.addItem(layer)

    def clear(self) -> None:
        """Show none of them."""
        for layer in self._all:
            layer.set_values(None)
