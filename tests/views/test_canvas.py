"""The canvas: gestures in frame pixels, zoom at the pointer, repainting what changed."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QCursor, QImage, QKeyEvent, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QStyleOptionGraphicsItem
from pytestqt.qtbot import QtBot

from annotator.views.canvas.contours import contour_map, refresh_contours
from annotator.views.canvas.gestures import PointerEvent
from annotator.views.canvas.previews import BrushRing
from annotator.views.canvas.tools import Tool, left_button_text
from annotator.views.canvas.view import CanvasView
from tests.support.pen import send_pen

pytestmark = pytest.mark.gui


@pytest.fixture
def canvas(qtbot: QtBot) -> CanvasView:
    view = CanvasView()
    qtbot.addWidget(view)
    view.resize(440, 330)
    view.show()
    qtbot.waitExposed(view)
    view.show_frame(np.zeros((60, 80, 3), np.uint8))
    return view


def at(view: CanvasView, x: float, y: float) -> QPointF:
    return view.viewportTransform().map(QPointF(x, y))


def pixel(view: CanvasView, x: float, y: float) -> tuple[int, int, int]:
    """Colour on the screen at a frame position."""
    point = at(view, x, y).toPoint()
    colour = view.viewport().grab().toImage().pixelColor(point)
    return colour.red(), colour.green(), colour.blue()


def test_a_new_frame_size_is_fitted_and_the_same_size_leaves_the_view_alone(
    canvas: CanvasView,
) -> None:
    assert at(canvas, 0, 0).x() >= 0 and at(canvas, 80, 60).x() <= canvas.viewport().width()
    canvas.zoom_by(3.0)
    zoom, corner = canvas.zoom, at(canvas, 10, 10)
    canvas.show_frame(np.full((60, 80, 3), 9, np.uint8))
    assert canvas.zoom == zoom and at(canvas, 10, 10) == corner
    canvas.show_frame(np.zeros((30, 30, 3), np.uint8))
    assert at(canvas, 30, 30).y() <= canvas.viewport().height()


@pytest.mark.parametrize("factor", [1.2, 1 / 1.2, 3.0])
def test_zoom_keeps_the_frame_point_under_the_pointer(canvas: CanvasView, factor: float) -> None:
    canvas.zoom_by(4.0)
    pointer = at(canvas, 41.3, 27.8)
    canvas.zoom_by(factor, pointer)
    after = at(canvas, 41.3, 27.8)
    assert abs(after.x() - pointer.x()) <= 1 and abs(after.y() - pointer.y()) <= 1


def test_actual_size_is_one_device_pixel_a_frame_pixel(canvas: CanvasView) -> None:
    canvas.actual_size()
    assert canvas.zoom == pytest.approx(1.0)
    assert canvas.transform().m11() == pytest.approx(1.0 / canvas.devicePixelRatioF())


class Recorder:
    """A tool that notes what it is handed."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, PointerEvent]] = []
        self.keys: list[Qt.Key] = []
        self.aborts = 0
        self.in_hand = False

    def press(self, pointer: PointerEvent) -> None:
        self.seen.append(("press", pointer))

    def move(self, pointer: PointerEvent) -> None:
        self.seen.append(("move", pointer))

    def release(self, pointer: PointerEvent) -> None:
        self.seen.append(("release", pointer))

    def double_click(self, pointer: PointerEvent) -> None:
        self.seen.append(("double", pointer))

    def wants_key(self, key: Qt.Key) -> bool:
        return self.in_hand and key == Qt.Key.Key_Return

    def press_key(self, key: Qt.Key) -> None:
        self.keys.append(key)

    def leave(self) -> None:
        self.seen.append(("leave", PointerEvent(0, 0)))

    def abort(self) -> None:
        self.aborts += 1

    def kinds(self) -> list[str]:
        """What was handed over, without moves over the frame."""
        return [kind for kind, pointer in self.seen if kind != "move" or pointer.held]


@pytest.fixture
def tool(canvas: CanvasView) -> Recorder:
    recorder = Recorder()
    canvas.set_gesture_target(recorder, QCursor(Qt.CursorShape.CrossCursor))
    return recorder


def test_a_drag_is_handed_over_in_frame_pixels(
    canvas: CanvasView, tool: Recorder, qtbot: QtBot
) -> None:
    port = canvas.viewport()
    QTest.mousePress(port, Qt.MouseButton.LeftButton, pos=at(canvas, 10, 20).toPoint())
    QTest.mouseMove(port, at(canvas, 30, 20).toPoint())
    qtbot.waitUntil(lambda: "move" in tool.kinds())
    QTest.mouseRelease(port, Qt.MouseButton.LeftButton, pos=at(canvas, 30, 20).toPoint())
    assert [kind for kind in tool.kinds() if kind != "move"] == ["press", "release"]
    first, last = tool.seen[0][1], tool.seen[-1][1]
    assert first.point == pytest.approx((10, 20), abs=0.3)
    assert last.point == pytest.approx((30, 20), abs=0.3)
    assert first.held and not first.erases and first.pressure == 1.0
    assert first.reach == pytest.approx(7 / canvas.transform().m11())


