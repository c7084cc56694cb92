"""Cursors of the tools: a cross with the tool's picture beside it."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QCursor, QPainter, QPen, QPixmap

from annotator.views.icons import icon

_SIZE = 32
_CENTRE = 10
_ARM = 8


def tool_cursor(icon_name: str | None, ratio: float = 1.0) -> QCursor:
    """Return a cross whose middle is the point, with an icon at its lower right.

    Args:
        icon_name: Name in the icon font; the plain cross for ``None`` or where the font is missing.
        ratio: Device pixels per device-independent pixel.
    """
    picture = icon(icon_name, accent=QColor("white"))
    shade = icon(icon_name, accent=QColor("black"))
    if picture.isNull():
        return QCursor(Qt.CursorShape.CrossCursor)
    pixmap = QPixmap(round(_SIZE * ratio), round(_SIZE * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    for pen in (QPen(QColor(0, 0, 0, 190), 3), QPen(QColor("white"), 1)):
        painter.setPen(pen)
        painter.drawLine(_CENTRE - _ARM, _CENTRE, _CENTRE + _ARM, _CENTRE)
        painter.drawLine(_CENTRE, _CENTRE - _ARM, _CENTRE, _CENTRE + _ARM)
    corner = QPoint(_CENTRE + 5, _CENTRE + 5)
    for offset in (QPoint(-1, 0), QPoint(1, 0), QPoint(0, -1), QPoint(0, 1)):
        painter.drawPixmap(corner + offset, shade.pixmap(16, 16))
    painter.drawPixmap(corner, picture.pixmap(16, 16))
    painter.end()
    return QCursor(pixmap, _CENTRE, _CENTRE)
