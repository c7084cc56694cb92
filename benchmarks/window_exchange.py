"""How the window answers while masks leave and come in: gaps between ticks of its thread.

Opens the real window (offscreen works) on a 1080p film, puts three objects into every frame,
exports them in each format and imports each export again, while somebody goes from frame to frame.
Prints the gaps between ticks of a 5 ms timer in the window's thread, and frames a second.

    python benchmarks/window_exchange.py [--video FILE] [--frames 1000] [--formats davis,coco] \
        [--json FILE]

``benchmarks/window.py --make FILE`` makes a film.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from annotator.application import Application, make_qt_application
from annotator.controller.workspace import Workspace
from annotator.demo.gaps import GapMeter
from annotator.exchange.choices import ImportWay
from annotator.exchange.options import ExportOptions
from annotator.exchange.registry import format_of
from annotator.model.cells import CellState
from annotator.model.commands.imports import ImportedFrame, ImportMasks
from annotator.model.label_maps import PackedMap
from annotator.model.merging import ids_in
from annotator.model.objects import ObjectRecord
from annotator.storage.settings import Settings
from annotator.views.export_dialog import ExportRequest
from annotator.views.import_dialog import ImportDialog
from annotator.worker.backend import NetworkBackend
from benchmarks.exchange import make_maps
from benchmarks.window import make_film

STEP_MS = 150
LONGEST_S = 600


def wait(condition: Callable[[], bool]) -> None:
    """Let the window run until a condition holds."""
    until = time.monotonic() + LONGEST_S
    while not condition():
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents, 50)
        if time.monotonic() > until:
            raise TimeoutError(condition)


class Record(dict[str, dict[str, Any]]):
    """Measurements by name, told as they come."""

    def __setitem__(self, name: str, values: dict[str, Any]) -> None:
        super().__setitem__(name, values)
        print(
            f"{name:24} median {values['median_ms']:5.1f}  p99 {values['p99_ms']:6.1f}  max "
            f"{values['max_ms']:6.1f} ms (own work {values['max_busy_ms']:6.1f})  "
            f"{values['frames_per_second']:7.1f} frames/s",
            flush=True,
        )


class Bench:
    """The window, somebody who walks through the frames, and a meter."""

    def __init__(self, application: Application) -> None:
        self.application = application
        self._walker = QTimer(application.window, interval=STEP_MS)
        self._walker.timeout.connect(self._step)
        self._place = 0

    @property
    def workspace(self) -> Workspace:
        """What is open."""
        workspace = self.application.editor.workspace
        if workspace is None:
            raise RuntimeError("nothing is open")
        return workspace

    def _step(self) -> None:
        self._place = (self._place + 1) % min(self.workspace.document.frame_count, 400)
        self.application.editor.go_to(self._place)

    def measured(self, start: Callable[[], object], is_over: Callable[[], bool]) -> dict[str, Any]:
        """Gaps and seconds from the start of something to its end."""
        meter = GapMeter(self.application.window)
        self._walker.start()
        meter.start()
        began = time.perf_counter()
        start()
        wait(is_over)
        seconds = time.perf_counter() - began
        settled = time.monotonic() + 1.0  # what comes after it belongs to it
        wait(lambda: time.monotonic() > settled)
        meter.stop()
        self._walker.stop()
        count = self.workspace.document.frame_count
        summary = {key: round(value, 1) for key, value in meter.summary().items()}
        return summary | {"frames_per_second": round(count / seconds, 1)}

    def export(self, key: str, target: Path) -> dict[str, Any]:
        """Export in one format."""
        ended: list[object] = []
        self.application.export.finished.connect(ended.append)
        request = ExportRequest(key, target, ExportOptions())
        result = self.measured(lambda: self.application.export.start(request), lambda: bool(ended))
        self.application.export.finished.disconnect(ended.append)
        if ended[0] is None:
            raise RuntimeError(self.application.window.messages.text)
        return result

    def import_again(self, target: Path, key: str, record: Record) -> None:
        """Import an export over the masks that are there, undo it; each part measured."""
        application = self.application
        application.window.actions_table["file.import_masks"].trigger()
        dialog = application.window.findChild(ImportDialog)
        if dialog is None:
            raise RuntimeError("no import dialog")
        looked: list[object] = []
        done: list[int] = []
        application.imports.inspected.connect(looked.append)
        application.imports.finished.connect(done.append)
        record[f"look {key}"] = self.measured(lambda: dialog.look_at(target), lambda: bool(looked))
        dialog.objects.choose_way(ImportWay.NEW)  # so that every frame changes
        record[f"import {key}"] = self.measured(dialog.import_button.click, lambda: bool(done))
        application.imports.inspected.disconnect(looked.append)
        application.imports.finished.disconnect(done.append)
        history = self.workspace.history
        record[f"undo {key}"] = self.measured(history.undo, lambda: True)


def annotate(workspace: Workspace) -> None:
    """Three objects in every frame."""
    count = workspace.document.frame_count
    distinct = [(PackedMap.of(m), frozenset(ids_in(m))) for m in make_maps(min(50, count))]
    cells = dict.fromkeys((1, 2, 3), (CellState.PROPAGATED, 230))
    frames = {i: ImportedFrame(*distinct[i % len(distinct)], cells) for i in range(count)}
    records = [ObjectRecord(number, f"object {number}") for number in (1, 2, 3)]
    workspace.history.do(ImportMasks.prepare(workspace.document, frames, records))


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--video", type=Path)
    parser.add_argument("--frames", type=int, default=1000, help="Of the film that is made.")
    parser.add_argument("--formats", default="davis,coco,cvat")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    make_qt_application()
    record = Record()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        video = arguments.video or make_film(folder / "film.mp4", frame_count=arguments.frames)
        linked = folder / f"clip{video.suffix}"
        if linked != video:
            linked.symlink_to(video.resolve())
        application = Application(
            backend=NetworkBackend(), settings=Settings(folder / "settings.json")
        )
        application.window.resize(1440, 900)
        application.window.show()
        application.session.open_path(linked)
        wait(lambda: application.editor.shown_frame == 0)
        bench = Bench(application)
        record["opening of the bench"] = bench.measured(
            lambda: annotate(bench.workspace), lambda: True
        )
        saved = time.monotonic() + 6.0
        wait(lambda: time.monotonic() > saved)
        record["nothing"] = bench.measured(lambda: None, _after(3.0))
        for key in arguments.formats.split(","):
            chosen = format_of(key)
            target = folder / f"out-{key}{chosen.suffix}"
            record[f"export {key}"] = bench.export(key, target)
            if chosen.reads:
                bench.import_again(target, key, record)
        application.shut_down()
    if arguments.json:
        arguments.json.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def _after(seconds: float) -> Callable[[], bool]:
    until = time.monotonic() + seconds
    return lambda: time.monotonic() > until


if __name__ == "__main__":
    main()