def test_the_right_button_erases_and_the_other_button_drops(
    canvas: CanvasView, tool: Recorder
) -> None:
    port, where = canvas.viewport(), at(canvas, 10, 10).toPoint()
    QTest.mousePress(port, Qt.MouseButton.RightButton, pos=where)
    assert tool.seen[-1][1].erases and canvas.gesture_in_hand()
    QTest.mousePress(port, Qt.MouseButton.LeftButton, pos=where)
    assert tool.aborts == 1 and not canvas.gesture_in_hand()
    QTest.mouseRelease(port, Qt.MouseButton.RightButton, pos=where)
    QTest.mouseRelease(port, Qt.MouseButton.LeftButton, pos=where)
    assert tool.kinds() == ["press"], "what was dropped is not ended"


def test_keys_go_to_the_tool_only_when_it_wants_them(canvas: CanvasView, tool: Recorder) -> None:
    canvas.setFocus()
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    tool.in_hand = True
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    QTest.keyClick(canvas, Qt.Key.Key_Backspace)
    assert tool.keys == [Qt.Key.Key_Return]


def test_another_tool_drops_what_the_first_has_in_hand(canvas: CanvasView, tool: Recorder) -> None:
    canvas.set_gesture_target(Recorder(), QCursor(Qt.CursorShape.PointingHandCursor))
    assert tool.aborts == 1
    assert canvas.viewport().cursor().shape() is Qt.CursorShape.PointingHandCursor
    canvas.set_hover_shape(Qt.CursorShape.SizeAllCursor)
    assert canvas.viewport().cursor().shape() is Qt.CursorShape.SizeAllCursor
    canvas.set_hover_shape(None)
    assert canvas.viewport().cursor().shape() is Qt.CursorShape.PointingHandCursor


def test_a_pen_brings_its_pressure_and_its_other_end_erases(
    canvas: CanvasView, tool: Recorder
) -> None:
    port, near, far = canvas.viewport(), at(canvas, 10, 10), at(canvas, 20, 10)
    assert send_pen(port, QEvent.Type.TabletPress, near, 0.25)
    assert send_pen(port, QEvent.Type.TabletMove, far, 0.75)
    assert send_pen(port, QEvent.Type.TabletRelease, far, 0.0)
    assert [kind for kind, _ in tool.seen] == ["press", "move", "release"]
    assert [p.pressure for _, p in tool.seen] == [0.25, 0.75, 0.0]
    assert not any(p.erases for _, p in tool.seen)
    assert not canvas.gesture_in_hand()
    send_pen(port, QEvent.Type.TabletPress, near, 0.5, eraser=True)
    assert tool.seen[-1][1].erases
    send_pen(port, QEvent.Type.TabletRelease, near, 0.0, eraser=True)


def test_space_held_and_dragged_pans_and_a_tap_is_reported(
    canvas: CanvasView, qtbot: QtBot
) -> None:
    canvas.zoom_by(4.0)
    port = canvas.viewport()
    before = at(canvas, 0, 0)
    QApplication.sendEvent(
        canvas, QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Space, Qt.KeyboardModifier.NoModifier)
    )
    QTest.mousePress(port, Qt.MouseButton.LeftButton, pos=QPointF(200, 150).toPoint())
    QTest.mouseMove(port, QPointF(230, 170).toPoint())
    qtbot.waitUntil(lambda: at(canvas, 0, 0) != before)
    QTest.mouseRelease(port, Qt.MouseButton.LeftButton, pos=QPointF(230, 170).toPoint())
    release = QKeyEvent(QEvent.Type.KeyRelease, Qt.Key.Key_Space, Qt.KeyboardModifier.NoModifier)
    with qtbot.assertNotEmitted(canvas.space_tapped, wait=30):
        QApplication.sendEvent(canvas, release)
    moved = at(canvas, 0, 0) - before
    assert (moved.x(), moved.y()) == (30, 20)
    with qtbot.waitSignal(canvas.space_tapped):
        QTest.keyClick(canvas, Qt.Key.Key_Space)


