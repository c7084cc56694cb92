"""Overlays that are off cost nothing: nothing is looked up, computed, held or painted for them."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt

from annotator.controller import layer_controller
from annotator.controller.comparison_controller import ComparisonController
from annotator.model.clusters import ClusterStore
from annotator.model.comparison import FormerRun
from annotator.model.document import Document
from annotator.views.canvas.layers import IndexedLayer
from tests.support.fake_backend import FakeBackend
from tests.support.gui import Driver

pytestmark = pytest.mark.gui

OVERLAYS = (
    "contours",
    "reliability",
    "filter",
    "clusters",
    "references",
    "probability",
    "embedding",
    "difference",
    "flicker",
)


def counted(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Calls of everything that an overlay needs, by name."""
    calls: Counter[str] = Counter()

    def count(owner: Any, name: str) -> None:
        plain: Callable[..., Any] = getattr(owner, name)

        def call(*arguments: Any, **options: Any) -> Any:
            outer = sys._getframe(1)
            calls[f"{name} by {outer.f_code.co_qualname}"] += 1
            return plain(*arguments, **options)

        monkeypatch.setattr(owner, name, call)

    count(layer_controller, "contour_map")
    count(Document, "reliability_map")
    count(ClusterStore, "get")
    count(FormerRun, "difference")
    count(ComparisonController, "flicker")
    return calls


def layers_of(driver: Driver) -> dict[str, IndexedLayer]:
    canvas, analysis = driver.canvas, driver.application.canvas_layers
    return {
        "contours": canvas.contour_layer,
        "reliability": canvas.reliability_layer,
        "filter": canvas.reliability_layer,
        "clusters": canvas.cluster_layer,
        "references": analysis.references,
        "probability": analysis.probability,
        "embedding": analysis.embedding,
        "difference": analysis.difference,
        "flicker": analysis.flicker,
    }


def work(driver: Driver, folder: Path) -> None:
    """A run, a correction, another run, and a walk through the frames."""
    driver.open(folder)
    driver.window.brush_size.set_diameter(20)
    driver.drag([(24, 20), (40, 20)])
    driver.key(Qt.Key.Key_F)
    driver.wait_for_end()
    driver.go_to(4)
    driver.drag([(60, 20), (80, 20)])
    driver.key(Qt.Key.Key_F)
    driver.wait_for_end()
    for frame in (0, 4, 8, 11, 5):
        driver.go_to(frame)


def test_what_is_off_costs_nothing(
    driver: Driver,
    backend: FakeBackend,
    frames_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    driver.application.service.load()
    driver.trigger("view.contours")  # the only one that is on at first
    calls = counted(monkeypatch)
    work(driver, frames_folder)
    driver.canvas.viewport().repaint()
    driver.qtbot.wait(120)  # longer than the rest after which the network is asked
    assert not calls, "something was looked up or computed for an overlay that is off"
    assert backend.looks == []
    for name, layer in layers_of(driver).items():
        assert layer.values.size == 0, name
        assert layer.boundingRect().isEmpty(), f"{name} would be painted"


@pytest.mark.parametrize("name", OVERLAYS)
def test_each_shows_when_on_and_holds_nothing_when_off_again(
    driver: Driver, frames_folder: Path, name: str
) -> None:
    driver.application.service.load()
    driver.trigger("view.contours")
    work(driver, frames_folder)
    layer = layers_of(driver)[name]
    driver.trigger(f"view.{name}")
    driver.wait(lambda: layer.values.size > 0)
    driver.trigger(f"view.{name}")
    assert layer.values.size == 0
    driver.go_to(7)
    driver.canvas.viewport().repaint()
    assert layer.values.size == 0
