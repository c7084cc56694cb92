"""The frame and the maps that lie over it, to look at."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRect, QRectF
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QGraphicsItem, QWidget

from annotator.model.contrast import with_levels
from annotator.views.canvas.layers import FrameLayer, IndexedLayer
from annotator.views.canvas.panning_view import PanningView
from annotator.views.canvas.pixel_grid import PixelGrid


class FrameView(PanningView):
    """Shows a frame with its layers; never edits one.

    Whoever owns a map calls `update_masks` with the rectangle that changed.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.frame_layer = FrameLayer()
        self.mask_layer = IndexedLayer(10)
        self.contour_layer = IndexedLayer(20)
        self.reliability_layer = IndexedLayer(5)
        self.cluster_layer = IndexedLayer(6)
        self._grid = PixelGrid()
        for item in (
            self.frame_layer,
            self.reliability_layer,
            self.cluster_layer,
            self.mask_layer,
            self.contour_layer,
            self._grid,
        ):
            self.scene().addItem(item)
        self._frame: np.ndarray | None = None
        self._levels: np.ndarray | None = None

    def show_frame(self, frame: np.ndarray | None) -> None:
        """Show another frame; zoom and position stay unless its size is new.

        Args:
            frame: uint8 [H, W, 3] RGB, or ``None`` for an empty canvas.
        """
        self._frame = frame
        self.frame_layer.set_frame(None if frame is None else with_levels(frame, self._levels))
        size = None if frame is None else (frame.shape[0], frame.shape[1])
        if size != self.frame_size:
            self._grid.set_frame_size(size)
            self.set_frame_size(size)

    def set_levels(self, levels: np.ndarray | None) -> None:
        """Show every frame through a table of levels; the frames stay as they are.

        Args:
            levels: uint8 [256], ``None`` to show the frames themselves.
        """
        self._levels = levels
        if self._frame is not None:
            self.frame_layer.set_frame(with_levels(self._frame, levels))

    def show_pixel_grid(self, wanted: bool) -> None:
        """Draw lines between the pixels where they are large enough, or do not."""
        self._grid.setVisible(wanted)

    def update_masks(self, region: QRect) -> None:
        """Draw a part of the masks again after an edit, in frame pixels."""
        self.mask_layer.update_region(region)
        self.contour_layer.update_region(region)

    def picture(self) -> QImage:
        """Return the frame with all that lies over it, in the frame's own pixels; null without."""
        if self.frame_size is None:
            return QImage()
        height, width = self.frame_size
        image = QImage(width, height, QImage.Format.Format_RGB32)
        hidden = [item for item in self.aids() if item.isVisible()]
        for item in hidden:
            item.setVisible(False)
        painter = QPainter(image)
        frame = QRectF(0, 0, width, height)
        self.scene().render(painter, frame, frame)
        painter.end()
        for item in hidden:
            item.setVisible(True)
        return image

    def aids(self) -> tuple[QGraphicsItem, ...]:
        """What is drawn for the hand that works and belongs to no picture."""
        return (self._grid,)
