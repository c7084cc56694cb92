"""The real window for tests: fake network, own settings, a check that nothing is left."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, Qt, QThread, QTimer
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from annotator.application import Application
from annotator.model.document import Document
from annotator.storage.settings import Settings
from annotator.views.canvas.view import CanvasView
from tests.support.fake_backend import FakeBackend

FRAME_HEIGHT, FRAME_WIDTH = 60, 100


def write_frames(
    folder: Path, count: int, height: int = FRAME_HEIGHT, width: int = FRAME_WIDTH
) -> Path:
    """Write a folder of small, distinct frames."""
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(count):
        frame = np.full((height, width, 3), 40, np.uint8)
        frame[:, :, 0] = 10 * index % 256
        frame[:, index % width] = 255
        Image.fromarray(frame).save(folder / f"{index:05d}.png")
    return folder


def _leftovers() -> list[str]:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    found = [f"widget {w!r}" for w in app.topLevelWidgets() if w.isVisible()]
    for thing in gc.get_objects():
        try:
            kind = type(thing)  # isinstance would wake lazy modules
            if issubclass(kind, QTimer) and thing.isActive():
                found.append(f"timer {thing!r} of {thing.parent()!r}")
            elif issubclass(kind, QThread) and thing.isRunning() and thing is not app.thread():
                found.append(f"thread {thing.objectName()!r}")
        except (RuntimeError, ReferenceError):
            continue  # deleted in C++ already
    return found


@pytest.fixture(autouse=True)
def nothing_left_behind(qapp: QApplication) -> Iterator[None]:
    """Fail a test that leaves a thread, a timer or a window alive."""
    threads = set(threading.enumerate())
    yield
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    left = _leftovers() + [
        f"thread {t.name!r}"
        for t in threading.enumerate()
        if t not in threads and not isinstance(t, threading._DummyThread)
    ]
    for widget in qapp.topLevelWidgets():
        widget.close()
    assert not left, f"left alive: {left}"


def destroy(application: Application) -> None:
    """Close a window and destroy it now, in Qt's order; the collector would take any order."""
    application.window.close()
    application.window.deleteLater()
    application.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


class Driver:
    """A person at the window: everything by mouse, keys and actions."""

    def __init__(self, application: Application, qtbot: QtBot) -> None:
        self.application = application
        self.qtbot = qtbot
        self.window = application.window
        self.canvas: CanvasView = application.window.canvas

    @property
    def document(self) -> Document:
        document = self.application.editor.document
        assert document is not None
        return document

    def trigger(self, name: str) -> None:
        """Use an action of the table, as a menu would."""
        action = self.window.actions_table[name]
        assert action.isEnabled(), f"{name} is disabled"
        action.trigger()

    def key(
        self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
    ) -> None:
        """Press a key in the window."""
        QTest.keyClick(self.window, key, modifier)

    def point(self, x: float, y: float) -> QPoint:
        """Viewport point of a frame pixel's middle."""
        return self.canvas.viewportTransform().map(QPointF(x + 0.5, y + 0.5)).toPoint()

    def drag(
        self,
        points: list[tuple[float, float]],
        button: Qt.MouseButton = Qt.MouseButton.LeftButton,
        *,
        release: bool = True,
    ) -> None:
        """Press at the first frame pixel, move through the others, release at the last."""
        port = self.canvas.viewport()
        QTest.mousePress(port, button, pos=self.point(*points[0]))
        for x, y in points[1:]:
            QTest.mouseMove(port, self.point(x, y))
            QApplication.processEvents()
        if release:
            QTest.mouseRelease(port, button, pos=self.point(*points[-1]))

    def click(self, x: float, y: float, button: Qt.MouseButton = Qt.MouseButton.LeftButton) -> None:
        """Click a frame pixel."""
        QTest.mouseClick(self.canvas.viewport(), button, pos=self.point(x, y))

    def wheel(
        self,
        x: float,
        y: float,
        steps: int,
        modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
    ) -> None:
        """Turn the wheel over a frame pixel."""
        at = QPointF(self.point(x, y))
        event = QWheelEvent(
            at,
            self.canvas.viewport().mapToGlobal(at),
            QPoint(),
            QPoint(0, 120 * steps),
            Qt.MouseButton.NoButton,
            modifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(self.canvas.viewport(), event)

    def try_open(self, path: Path, timeout: int = 20000) -> bool:
        """Open a path and wait for the end of it; say whether it is open."""
        ended = self.application.session.opening_ended
        with self.qtbot.waitSignal(ended, timeout=timeout) as signal:
            self.application.session.open_path(path)
        return bool(signal.args[0])

    def open(self, path: Path) -> None:
        """Open a path and wait for its first frame."""
        assert self.try_open(path), self.window.messages.text
        self.wait(lambda: self.application.editor.shown_frame == self.application.editor.frame)

    def go_to(self, frame: int) -> None:
        """Type a frame number and wait until it is on the canvas."""
        self.window.transport.frame_field.setValue(frame)
        self.wait(lambda: self.application.editor.shown_frame == frame)

    def wait(self, condition: Callable[[], bool], timeout: int = 8000) -> None:
        """Let the window run until a condition holds."""
        self.qtbot.waitUntil(condition, timeout=timeout)

    def wait_for_end(self, timeout: int = 15000) -> None:
        """Wait until no propagation runs."""
        self.wait(lambda: not self.application.propagation.is_running, timeout)


@pytest.fixture
def backend() -> FakeBackend:
    """The network of the window under test."""
    return FakeBackend()


@pytest.fixture
def settings_path(tmp_path: Path) -> Path:
    """Settings file of the window under test."""
    return tmp_path / "settings" / "settings.json"


@pytest.fixture
def make_driver(
    qtbot: QtBot, settings_path: Path, backend: FakeBackend
) -> Iterator[Callable[[], Driver]]:
    """Build windows; all are closed at the end."""
    built: list[Application] = []

    def build() -> Driver:
        application = Application(backend=backend, settings=Settings(settings_path))
        built.append(application)
        application.window.show()
        qtbot.waitExposed(application.window)
        return Driver(application, qtbot)

    yield build
    backend.gate.set()
    backend.load_gate.set()
    for application in built:
        destroy(application)


@pytest.fixture
def driver(make_driver: Callable[[], Driver]) -> Driver:
    """One window."""
    return make_driver()


@pytest.fixture
def frames_folder(tmp_path: Path) -> Path:
    """A folder of twelve small frames."""
    return write_frames(tmp_path / "clip", 12)


__all__ = [
    "FRAME_HEIGHT",
    "FRAME_WIDTH",
    "Driver",
    "QObject",
    "QWidget",
    "backend",
    "driver",
    "frames_folder",
    "make_driver",
    "nothing_left_behind",
    "settings_path",
    "write_frames",
]
