"""What the tools cost the window at 4K with 20 objects, on the real window without a display.

Run ``python benchmarks/tools.py [--repeats N] [--json FILE]``. Times in milliseconds. "busy" is
processor time of the window's thread between two ticks: the part of a gap that is its own doing.
The brush itself stands in ``benchmarks/window.py`` as well.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import cv2
import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from annotator.model.clusters import ClusterFrame
from annotator.model.commands import AddObject
from benchmarks.document import FOUR_K, scene
from benchmarks.window import Bench, Times, machine

LEFT = Qt.MouseButton.LeftButton
Table = dict[str, dict[str, float]]


def prepare(bench: Bench, folder: Path) -> None:
    """Open a 4K clip with 20 objects and proxy clusters in its first frame."""
    workspace = bench.open_4k(folder)
    rng = np.random.default_rng(0)
    for _ in range(20):
        workspace.history.do(AddObject.prepare(workspace.document))
    run = workspace.history.begin_propagation()
    run.add(0, scene(*FOUR_K, 20))
    run.close()
    coarse = cv2.resize(rng.integers(1, 255, (27, 48), np.uint8), (480, 270), interpolation=0)
    workspace.clusters.put(0, ClusterFrame(coarse, tuple(range(1, 16)), FOUR_K))
    bench.rest(2)


def strokes(bench: Bench, tool: str, diameter: int, count: int) -> Times:
    """Segments of strokes to their repaint."""
    bench.window.actions_table[tool].trigger()
    bench.window.brush_size.set_diameter(diameter)
    rng, segment = np.random.default_rng(1), Times()
    for number in range(count):
        x, y = float(rng.uniform(500, 3300)), float(rng.uniform(400, 1700))
        bench.editor.choose_object(1 + number % 20)
        QTest.mousePress(bench.port, LEFT, pos=bench.point(x, y).toPoint())
        bench.app.processEvents()
        for _ in range(10):
            x, y = x + float(rng.uniform(-60, 60)), y + float(rng.uniform(-60, 60))
            painted = bench.paints.count
            begin = time.perf_counter()
            QTest.mouseMove(bench.port, bench.point(x, y).toPoint())
            while bench.paints.count == painted:
                bench.app.processEvents()
            segment.note(begin)
        QTest.mouseRelease(bench.port, LEFT, pos=bench.point(x, y).toPoint())
        bench.app.processEvents()
    return segment


def measured_gaps(bench: Bench, name: str) -> Table:
    """Gaps since the meter was started, by the clock and of the window's own doing."""
    bench.meter.stop()
    gaps, busy = Times(), Times()
    gaps.values, busy.values = list(bench.meter.gaps_ms), list(bench.meter.busy_ms)
    bench.meter.gaps_ms.clear()
    bench.meter.busy_ms.clear()
    return {f"{name}: gap": gaps.summary(), f"{name}: busy": busy.summary()}


def refining(bench: Bench, side: int) -> Table:
    """GrabCut in a box: how long it takes, and the window meanwhile."""
    bench.window.actions_table["tool.refine"].trigger()
    bench.editor.choose_object(3)
    bench.meter.start()
    start = bench.point(1000, 300).toPoint()
    end = bench.point(1000 + side, 300 + side).toPoint()
    QTest.mousePress(bench.port, LEFT, pos=start)
    QTest.mouseMove(bench.port, end)
    begin = time.perf_counter()
    QTest.mouseRelease(bench.port, LEFT, pos=end)
    bench.wait(lambda: not bench.window.canvas.gesture_in_hand())
    whole = Times()
    whole.note(begin)
    bench.rest(0.2)
    name = f"GrabCut, box of {side} px"
    return {name: whole.summary()} | measured_gaps(bench, name)


def wiring(bench: Bench) -> Table:
    """Live-wire: until the edges round a click are known, and the window with the line in hand."""
    bench.window.actions_table["tool.live_wire"].trigger()
    tasks, known = bench.application.paint.context.tasks, Times()
    bench.meter.start()
    move = Times()
    for number in range(5):
        x, y = 800.0 + 300 * number, 600.0 + 150 * (number % 2)
        begin = time.perf_counter()
        QTest.mouseClick(bench.port, LEFT, pos=bench.point(x, y).toPoint())
        done: list[bool] = []
        tasks.start(lambda _task: True, done.append)
        bench.wait(lambda done=done: bool(done))
        known.note(begin)
        for step in range(20):
            begin = time.perf_counter()
            QTest.mouseMove(bench.port, bench.point(x + 10 * step, y + 6 * step).toPoint())
            bench.app.processEvents()
            move.note(begin)
    gaps = measured_gaps(bench, "live-wire")
    bench.window.canvas.abort_gesture()
    named = {"live-wire: edges round a click": known, "live-wire: line to the pointer": move}
    return {name: times.summary() for name, times in named.items()} | gaps


def edits(bench: Bench, repeats: int) -> Table:
    """Edits of whole masks of an object 430 px across, undone each time; copies to frame 1."""
    table, results, masks = bench.window.actions_table, {}, bench.application.masks
    bench.editor.choose_object(3)
    for name in ("grow", "shrink", "smooth", "islands", "holes", "copy_previous"):
        if name == "copy_previous":
            bench.editor.go_to(1)
            bench.wait(lambda: bench.editor.shown_frame == 1)
        times, deaf, busy = Times(), Times(), Times()
        for _ in range(repeats):
            before = table["edit.undo"].text()
            bench.meter.start()
            begin = time.perf_counter()
            table[f"mask.{name}"].trigger()
            bench.wait(lambda: not masks.is_busy)
            times.note(begin)
            bench.rest(0.05)
            bench.meter.stop()
            deaf.values.append(max(bench.meter.gaps_ms))
            busy.values.append(max(bench.meter.busy_ms))
            bench.meter.gaps_ms.clear()
            bench.meter.busy_ms.clear()
            if table["edit.undo"].text() != before:
                table["edit.undo"].trigger()
            bench.rest(0.05)
        results[f"mask: {name}"] = times.summary()
        results[f"mask: {name}: longest gap of each"] = deaf.summary()
        results[f"mask: {name}: longest busy of each"] = busy.summary()
    return results


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    results: Table = {}
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), network=False)
        prepare(bench, Path(folder))
        for tool, shape, diameter in (
            ("brush", "round", 40),
            ("brush", "square", 40),
            ("brush", "round", 400),
            ("cluster", "round", 40),
            ("cluster", "round", 400),
        ):
            bench.window.actions_table["tool.square"].setChecked(shape == "square")
            times = strokes(bench, f"tool.{tool}", diameter, arguments.repeats)
            results[f"{shape} {tool} of {diameter} px: segment to repaint"] = times.summary()
        bench.window.actions_table["tool.square"].setChecked(False)
        results |= edits(bench, arguments.repeats)
        for side in (300, 1200):
            results |= refining(bench, side)
        results |= wiring(bench)
        bench.close()
    for name, summary in results.items():
        values = "  ".join(f"{key} {value:9.2f}" for key, value in summary.items())
        print(f"{name:52} {values}")
    if arguments.json is not None:
        record = {**machine(), "unit": "ms", "results": results}
        arguments.json.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
