"""Live-wire and GrabCut on the real window: what they paint, Esc, undo, and nothing held up."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest

from tests.support.gui import Driver

pytestmark = pytest.mark.gui

SIZE = 160
MIDDLE, RADIUS = (80.0, 60.0), 30.0


def disc(height: int, width: int, scale: float = 1.0) -> np.ndarray:
    """True mask of the thing in the clip."""
    rows, columns = np.mgrid[:height, :width] + 0.5
    return np.hypot(rows - MIDDLE[1] * scale, columns - MIDDLE[0] * scale) <= RADIUS * scale


def write_clip(folder: Path, height: int = 120, width: int = SIZE, scale: float = 1.0) -> Path:
    """Three frames with a red disc on a dark, slightly noisy ground."""
    folder.mkdir()
    rng = np.random.default_rng(2)
    inside = disc(height, width, scale)[:, :, None]
    for index in range(3):
        noise = rng.integers(-8, 9, (height, width, 3))
        frame = np.where(inside, (210, 70, 50), (40, 60, 110)) + noise
        Image.fromarray(np.clip(frame, 0, 255).astype(np.uint8)).save(folder / f"{index:03d}.png")
    return folder


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return write_clip(tmp_path / "disc")


def overlap(mask: np.ndarray) -> float:
    truth = disc(*mask.shape)
    return float((mask & truth).sum() / (mask | truth).sum())


def around(share: float) -> tuple[float, float]:
    """A pixel on the disc's border, by its share of a turn."""
    turn = 2 * np.pi * share
    return round(MIDDLE[0] + RADIUS * np.cos(turn)), round(MIDDLE[1] + RADIUS * np.sin(turn))


def test_four_clicks_of_the_live_wire_go_round_a_disc(driver: Driver, clip: Path) -> None:
    driver.open(clip)
    driver.key(Qt.Key.Key_W)
    driver.canvas.setFocus()
    for place in range(4):
        driver.click(*around(place / 4))
    outline = driver.canvas.outline
    assert outline is not None and len(outline.handles) == 4
    assert "Backspace" in driver.window.tool_label.text()
    QTest.keyClick(driver.canvas, Qt.Key.Key_Return)
    driver.wait(lambda: driver.document.label_map(0).any())
    assert overlap(driver.document.object_mask(0, 1)) > 0.93
    # The square through the four clicks would cover 2 / pi of the disc: 0.64.
    assert driver.canvas.outline is None and not driver.canvas.gesture_in_hand()
    driver.trigger("edit.undo")
    assert not driver.document.label_map(0).any()


def test_the_first_anchor_closes_backspace_lets_go_and_escape_drops(
    driver: Driver, clip: Path
) -> None:
    driver.open(clip)
    driver.key(Qt.Key.Key_W)
    driver.canvas.setFocus()
    for place in (0, 1 / 4, 1 / 3):
        driver.click(*around(place))
    QTest.keyClick(driver.canvas, Qt.Key.Key_Backspace)
    outline = driver.canvas.outline
    assert outline is not None and len(outline.handles) == 2
    driver.key(Qt.Key.Key_Escape)
    assert driver.canvas.outline is None and not driver.canvas.gesture_in_hand()
    for place in (0, 1 / 4, 1 / 2, 3 / 4, 0):
        driver.click(*around(place), Qt.MouseButton.LeftButton)
    driver.wait(lambda: driver.document.label_map(0).any())
    assert overlap(driver.document.object_mask(0, 1)) > 0.93
    for place in (0, 1 / 4, 1 / 2, 3 / 4, 0):
        driver.click(*around(place), Qt.MouseButton.RightButton)
    driver.wait(lambda: driver.document.object_mask(0, 1).sum() < 300)


def test_another_frame_drops_the_live_wire(driver: Driver, clip: Path) -> None:
    driver.open(clip)
    driver.key(Qt.Key.Key_W)
    for place in range(3):
        driver.click(*around(place / 4))
    driver.go_to(1)
    assert driver.canvas.outline is None
    assert not driver.document.label_map(0).any() and not driver.document.label_map(1).any()


def rough_mask(driver: Driver) -> np.ndarray:
    """Paint a square that is too large for the disc."""
    driver.trigger("tool.rectangle")
    driver.drag([(44, 24), (116, 96)])
    return driver.document.label_map(0).copy()


