"""Bad masks at the real window: each fault named, its mend offered, nothing changed before."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from tests.integration.test_exchange import import_dialog, press_import
from tests.model.states import state_of
from tests.support.gui import FRAME_HEIGHT, FRAME_WIDTH, Driver
from vos_core.media import write_label_map

pytestmark = pytest.mark.gui

SIZE = (FRAME_HEIGHT, FRAME_WIDTH)
HALF = (FRAME_HEIGHT // 2, FRAME_WIDTH // 2)


def squares(first: int, second: int, size: tuple[int, int] = SIZE) -> np.ndarray:
    height, width = size
    label_map = np.zeros(size, np.uint8)
    label_map[height // 4 : height // 2, width // 10 : width // 3] = first
    label_map[height // 2 : height - 4, width // 2 : width - 8] = second
    return label_map


def pngs(folder: Path, pictures: dict[int, np.ndarray]) -> Path:
    for number, picture in pictures.items():
        write_label_map(folder / f"{number:05d}.png", picture)
    return folder


def vis_json(path: Path, size: tuple[int, int]) -> Path:
    """A YouTube-VIS file of the window's size whose run lengths have another."""
    runs = {"size": list(size), "counts": [0, size[0] * size[1]]}
    video = {"id": 1, "width": FRAME_WIDTH, "height": FRAME_HEIGHT, "length": 12}
    annotation = {"id": 1, "video_id": 1, "segmentations": [runs]}
    path.write_text(json.dumps({"videos": [video], "annotations": [annotation]}))
    return path


def with_255(folder: Path) -> Path:
    return pngs(folder, {0: squares(1, 255)})


def with_holes_in_the_ids(folder: Path) -> Path:
    return pngs(folder, {0: squares(1, 5)})


def with_smoothed_edges(folder: Path) -> Path:
    return pngs(folder, {0: cv2.GaussianBlur(squares(40, 200), (3, 3), 0)})


def of_another_size(folder: Path) -> Path:
    return pngs(folder, {0: squares(1, 2, HALF)})


def of_frames_that_do_not_exist(folder: Path) -> Path:
    return pngs(folder, {0: squares(1, 2), 40: squares(1, 2)})


def with_run_lengths_of_another_size(folder: Path) -> Path:
    folder.mkdir()
    return vis_json(folder / "masks.json", HALF)


@pytest.mark.parametrize(
    ("make", "words", "mend", "expected"),
    [
        (with_255, "have the value 255", "void", squares(1, 0)),
        (with_holes_in_the_ids, "Ids with gaps: 1, 5", "renumber", squares(1, 2)),
        (with_smoothed_edges, "edges that were smoothed", "smooth", None),
        (
            of_another_size,
            "of another size than the frames",
            "size",
            squares(1, 2, HALF).repeat(2, 0).repeat(2, 1),
        ),
        (of_frames_that_do_not_exist, "do not exist (40)", "leave-out", squares(1, 2)),
        (
            with_run_lengths_of_another_size,
            "50x30 in frames 0",
            "size",
            np.ones(SIZE, np.uint8),
        ),
    ],
)
def test_a_fault_is_named_and_mended_when_told_to(
    driver: Driver,
    frames_folder: Path,
    tmp_path: Path,
    make: Callable[[Path], Path],
    words: str,
    mend: str,
    expected: np.ndarray | None,
) -> None:
    driver.open(frames_folder)
    before = state_of(driver.document)
    dialog = import_dialog(driver, make(tmp_path / "masks"))
    assert words in " ".join(label.text() for label in dialog.findChildren(QLabel))
    box = dialog.mend_box(mend)
    if mend != "renumber":  # ids with gaps are no fault of a project
        box.setChecked(False)
        assert not dialog.import_button.isEnabled()
        driver.qtbot.mouseClick(dialog.import_button, Qt.MouseButton.LeftButton)
    assert state_of(driver.document) == before
    box.setChecked(True)
    assert press_import(driver, dialog) == 1
    found = driver.document.label_map(0)
    if expected is None:
        assert set(np.unique(found)) == {0, 40, 200}
        assert (found != squares(40, 200)).mean() < 0.06
    else:
        np.testing.assert_array_equal(found, expected)
    driver.trigger("edit.undo")
    assert state_of(driver.document) == before


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"hello": 1}', "of no format that can be imported"),
        ('{"images": [], "annotations": []}', "has no images"),
        ('{"images": [{"id": 1, "width": 100', "of no format that can be imported"),
        ('{"version": "5", "shapes": "none"}', '"shapes"'),
        (
            '{"videos": [{"id": 1, "width": 100, "height": 60, "length": 12}], "annotations": '
            '[{"id": 1, "video_id": 1, "segmentations": [{"size": [60, 100], "counts": [7]}]}]}',
            "add up to 7 pixels",
        ),
    ],
)
def test_json_of_the_wrong_kind_is_named(
    driver: Driver, frames_folder: Path, tmp_path: Path, text: str, words: str
) -> None:
    driver.open(frames_folder)
    before = state_of(driver.document)
    path = tmp_path / "masks.json"
    path.write_text(text)
    dialog = import_dialog(driver, path)
    message = dialog.state_label.text()
    assert words in message and "masks.json" in message and not dialog.import_button.isEnabled()
    assert state_of(driver.document) == before
