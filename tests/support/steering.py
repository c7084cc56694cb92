"""What tests of runs on the real window share."""

from __future__ import annotations

import numpy as np

from tests.support.gui import Driver


def paint(driver: Driver, frame: int, x: int, y: int) -> np.ndarray:
    """Paint a square stroke on a frame; return the frame's label map."""
    driver.go_to(frame)
    driver.window.brush_size.set_diameter(10)
    driver.drag([(x, y), (x + 6, y)])
    return driver.document.label_map(frame).copy()


def states(driver: Driver, object_id: int = 1) -> str:
    """The cells of an object: . empty, d drawn, c corrected, p propagated, v verified."""
    column = driver.document.cells.states[:, object_id]
    return "".join(".dcpv"[value] for value in column)