def test_the_mask_layer_shows_edits_of_the_same_array_and_a_table_recolours(
    canvas: CanvasView,
) -> None:
    label_map = np.zeros((60, 80), np.uint8)
    table = [0] * 256
    table[3] = 0xFF00FF00
    canvas.mask_layer.set_values(label_map)
    canvas.mask_layer.set_colour_table(table)
    assert pixel(canvas, 40.5, 30.5) == (0, 0, 0)
    label_map[20:40, 30:50] = 3
    canvas.mask_layer.update_region(QRect(30, 20, 20, 20))
    assert pixel(canvas, 40.5, 30.5) == (0, 255, 0)
    table[3] = 0x800000FF
    canvas.mask_layer.set_colour_table(table)
    red, green, blue = pixel(canvas, 40.5, 30.5)
    assert (red, green) == (0, 0) and 120 <= blue <= 136


def test_an_edit_repaints_only_its_rectangle(canvas: CanvasView) -> None:
    label_map = np.zeros((60, 80), np.uint8)
    canvas.mask_layer.set_values(label_map)
    canvas.viewport().grab()
    painted: list[QRectF] = []
    original = canvas.mask_layer.paint

    def paint(painter, option, widget=None):  # type: ignore[no-untyped-def]
        painted.append(QRectF(option.exposedRect))
        original(painter, option, widget)

    canvas.mask_layer.paint = paint  # type: ignore[method-assign]
    QApplication.processEvents()
    painted.clear()
    canvas.mask_layer.update_region(QRect(10, 10, 5, 5))
    QApplication.processEvents()
    assert painted and all(r.width() * r.height() < 0.2 * 60 * 80 for r in painted)


def test_a_coarse_map_is_stretched_over_the_whole_frame(canvas: CanvasView) -> None:
    coarse = np.zeros((8, 10), np.uint8)
    coarse[7, 9] = 1
    table = [0] * 256
    table[1] = 0xFFFF0000
    canvas.cluster_layer.set_colour_table(table)
    canvas.cluster_layer.set_values(coarse, extent=(60, 80))
    assert canvas.cluster_layer.boundingRect() == QRectF(0, 0, 80, 60)
    assert pixel(canvas, 79, 59) == (255, 0, 0) and pixel(canvas, 70, 59) == (0, 0, 0)


def test_layers_refuse_other_arrays(canvas: CanvasView) -> None:
    with pytest.raises(ValueError, match="uint8"):
        canvas.mask_layer.set_values(np.zeros((4, 4), np.int32))
    with pytest.raises(ValueError, match="256"):
        canvas.mask_layer.set_colour_table([0] * 10)


def test_contours_by_hand() -> None:
    label_map = np.zeros((6, 6), np.uint8)
    label_map[1:5, 1:5] = 2
    expected = label_map.copy()
    expected[2:4, 2:4] = 0
    np.testing.assert_array_equal(contour_map(label_map), expected)


def test_refreshed_contours_equal_those_computed_anew() -> None:
    rng = np.random.default_rng(3)
    label_map = np.repeat(np.repeat(rng.integers(0, 4, (9, 12), np.uint8), 5, 0), 5, 1)
    for thickness in (1, 3):
        contours = contour_map(label_map, thickness)
        for _ in range(20):
            top, left = int(rng.integers(0, 40)), int(rng.integers(0, 55))
            height, width = int(rng.integers(1, 8)), int(rng.integers(1, 8))
            label_map[top : top + height, left : left + width] = rng.integers(0, 4)
            region = QRect(left, top, width, height)
            refresh_contours(contours, label_map, region, thickness)
            np.testing.assert_array_equal(contours, contour_map(label_map, thickness))


def test_the_status_line_says_what_the_left_button_does() -> None:
    assert "paint walker" in left_button_text(Tool.BRUSH, "walker")
    assert "locked" in left_button_text(Tool.BRUSH, "walker", locked=True)
    assert "choose" in left_button_text(Tool.PICK, None)
    assert len({left_button_text(tool, "walker") for tool in Tool}) == len(Tool)


@pytest.mark.parametrize("colour", [(20, 10, 60), (250, 240, 120), (120, 94, 240)])
@pytest.mark.parametrize("ground", [0, 255])
def test_the_ring_of_the_brush_is_seen_on_any_picture(
    qapp: QApplication, colour: tuple[int, int, int], ground: int
) -> None:
    ring = BrushRing()
    ring.set_radius(12)
    ring.set_colour(QColor(*colour))
    image = QImage(40, 40, QImage.Format.Format_RGB32)
    image.fill(QColor(ground, ground, ground))
    painter = QPainter(image)
    painter.translate(20, 20)
    ring.paint(painter, QStyleOptionGraphicsItem())
    painter.end()
    greys = [image.pixelColor(x, 20).lightness() for x in range(40)]
    assert max(abs(grey - ground) for grey in greys) > 80
