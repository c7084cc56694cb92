"""A pen on a tablet, for tests."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QPointingDevice, QTabletEvent
from PySide6.QtWidgets import QApplication, QWidget

from tests.support.gui import Driver


def send_pen(
    viewport: QWidget, kind: QEvent.Type, at: QPointF, pressure: float, *, eraser: bool = False
) -> bool:
    """Send one event of a pen; returns whether the widget took it.

    Args:
        viewport: who gets it.
        kind: TabletPress, TabletMove or TabletRelease.
        at: position in the widget.
        pressure: 0 to 1.
        eraser: the other end of the pen.
    """
    ends = QPointingDevice.PointerType
    device = QPointingDevice(
        "pen",
        1,
        QPointingDevice.DeviceType.Stylus,
        ends.Eraser if eraser else ends.Pen,
        QPointingDevice.Capability.Position | QPointingDevice.Capability.Pressure,
        1,
        1,
    )
    none, left = Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton
    event = QTabletEvent(
        kind,
        device,
        at,
        QPointF(viewport.mapToGlobal(at)),
        pressure,
        *(0.0, 0.0, 0.0, 0.0, 0.0),
        Qt.KeyboardModifier.NoModifier,
        none if kind == QEvent.Type.TabletMove else left,
        none if kind == QEvent.Type.TabletRelease else left,
    )
    QApplication.sendEvent(viewport, event)
    return event.isAccepted()


def draw_with_pen(
    driver: Driver,
    points: Sequence[tuple[float, float, float]],
    *,
    eraser: bool = False,
    release: bool = True,
) -> None:
    """Draw a line with the pen.

    Args:
        driver: the window.
        points: (x, y, pressure) in frame pixels.
        eraser: with its other end.
        release: lift it at the end.
    """
    port = driver.canvas.viewport()
    places = [(QPointF(driver.point(x, y)), pressure) for x, y, pressure in points]
    send_pen(port, QEvent.Type.TabletPress, *places[0], eraser=eraser)
    for place, pressure in places[1:]:
        send_pen(port, QEvent.Type.TabletMove, place, pressure, eraser=eraser)
    if release:
        send_pen(port, QEvent.Type.TabletRelease, places[-1][0], 0.0, eraser=eraser)