def test_grabcut_makes_a_rough_mask_follow_the_picture(driver: Driver, clip: Path) -> None:
    driver.open(clip)
    before = rough_mask(driver)
    assert overlap(before == 1) < 0.6
    driver.key(Qt.Key.Key_G, Qt.KeyboardModifier.ShiftModifier)
    driver.drag([(30, 10), (80, 60), (130, 110)])
    assert "Refining" in driver.window.tool_label.text()
    outline = driver.canvas.outline
    assert outline is not None and outline.dashed, "the box stays in view while it is worked on"
    driver.wait(lambda: not driver.canvas.gesture_in_hand())
    assert overlap(driver.document.object_mask(0, 1)) > 0.97
    driver.trigger("edit.undo")
    np.testing.assert_array_equal(driver.document.label_map(0), before)
    driver.trigger("edit.redo")
    assert overlap(driver.document.object_mask(0, 1)) > 0.97


def test_escape_drops_grabcut_at_work(driver: Driver, clip: Path) -> None:
    driver.open(clip)
    before = rough_mask(driver)
    driver.trigger("tool.refine")
    driver.drag([(30, 10), (130, 110)], release=False)
    driver.key(Qt.Key.Key_Escape)
    assert not driver.canvas.gesture_in_hand() and driver.canvas.outline is None
    QTest.mouseRelease(
        driver.canvas.viewport(), Qt.MouseButton.LeftButton, pos=driver.point(130, 110)
    )
    driver.drag([(30, 10), (130, 110)])
    assert driver.canvas.gesture_in_hand()
    driver.key(Qt.Key.Key_Escape)
    assert not driver.canvas.gesture_in_hand()
    done: list[bool] = []
    driver.application.paint.context.tasks.start(lambda _task: True, done.append)
    driver.wait(lambda: bool(done))  # whatever was begun before has ended
    np.testing.assert_array_equal(driver.document.label_map(0), before)


def test_grabcut_from_nothing_makes_a_first_object(driver: Driver, clip: Path) -> None:
    driver.open(clip)
    driver.trigger("tool.refine")
    driver.drag([(42, 22), (118, 98)])
    driver.wait(lambda: not driver.canvas.gesture_in_hand())
    assert overlap(driver.document.object_mask(0, 1)) > 0.97


def test_grabcut_refuses_locked_objects_and_leaves_protected_ones(
    driver: Driver, clip: Path
) -> None:
    driver.open(clip)
    driver.trigger("tool.rectangle")
    driver.drag([(50, 30), (80, 60)])
    first = driver.document.object_mask(0, 1)
    driver.trigger("object.add")
    driver.window.actions_table["tool.protect"].setChecked(True)
    driver.trigger("tool.refine")
    driver.drag([(42, 22), (118, 98)])
    driver.wait(lambda: not driver.canvas.gesture_in_hand())
    np.testing.assert_array_equal(driver.document.object_mask(0, 1), first)
    assert driver.document.object_mask(0, 2).any()
    second = driver.document.object_mask(0, 2)
    driver.key(Qt.Key.Key_L)
    driver.drag([(60, 40), (118, 98)])
    assert not driver.canvas.gesture_in_hand() and "locked" in driver.window.messages.text
    np.testing.assert_array_equal(driver.document.object_mask(0, 2), second)


def test_a_mask_changed_while_grabcut_worked_is_not_overwritten(driver: Driver, clip: Path) -> None:
    driver.open(clip)
    rough_mask(driver)
    driver.trigger("tool.refine")
    driver.drag([(30, 10), (130, 110)])
    driver.trigger("edit.undo")
    changed = driver.document.label_map(0).copy()
    driver.wait(lambda: not driver.canvas.gesture_in_hand())
    np.testing.assert_array_equal(driver.document.label_map(0), changed)
    assert "changed meanwhile" in driver.window.messages.text


def test_the_window_goes_on_while_grabcut_works_at_4k(driver: Driver, tmp_path: Path) -> None:
    driver.open(write_clip(tmp_path / "large", 2160, 3840, scale=18.0))
    ticks: list[bool] = []
    timer = QTimer(driver.window)
    timer.setInterval(5)
    timer.timeout.connect(lambda: ticks.append(driver.canvas.gesture_in_hand()))
    driver.trigger("tool.refine")
    driver.drag([(800, 400), (2100, 1700)])
    timer.start()
    driver.wait(lambda: len(ticks) >= 8)
    assert all(ticks[:8]), "events were served while the work went on"
    timer.stop()
    driver.wait(lambda: not driver.canvas.gesture_in_hand(), 60_000)
    assert driver.document.label_map(0).any()
