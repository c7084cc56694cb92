"""Overlays on the real window: shown when on, nothing when off, and what can be done with them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QSlider

from annotator.model.cells import CellState
from tests.support.fake_backend import FakeBackend
from tests.support.gui import Driver

pytestmark = pytest.mark.gui


def propagated(driver: Driver, folder: Path) -> None:
    """Two objects drawn in frame 0, carried to the end, frame 5 in view."""
    driver.application.service.load()
    driver.open(folder)
    driver.window.brush_size.set_diameter(20)
    driver.drag([(24, 20), (40, 20)])
    driver.trigger("object.add")
    driver.drag([(24, 45), (40, 45)])
    driver.key(Qt.Key.Key_F)
    driver.wait_for_end()
    driver.go_to(5)


def is_shown(layer: object) -> bool:
    return not layer.boundingRect().isEmpty()  # type: ignore[attr-defined]


def test_probability_and_embedding_are_asked_for_only_while_they_are_on(
    driver: Driver, backend: FakeBackend, frames_folder: Path
) -> None:
    propagated(driver, frames_folder)
    layers = driver.application.canvas_layers
    driver.qtbot.wait(120)  # longer than the rest after which the network is asked
    assert backend.looks == []
    assert not is_shown(layers.probability) and not is_shown(layers.embedding)
    driver.trigger("view.probability")
    driver.wait(lambda: is_shown(layers.probability))
    assert backend.looks == [5]
    driver.trigger("view.embedding")
    driver.wait(lambda: is_shown(layers.embedding))
    assert backend.looks == [5]  # the same look
    assert layers.probability.boundingRect().width() == 100
    driver.go_to(7)
    driver.wait(lambda: backend.looks[-1] == 7 and is_shown(layers.probability))
    driver.trigger("view.probability")
    driver.trigger("view.embedding")
    assert not is_shown(layers.probability) and not is_shown(layers.embedding)
    looked = len(backend.looks)
    driver.go_to(3)
    driver.qtbot.wait(120)
    assert len(backend.looks) == looked


def test_probability_is_that_of_the_chosen_object_and_follows_corrections(
    driver: Driver, backend: FakeBackend, frames_folder: Path
) -> None:
    propagated(driver, frames_folder)
    layers = driver.application.canvas_layers
    driver.application.editor.choose_object(1)
    driver.trigger("view.probability")
    driver.wait(lambda: is_shown(layers.probability))
    first = layers.probability.values.copy()
    driver.application.editor.choose_object(2)
    assert not np.array_equal(layers.probability.values, first)
    looked = len(backend.looks)
    driver.drag([(60, 10), (62, 10)])
    driver.wait(lambda: len(backend.looks) > looked)


def test_v_hides_everything_and_brings_it_back(driver: Driver, frames_folder: Path) -> None:
    propagated(driver, frames_folder)
    canvas = driver.canvas
    driver.trigger("view.reliability")
    driver.trigger("view.clusters")
    assert is_shown(canvas.reliability_layer) and is_shown(canvas.cluster_layer)
    driver.key(Qt.Key.Key_V)
    assert not any(canvas.mask_layer.colour_table)
    for layer in (canvas.contour_layer, canvas.reliability_layer, canvas.cluster_layer):
        assert not is_shown(layer)
    assert driver.window.overlays.legend.names == ()
    driver.key(Qt.Key.Key_V)
    assert any(canvas.mask_layer.colour_table)
    assert is_shown(canvas.reliability_layer) and is_shown(canvas.cluster_layer)
    assert driver.window.overlays.legend.names == ("reliability", "clusters")


def test_the_filter_shows_what_its_threshold_drops(driver: Driver, frames_folder: Path) -> None:
    propagated(driver, frames_folder)
    layer = driver.canvas.reliability_layer
    driver.trigger("view.filter")
    assert is_shown(layer)
    # three labels: the bound is 1 - alpha / log 3
    alpha = driver.window.overlays.state.filter_alpha
    bound = 255 * (1 - alpha / np.log(3))
    dropped = [value for value, colour in enumerate(layer.colour_table) if colour]
    assert dropped == list(range(int(np.ceil(bound))))


def test_a_cluster_tells_of_itself_and_gives_its_pixels(
    driver: Driver, frames_folder: Path
) -> None:
    propagated(driver, frames_folder)
    driver.go_to(0)
    driver.trigger("view.clusters")
    driver.wait(lambda: is_shown(driver.canvas.cluster_layer))
    driver.canvas.hovered.emit((38.0, 20.0))
    text = driver.window.overlay_label.text()
    assert "proxy" in text and "of frame 0" in text and "% of its matches" in text
    name = driver.document.objects[1].name
    assert text.startswith(name)
    driver.trigger("tool.pick")
    driver.click(38, 20)
    assert is_shown(driver.application.canvas_layers.selection)
    clusters = driver.application.layers.clusters(0)
    assert clusters is not None
    mask = clusters.mask_at(38, 20)
    assert mask is not None and mask.any()
    driver.application.editor.choose_object(2)
    driver.trigger("review.take_cluster")
    assert driver.document.object_mask(0, 2)[mask].all()
    driver.trigger("edit.undo")
    assert not driver.document.object_mask(0, 2)[mask].all()


def test_clusters_of_a_frame_that_no_run_made_are_computed_when_shown(
    driver: Driver, backend: FakeBackend, frames_folder: Path
) -> None:
    propagated(driver, frames_folder)
    driver.trigger("view.clusters")
    assert is_shown(driver.canvas.cluster_layer) and backend.looks == []  # the run gave them
    driver.go_to(0)
    driver.wait(lambda: is_shown(driver.canvas.cluster_layer))
    assert backend.looks == [0]


def test_difference_to_the_former_run_is_put_back_or_accepted(
    driver: Driver, frames_folder: Path
) -> None:
    propagated(driver, frames_folder)
    former = [driver.document.label_map(i).copy() for i in range(12)]
    layers, comparison = driver.application.canvas_layers, driver.application.comparison
    driver.go_to(4)
    driver.application.editor.choose_object(1)
    driver.drag([(60, 20), (80, 20)])  # a correction, from which object 1 grows
    driver.key(Qt.Key.Key_F)
    driver.wait_for_end()
    driver.go_to(8)
    now = driver.document.label_map(8).copy()
    assert not np.array_equal(now, former[8])
    driver.trigger("view.difference")
    shown = layers.difference.values
    assert np.array_equal(shown > 0, now != former[8])
    driver.trigger("review.show_former")
    assert np.array_equal(driver.canvas.mask_layer.values, former[8])
    driver.trigger("review.show_former")
    assert np.array_equal(driver.canvas.mask_layer.values, now)
    driver.trigger("review.put_back")
    for frame in range(5, 12):
        assert np.array_equal(driver.document.label_map(frame), former[frame])
    assert driver.document.cells.state(8, 1) is CellState.PROPAGATED
    driver.trigger("edit.undo")  # one step
    assert np.array_equal(driver.document.label_map(8), now)
    driver.trigger("review.accept_run")
    assert not layers.difference.values.any()
    assert not comparison.former.differs(driver.document, 8)


def test_flicker_marks_what_pops_up_in_one_frame(driver: Driver, frames_folder: Path) -> None:
    propagated(driver, frames_folder)
    driver.trigger("view.flicker")
    layer = driver.application.canvas_layers.flicker
    before = int((layer.values == 2).sum())
    driver.application.editor.choose_object(2)
    driver.window.brush_size.set_diameter(14)
    driver.drag([(80, 30), (84, 30)])
    assert layer.values[30, 82] == 2
    assert int((layer.values == 2).sum()) > before + 80
    driver.trigger("view.flicker")
    assert not is_shown(layer)


def test_one_object_of_the_run_is_accepted_and_the_other_still_differs(
    driver: Driver, frames_folder: Path
) -> None:
    propagated(driver, frames_folder)
    former = driver.document.label_map(8).copy()
    driver.go_to(4)
    for object_id, y in ((1, 8), (2, 56)):
        driver.application.editor.choose_object(object_id)
        driver.drag([(60, y), (80, y)])
    driver.key(Qt.Key.Key_F)
    driver.wait_for_end()
    driver.go_to(8)
    driver.trigger("view.difference")
    layer = driver.application.canvas_layers.difference
    assert layer.values[:30].any() and layer.values[30:].any()
    driver.application.editor.choose_object(1)
    driver.trigger("review.accept_object")
    assert not layer.values[:30].any() and layer.values[30:].any()
    driver.trigger("review.put_back")  # the rest
    assert not layer.values.any()
    label_map = driver.document.label_map(8)
    assert (label_map[:16] == 1).any(), "what was accepted stays"
    assert np.array_equal(label_map == 2, former == 2)


def test_runs_are_compared_with_the_masks_that_were_held(
    driver: Driver, frames_folder: Path
) -> None:
    propagated(driver, frames_folder)
    held = driver.document.label_map(8).copy()
    driver.trigger("review.hold_former")
    for frame, x in ((4, 60), (6, 20)):
        driver.go_to(frame)
        driver.drag([(x, 8), (x + 12, 8)])
        driver.key(Qt.Key.Key_F)
        driver.wait_for_end()
    driver.go_to(8)
    now = driver.document.label_map(8).copy()
    driver.trigger("view.difference")
    shown = driver.application.canvas_layers.difference.values
    assert np.array_equal(shown > 0, now != held)
    driver.trigger("review.show_former")
    assert np.array_equal(driver.canvas.mask_layer.values, held)
    driver.trigger("review.show_former")
    driver.trigger("review.hold_former")
    driver.key(Qt.Key.Key_F)
    driver.wait_for_end()
    driver.go_to(7)
    assert not driver.application.canvas_layers.difference.values.any()  # the same run again


def test_bars_over_the_curve_tell_how_much_the_run_changed(
    driver: Driver, frames_folder: Path
) -> None:
    propagated(driver, frames_folder)
    driver.go_to(4)
    driver.application.editor.choose_object(1)
    former = [driver.document.label_map(i).copy() for i in range(12)]
    driver.drag([(60, 20), (80, 20)])
    driver.key(Qt.Key.Key_F)
    driver.wait_for_end()
    curve = driver.window.curve
    assert curve.changes is None
    driver.trigger("view.difference")
    now = driver.document.label_map(8)
    shown = (now > 0) | (former[8] > 0)
    wanted = (now != former[8]).sum() / shown.sum()
    assert wanted > 0
    driver.wait(lambda: curve.changes is not None and curve.changes[8] > 0)
    assert curve.changes is not None
    assert curve.changes[8] == pytest.approx(wanted)
    assert not curve.changes[:5].any(), "the run wrote frames 5 to 11"
    driver.go_to(8)
    driver.trigger("review.put_back")
    driver.wait(lambda: curve.changes is not None and not curve.changes.any())
    driver.trigger("view.difference")
    assert curve.changes is None


@pytest.mark.parametrize("name", ["masks", "contours"])
def test_a_slider_makes_a_layer_fainter_and_touches_no_pixel(
    driver: Driver, frames_folder: Path, name: str
) -> None:
    propagated(driver, frames_folder)
    canvas, panel = driver.canvas, driver.window.overlays
    layer = {"masks": canvas.mask_layer, "contours": canvas.contour_layer}[name]
    shown, before = layer.values, layer.colour_table[1] >> 24
    slider = panel.findChild(QSlider, f"opacity.{name}")
    assert isinstance(slider, QSlider)
    slider.setFocus(Qt.FocusReason.TabFocusReason)
    for _ in range(10):
        QTest.keyClick(slider, Qt.Key.Key_Left)
    assert layer.colour_table[1] >> 24 < before
    assert layer.values is shown
