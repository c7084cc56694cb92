"""A run over masks that a person made asks first; Enter keeps them, verified ones always stay."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from annotator.views.questions import PersonMadeQuestion
from annotator.views.timeline.selection import RangeSelection
from tests.integration.test_replay import project_folder, replayed
from tests.model.states import state_of
from tests.support.fake_backend import FakeBackend, shifted
from tests.support.gui import Driver
from tests.support.steering import paint, states

pytestmark = pytest.mark.gui


def question(driver: Driver) -> PersonMadeQuestion:
    """The question on the screen."""

    def shown() -> list[PersonMadeQuestion]:
        return [q for q in driver.window.findChildren(PersonMadeQuestion) if q.isVisible()]

    driver.wait(lambda: len(shown()) == 1)
    return shown()[0]


def press(driver: Driver, name: str) -> None:
    """Click a button of the question; its last one when there is none of that name."""
    asked = question(driver)
    button = asked.findChild(QPushButton, name) or asked.escapeButton()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def choose(driver: Driver, first: int, last: int, *object_ids: int) -> None:
    """Choose a range on the timeline and press the keys that propagate it."""
    driver.window.timeline.choose_range(RangeSelection(object_ids or (1,), first, last))
    driver.trigger("range.propagate")


@pytest.fixture
def corrected(driver: Driver, frames_folder: Path) -> Driver:
    """Masks from frame 0 on, corrected by hand in frame 5."""
    driver.open(frames_folder)
    paint(driver, 0, 20, 20)
    driver.key(Qt.Key.Key_F)
    driver.wait_for_end()
    paint(driver, 5, 60, 45)
    assert states(driver) == "dppppcpppppp"
    return driver


def test_enter_keeps_what_a_person_made(corrected: Driver, backend: FakeBackend) -> None:
    driver = corrected
    made = driver.document.label_map(5).copy()
    backend.steps.clear()
    choose(driver, 3, 7)
    asked = question(driver)
    assert "drew or corrected object 1 in frame 5" in asked.text()
    assert not driver.application.propagation.is_running
    QTest.keyClick(asked, Qt.Key.Key_Return)
    driver.wait(lambda: bool(backend.steps))
    driver.wait_for_end()
    assert set(backend.steps) == {3, 4, 6, 7} and states(driver) == "dppppcpppppp"
    np.testing.assert_array_equal(driver.document.label_map(5), made)


def test_replace_takes_the_networks_masks_for_this_run_and_undo_brings_the_own_ones_back(
    corrected: Driver, backend: FakeBackend
) -> None:
    driver = corrected
    made, beside = driver.document.label_map(5).copy(), driver.document.label_map(2).copy()
    backend.steps.clear()
    choose(driver, 3, 7)
    press(driver, "replaceMade")
    driver.wait(lambda: bool(backend.steps))
    driver.wait_for_end()
    assert set(backend.steps) == {3, 4, 5, 6, 7} and states(driver) == "dppppppppppp"
    assert set(backend.jobs[-1].references) == {0, 2, 8}, "what is given up is no reference"
    np.testing.assert_array_equal(driver.document.label_map(5), shifted(beside, 3))
    driver.trigger("edit.undo")
    assert states(driver) == "dppppcpppppp"
    np.testing.assert_array_equal(driver.document.label_map(5), made)


def test_cancel_does_nothing(corrected: Driver, backend: FakeBackend) -> None:
    jobs = len(backend.jobs)
    choose(corrected, 3, 7)
    press(corrected, "cancel")
    corrected.wait(
        lambda: not [q for q in corrected.window.findChildren(PersonMadeQuestion) if q.isVisible()]
    )
    assert len(backend.jobs) == jobs and not corrected.application.propagation.is_running


def test_verified_masks_and_other_objects_stay_whatever_is_answered(
    corrected: Driver, backend: FakeBackend
) -> None:
    driver = corrected
    driver.trigger("object.add")
    paint(driver, 5, 30, 10)
    paint(driver, 6, 30, 10)
    driver.trigger("object.previous")
    driver.go_to(4)
    driver.trigger("review.verify")
    verified = driver.document.label_map(4).copy()
    other = driver.document.label_map(5) == 2
    choose(driver, 3, 7, 1)
    press(driver, "replaceMade")
    driver.wait(lambda: driver.application.propagation.is_running)
    driver.wait_for_end()
    assert states(driver) == "dpppvppppppp" and states(driver, 2)[5:7] == "dd"
    np.testing.assert_array_equal(driver.document.label_map(4), verified)
    np.testing.assert_array_equal(driver.document.label_map(5) == 2, other)
    assert backend.jobs[-1].known[5] == (2,), "the other object's word still counts"


def test_what_is_painted_while_the_run_replaces_is_kept(
    corrected: Driver, backend: FakeBackend
) -> None:
    driver = corrected
    backend.steps.clear()
    backend.gate.clear()
    choose(driver, 3, 7)
    press(driver, "replaceMade")
    driver.wait(lambda: driver.application.propagation.is_running)
    again = paint(driver, 5, 80, 10)
    backend.gate.set()
    driver.wait_for_end()
    assert states(driver)[5] == "c"
    np.testing.assert_array_equal(driver.document.label_map(5), again)


def test_nothing_is_asked_where_a_person_made_nothing(
    corrected: Driver, backend: FakeBackend
) -> None:
    backend.steps.clear()
    choose(corrected, 7, 9)
    corrected.wait(lambda: bool(backend.steps))
    corrected.wait_for_end()
    assert set(backend.steps) == {7, 8, 9}
    assert not corrected.window.findChildren(PersonMadeQuestion)


def test_a_range_of_own_masks_alone_can_only_be_replaced_or_left(
    corrected: Driver, backend: FakeBackend
) -> None:
    choose(corrected, 5, 5)
    asked = question(corrected)
    assert asked.findChild(QPushButton, "keepMade") is None
    press(corrected, "replaceMade")
    corrected.wait(lambda: states(corrected) == "dppppppppppp")
    corrected.wait_for_end()


def test_a_run_that_replaced_masks_is_replayed_byte_for_byte(
    driver: Driver, backend: FakeBackend, frames_folder: Path
) -> None:
    driver.application.service.load()
    driver.open(frames_folder)
    paint(driver, 0, 20, 20)
    for frame in (4, 5, 6):
        paint(driver, frame, 60, 45)
    backend.gate.clear()
    choose(driver, 3, 7)
    press(driver, "replaceMade")
    driver.wait(lambda: driver.application.propagation.is_running)
    paint(driver, 5, 80, 10)  # made while it runs: kept
    backend.gate.set()
    driver.wait_for_end()
    assert states(driver) in ("dpppp" + made + "pp...." for made in "dc")
    wanted, folder = state_of(driver.document), project_folder(driver)
    driver.trigger("file.close")
    replay, made = replayed(folder, frames_folder)
    assert replay.report.unlike == [] and replay.report.results >= 4
    assert state_of(made) == wanted
