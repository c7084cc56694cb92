"""A window with three objects carried through every frame, for tests of what comes after that."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from annotator.model.commands import AddObject
from tests.support.gui import Driver

COLUMNS = {1: slice(5, 20), 2: slice(30, 50), 3: slice(60, 70)}
"""Where each object stands, in every frame, over rows 10 to 30."""


def label_map_of(driver: Driver) -> np.ndarray:
    """The map that every frame gets."""
    label_map = np.zeros((driver.document.height, driver.document.width), np.uint8)
    for object_id, columns in COLUMNS.items():
        label_map[10:30, columns] = object_id
    return label_map


def annotate(driver: Driver) -> None:
    """Add three objects and put them into every frame, as a run of the network would."""
    workspace = driver.application.editor.workspace
    assert workspace is not None
    history, label_map = workspace.history, label_map_of(driver)
    for name in ("walker", "dog", "ball"):
        history.do(AddObject.prepare(workspace.document, name=name))
    run = history.begin_propagation()
    for frame in range(workspace.document.frame_count):
        run.add(frame, label_map, None, {1: 0.9, 2: 0.6, 3: 0.8})
    run.close()
    driver.application.editor.choose_object(1)


@pytest.fixture
def scene(driver: Driver, frames_folder: Path) -> Driver:
    """Three objects in each of twelve frames."""
    driver.open(frames_folder)
    annotate(driver)
    return driver


def frames_with(driver: Driver, object_id: int) -> list[int]:
    """Frames in which an object has pixels."""
    return [
        frame
        for frame in range(driver.document.frame_count)
        if driver.document.object_mask(frame, object_id).any()
    ]
