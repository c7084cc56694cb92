"""How the window answers while masks travel: gaps between timer ticks, first frame, pause.

Opens the real window (offscreen works) with the real network on the sample clip, presses F, scrubs
and paints while the run goes on, and prints the gaps between ticks of a 5 ms timer in the window's
thread, the time from the key press to the first propagated frame on the canvas, and the frames that
still came after a pause.

    python benchmarks/window_while_running.py [--frames 40] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from annotator.application import Application, make_qt_application
from annotator.demo.gaps import GapMeter
from annotator.model.commands import AddObject
from annotator.model.commands.frames import ReplaceLabelMap
from annotator.storage.settings import Settings
from annotator.worker.backend import NetworkBackend
from vos_core.media.sample import sample_clip, sample_masks


def wait(condition: Callable[[], bool], seconds: float = 120.0) -> float:
    """Let the window run until a condition holds; the time that it took."""
    began = time.perf_counter()
    while not condition():
        QApplication.processEvents()
        time.sleep(0.0005)
        if time.perf_counter() - began > seconds:
            raise TimeoutError(condition)
    return time.perf_counter() - began


def scrub_and_paint(application: Application, frames: int, step: int) -> None:
    """One act of a busy person: go somewhere, move, draw a stroke now and then."""
    canvas = application.window.canvas
    application.editor.go_to((step * 7) % frames)
    if step % 3 == 0:
        middle = QPointF(canvas.viewport().rect().center())
        QTest.mouseMove(canvas.viewport(), middle.toPoint())
    if step % 5 == 0:
        port = canvas.viewport()
        start = port.rect().center()
        QTest.mousePress(port, Qt.MouseButton.LeftButton, pos=start)
        for offset in range(0, 60, 6):
            QTest.mouseMove(port, start + QPoint(offset, offset // 2))
            QApplication.processEvents()
        application.window.canvas.abort_gesture()


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=40)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    make_qt_application()
    with tempfile.TemporaryDirectory() as folder:
        application = Application(
            backend=NetworkBackend(), settings=Settings(Path(folder) / "settings.json")
        )
        window = application.window
        window.resize(1440, 900)
        window.show()
        application.service.load()
        wait(lambda: application.network.backend is not None)
        clip = Path(folder) / sample_clip().name
        clip.write_bytes(sample_clip().read_bytes())
        application.session.open_path(clip)
        wait(lambda: application.editor.shown_frame == 0)
        workspace = application.editor.workspace
        assert workspace is not None
        document, mask = workspace.document, sample_masks()[0]
        for object_id in range(1, int(mask.max()) + 1):
            workspace.history.do(AddObject.prepare(document, name=f"object {object_id}"))
        workspace.history.do(ReplaceLabelMap.prepare(document, 0, mask.astype(np.uint8)))
        meter = GapMeter(window)
        application.propagation.propagate_range(1, arguments.frames, ())
        first = wait(lambda: application.editor.shown_frame == 1)
        meter.start()
        acts = 0
        while application.propagation.is_running:
            scrub_and_paint(application, document.frame_count, acts)
            acts += 1
            until = time.perf_counter() + 0.1
            wait(lambda: time.perf_counter() > until)  # noqa: B023 - called before it changes
            if acts == 15:
                window.actions_table["propagate.pause"].trigger()
                seen = len(document.cells.frames_of(1))
                until = time.perf_counter() + 2
                wait(lambda: time.perf_counter() > until)  # noqa: B023
                after_pause = len(document.cells.frames_of(1)) - seen
                window.actions_table["propagate.pause"].trigger()
        meter.stop()
        record = {
            "frames": arguments.frames,
            "objects": int(mask.max()),
            "acts": acts,
            "first_frame_seconds": round(first, 3),
            "frames_after_pause": after_pause,
            "gaps": {key: round(value, 1) for key, value in meter.summary().items()},
        }
        application.shut_down()
    print(json.dumps(record, indent=1))
    if arguments.json:
        arguments.json.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
