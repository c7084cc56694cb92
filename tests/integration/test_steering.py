"""Steering runs on the real window: ranges, barriers, chosen objects, waiting runs, one step."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt

from annotator.model.cells import CellState
from annotator.views.timeline.selection import RangeSelection
from annotator.worker.jobs import Direction
from tests.support.fake_backend import FakeBackend, shifted
from tests.support.gui import Driver
from tests.support.steering import paint, states

pytestmark = pytest.mark.gui


def test_between_two_references_masks_come_from_both_and_meet(
    driver: Driver, backend: FakeBackend, frames_folder: Path
) -> None:
    driver.open(frames_folder)
    first = paint(driver, 0, 20, 20)
    last = paint(driver, 11, 60, 45)
    driver.go_to(0)
    driver.trigger("propagate.both")
    driver.wait_for_end()
    assert backend.steps == [*range(1, 11), *range(10, 0, -1)]
    np.testing.assert_array_equal(driver.document.label_map(1), shifted(first, 1))
    np.testing.assert_array_equal(driver.document.label_map(10), shifted(last, -1))
    driver.trigger("edit.undo")
    assert states(driver) == "d..........d", "both visits are one step"
    driver.trigger("edit.redo")
    np.testing.assert_array_equal(driver.document.label_map(10), shifted(last, -1))


def test_one_side_alone_when_the_switch_is_off(
    driver: Driver, backend: FakeBackend, frames_folder: Path
) -> None:
    driver.open(frames_folder)
    paint(driver, 0, 20, 20)
    paint(driver, 11, 60, 45)
    driver.go_to(0)
    driver.window.actions_table["propagate.both_sides"].setChecked(False)
    driver.trigger("propagate.forward")
    driver.wait_for_end()
    assert backend.steps == list(range(1, 11))


def test_a_range_is_done_again_from_its_borders_for_the_wanted_objects_only(
    driver: Driver, backend: FakeBackend, frames_folder: Path
) -> None:
    driver.open(frames_folder)
    paint(driver, 0, 15, 15)
    driver.trigger("object.add")
    paint(driver, 0, 15, 45)
    driver.key(Qt.Key.Key_F)
    driver.wait_for_end()
    before = [driver.document.label_map(i).copy() for i in range(12)]
    backend.steps.clear()
    assert driver.application.propagation.propagate_range(4, 6, (2,))
    driver.wait_for_end()
    assert backend.steps == [4, 5, 6, 6, 5, 4]
    job = backend.jobs[-1]
    assert set(job.references) == {0, 3, 7} and job.object_ids == (2,)
    for index in range(12):
        np.testing.assert_array_equal(driver.document.label_map(index) == 1, before[index] == 1)
    assert states(driver, 2) == "dppppppppppp"


def test_a_range_without_masks_beside_it_begins_at_the_nearest_reference(
    driver: Driver, backend: FakeBackend, frames_folder: Path
) -> None:
    driver.open(frames_folder)
    paint(driver, 0, 15, 15)
    assert driver.application.propagation.propagate_range(4, 6, ())
    driver.wait_for_end()
    assert states(driver) == "dpppppp....."


def test_a_range_into_which_nothing_leads_is_told(driver: Driver, frames_folder: Path) -> None:
    driver.open(frames_folder)
    assert not driver.application.propagation.propagate_range(4, 6, ())
    assert "nothing to carry" in driver.window.messages.text
    paint(driver, 5, 15, 15)
    assert not driver.application.propagation.propagate_range(5, 5, ())
    assert "that a person has not made" in driver.window.messages.text


def test_a_run_to_the_next_verified_frame_stops_before_it(
    driver: Driver, backend: FakeBackend, frames_folder: Path
) -> None:
    driver.open(frames_folder)
    paint(driver, 0, 15, 15)
    driver.key(Qt.Key.Key_F)
    driver.wait_for_end()
    driver.go_to(6)
    driver.trigger("review.verify")
    driver.go_to(0)
    backend.steps.clear()
    driver.trigger("propagate.to_verified")
    driver.wait_for_end()
    assert set(backend.steps) == {1, 2, 3, 4, 5}
    driver.go_to(6)
    backend.steps.clear()
    driver.trigger("propagate.back_to_verified")
    driver.wait_for_end()
    assert set(backend.steps) == {1, 2, 3, 4, 5}
    assert states(driver) == "dpppppvppppp"


def test_only_the_chosen_object_travels_and_the_others_are_frozen(
    driver: Driver, backend: FakeBackend, frames_folder: Path
) -> None:
    driver.open(frames_folder)
    paint(driver, 0, 15, 15)
    driver.trigger("object.add")
    paint(driver, 0, 15, 45)
    driver.window.actions_table["propagate.chosen_only"].setChecked(True)
    driver.key(Qt.Key.Key_F)
    driver.wait_for_end()
    assert backend.jobs[-1].object_ids == (2,)
    assert states(driver, 1) == "d..........." and states(driver, 2) == "d" + 11 * "p"


def test_several_objects_chosen_on_the_timeline_travel_and_the_others_are_frozen(
    driver: Driver, backend: FakeBackend, frames_folder: Path
) -> None:
    driver.open(frames_folder)
    paint(driver, 0, 15, 10)
    for y in (30, 50):
        driver.trigger("object.add")
        paint(driver, 0, 15, y)
    driver.trigger("propagate.chosen_only")
    driver.window.timeline.choose_range(RangeSelection((2, 3), 0, 4))
    driver.key(Qt.Key.Key_F)
    driver.wait_for_end()
    assert backend.jobs[-1].object_ids == (2, 3)
    assert states(driver, 1) == "d..........." and states(driver, 3) == "d" + 11 * "p"
    driver.application.editor.choose_object(1)  # none of those on the timeline
    driver.go_to(0)
    driver.key(Qt.Key.Key_F)
    driver.wait_for_end()
    assert backend.jobs[-1].object_ids == (1,)


def test_locked_objects_do_not_travel(
    driver: Driver, backend: FakeBackend, frames_folder: Path
) -> None:
    driver.open(frames_folder)
    paint(driver, 0, 15, 15)
    driver.trigger("object.lock")
    assert not driver.application.propagation.start(Direction.FORWARD)
    assert "locked" in driver.window.messages.text
    driver.trigger("object.add")
    paint(driver, 0, 15, 45)
    driver.key(Qt.Key.Key_F)
    driver.wait_for_end()
    assert backend.jobs[-1].object_ids == (2,) and states(driver, 1) == "d" + 11 * "."


def test_the_memory_mode_reaches_the_network(
    driver: Driver, backend: FakeBackend, frames_folder: Path
) -> None:
    driver.open(frames_folder)
    paint(driver, 0, 15, 15)
    driver.key(Qt.Key.Key_F)
    driver.wait_for_end()
    driver.window.actions_table["propagate.memory"].setChecked(True)
    driver.go_to(0)
    driver.key(Qt.Key.Key_F)
    driver.wait_for_end()
    assert [job.mode for job in backend.jobs] == ["base", "mf"]


def test_runs_wait_for_each_other_and_are_a_step_each(
    driver: Driver, backend: FakeBackend, frames_folder: Path
) -> None:
    backend.gate.clear()
    driver.open(frames_folder)
    paint(driver, 5, 15, 15)
    driver.key(Qt.Key.Key_F)
    driver.key(Qt.Key.Key_B)
    assert driver.application.propagation.waiting_count == 1
    assert "1 waiting" in driver.window.propagation.status_label.text()
    backend.gate.set()
    driver.wait(lambda: states(driver) == "pppppdpppppp")
    driver.wait_for_end()
    assert backend.steps == [6, 7, 8, 9, 10, 11, 4, 3, 2, 1, 0]
    driver.trigger("edit.undo")
    assert states(driver) == ".....dpppppp"
    driver.trigger("edit.undo")
    assert states(driver) == ".....d......"


def test_stopping_drops_the_runs_that_wait(
    driver: Driver, backend: FakeBackend, frames_folder: Path
) -> None:
    backend.seconds = 0.05
    driver.open(frames_folder)
    paint(driver, 5, 15, 15)
    driver.key(Qt.Key.Key_F)
    driver.key(Qt.Key.Key_B)
    driver.wait(lambda: len(backend.steps) >= 2)
    driver.trigger("propagate.stop")
    driver.wait_for_end()
    assert driver.application.propagation.waiting_count == 0
    assert all(step > 5 for step in backend.steps)


def test_a_correction_mends_the_frames_before_it_too_and_undo_takes_all_back(
    driver: Driver, backend: FakeBackend, frames_folder: Path
) -> None:
    driver.open(frames_folder)
    first = paint(driver, 0, 20, 20)
    driver.key(Qt.Key.Key_F)
    driver.wait_for_end()
    corrected = paint(driver, 8, 60, 45)
    assert driver.document.cells.state(8, 1) is CellState.CORRECTED
    before = [driver.document.label_map(i).copy() for i in range(12)]
    driver.go_to(0)
    driver.key(Qt.Key.Key_F)
    driver.wait_for_end()
    document = driver.document
    np.testing.assert_array_equal(document.label_map(1), shifted(first, 1))
    np.testing.assert_array_equal(document.label_map(7), shifted(corrected, -1))
    np.testing.assert_array_equal(document.label_map(8), corrected)
    np.testing.assert_array_equal(document.label_map(9), shifted(corrected, 1))
    driver.trigger("edit.undo")
    for index, label_map in enumerate(before):
        np.testing.assert_array_equal(document.label_map(index), label_map)


def test_what_the_worker_has_to_say_is_shown(
    driver: Driver, backend: FakeBackend, frames_folder: Path
) -> None:
    backend.notices = ["Memory of cuda ran out: going on in smaller chunks, a bit slower."]
    driver.open(frames_folder)
    paint(driver, 10, 20, 20)
    seen: list[str] = []
    driver.application.editor.message.connect(lambda text, _severity: seen.append(text))
    driver.key(Qt.Key.Key_F)
    driver.wait_for_end()
    assert any("smaller chunks" in text for text in seen)
    assert states(driver)[-1] == "p"


def test_what_a_run_will_need_is_told_before_it_starts_and_learned_from_runs(
    driver: Driver, backend: FakeBackend, frames_folder: Path
) -> None:
    backend.seconds = 0.02
    driver.open(frames_folder)
    label = driver.window.propagation.status_label
    paint(driver, 0, 20, 20)
    driver.wait(lambda: label.text().startswith("Forward: 11 frames · perhaps 0:03 ·"))
    driver.go_to(6)
    driver.key(Qt.Key.Key_F)
    driver.wait_for_end()
    driver.go_to(0)
    driver.wait(lambda: label.text().startswith("Forward: 11 frames · about 0:01 ·"))
    assert driver.application.propagation.forecast.text.endswith("GB")
    driver.go_to(5)
    paint(driver, 5, 60, 45)
    driver.go_to(0)
    # 10 frames, of which the four between the references are predicted from both sides
    driver.wait(lambda: label.text().startswith("Forward: 14 frames"))
