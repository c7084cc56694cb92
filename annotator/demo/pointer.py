"""A pointer and keys for the real canvas: events as a mouse would send them."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication

from annotator.model.painting import Point
from annotator.views.canvas.view import CanvasView

_ENLARGED = 4
_LEFT, _RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton


class Pointer:
    """Presses, moves and releases over frame pixels of a canvas."""

    def __init__(self, canvas: CanvasView) -> None:
        self._canvas = canvas

    def drag(self, points: Sequence[Point], *, erase: bool = False) -> None:
        """Press at the first point, move through the others, release at the last."""
        button = _RIGHT if erase else _LEFT
        self._send(QEvent.Type.MouseButtonPress, points[0], button, button)
        for point in points[1:]:
            self._send(QEvent.Type.MouseMove, point, Qt.MouseButton.NoButton, button)
        self._send(QEvent.Type.MouseButtonRelease, points[-1], button, Qt.MouseButton.NoButton)

    def hover(self, point: Point) -> None:
        """Move without a button."""
        none = Qt.MouseButton.NoButton
        self._send(QEvent.Type.MouseMove, point, none, none)

    def leave(self) -> None:
        """Leave the canvas."""
        QApplication.sendEvent(self._canvas, QEvent(QEvent.Type.Leave))

    def wheel(self, point: Point, steps: int) -> None:
        """Turn the wheel over a point; positive zooms in."""
        at = self._position(point)
        event = QWheelEvent(
            at,
            QPointF(self._canvas.viewport().mapToGlobal(at.toPoint())),
            QPoint(),
            QPoint(0, 120 * steps),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(self._canvas.viewport(), event)

    def _position(self, point: Point) -> QPointF:
        return self._canvas.viewportTransform().map(QPointF(*point))

    def _send(
        self,
        kind: QEvent.Type,
        point: Point,
        button: Qt.MouseButton,
        buttons: Qt.MouseButton,
    ) -> None:
        at = self._position(point)
        event = QMouseEvent(
            kind,
            at,
            QPointF(self._canvas.viewport().mapToGlobal(at.toPoint())),
            button,
            buttons,
            Qt.KeyboardModifier.NoModifier,
        )
        QApplication.sendEvent(self._canvas.viewport(), event)


def outlines(mask: np.ndarray) -> list[tuple[list[Point], bool]]:
    """Trace a mask as outlines that a lasso can follow.

    Args:
        mask: bool [H, W].

    Returns:
        (points (x, y), whether the outline is a hole), outer ones before their holes.
    """
    enlarged = cv2.resize(
        mask.astype(np.uint8), None, fx=_ENLARGED, fy=_ENLARGED, interpolation=cv2.INTER_NEAREST
    )
    found, tree = cv2.findContours(enlarged, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    traced = []
    for contour, (_next, _previous, _child, parent) in zip(
        found, tree[0] if tree is not None else (), strict=True
    ):
        points = (contour[:, 0, :].astype(np.float64) + 0.5) / _ENLARGED
        if len(points) >= 3:
            traced.append(([(float(x), float(y)) for x, y in points], parent >= 0))
    return sorted(traced, key=lambda one: one[1])


def strays(mask: np.ndarray) -> list[Point]:
    """Find the middles of the small pieces of a mask that hang apart from its largest one."""
    count, labels, statistics, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    if count <= 2:
        return []
    largest = 1 + int(np.argmax(statistics[1:, cv2.CC_STAT_AREA]))
    middles = []
    for piece in range(1, count):
        if piece != largest:
            rows, columns = np.nonzero(labels == piece)
            middles.append((float(columns.mean()) + 0.5, float(rows.mean()) + 0.5))
    return middles


def middle(mask: np.ndarray) -> tuple[float, float]:
    """A point well inside a mask."""
    depth = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 3)
    row, column = np.unravel_index(int(np.argmax(depth)), depth.shape)
    return float(column) + 0.5, float(row) + 0.5


def smoothed(mask: np.ndarray) -> np.ndarray:
    """The mask without frayed edges, as a hand would trace it."""
    soft = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 2.0)
    smooth: np.ndarray = soft > 0.5
    return smooth
