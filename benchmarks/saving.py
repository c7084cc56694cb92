"""What saving takes from the window, beside the same ticks without a save; memory at 8K.

Run ``python benchmarks/saving.py [--film FILE] [--json FILE]`` (``QT_QPA_PLATFORM=offscreen`` where
there is no display). Each stretch in which the saver writes is followed by one of the same length
in which it has nothing to do: what the second has too is not the saver's doing. Milliseconds.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from annotator.model.commands import AddObject
from annotator.model.label_maps import PackedMap
from benchmarks.document import FOUR_K, FULL_HD, scene
from benchmarks.window import Bench, machine, make_film, resident_mib

EIGHT_K = (4320, 7680)
OBJECTS = 20
PAINTING_S = 0.15  # until what a stroke changed is painted; the saver waits longer
Results = dict[str, dict[str, float]]


class Stretches:
    """Gaps between ticks in stretches with and without a save, taken in turn.

    Args:
        bench: The window.
    """

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self.saving: list[float] = []
        self.resting: list[float] = []

    def measure(self) -> None:
        """Wait until all is saved, then as long again."""
        workspace = self._bench.editor.workspace
        assert workspace is not None
        self._bench.rest(PAINTING_S)
        begin = time.monotonic()
        self._bench.meter.start()
        self._bench.wait(lambda: workspace.is_saved)
        self._bench.rest(PAINTING_S)  # what the window does when it hears of the save
        length = time.monotonic() - begin
        self.saving += self._taken()
        self._bench.meter.start()
        self._bench.rest(length)
        self.resting += self._taken()

    def _taken(self) -> list[float]:
        meter = self._bench.meter
        meter.stop()
        gaps, meter.gaps_ms = meter.gaps_ms, []
        meter.busy_ms.clear()
        return gaps

    def results(self, what: str) -> Results:
        """Both, as (median, p95, p99.9, largest, ticks over 10, ticks)."""
        both = {f"gap, {what}": self.saving, f"gap, {what}, nothing to save": self.resting}
        return {
            name: {
                "median": round(float(np.median(gaps)), 2),
                "p95": round(float(np.percentile(gaps, 95)), 2),
                "p99.9": round(float(np.percentile(gaps, 99.9)), 2),
                "largest": round(max(gaps), 2),
                "over 10": sum(gap > 10 for gap in gaps),
                "ticks": len(gaps),
            }
            for name, gaps in both.items()
        }


def stroke(bench: Bench, rng: np.random.Generator, size: tuple[int, int]) -> None:
    """Paint with the mouse."""
    left = Qt.MouseButton.LeftButton
    height, width = size
    x, y = float(rng.uniform(0.2, 0.8) * width), float(rng.uniform(0.2, 0.8) * height)
    bench.editor.choose_object(int(rng.integers(1, OBJECTS + 1)))
    QTest.mousePress(bench.port, left, pos=bench.point(x, y).toPoint())
    for _ in range(6):
        x, y = x + float(rng.uniform(-60, 60)), y + float(rng.uniform(-60, 60))
        QTest.mouseMove(bench.port, bench.point(x, y).toPoint())
        bench.app.processEvents()
    QTest.mouseRelease(bench.port, left, pos=bench.point(x, y).toPoint())


def add_objects(bench: Bench) -> None:
    """Add the objects and take the brush."""
    workspace = bench.editor.workspace
    assert workspace is not None
    for _ in range(OBJECTS):
        workspace.history.do(AddObject.prepare(workspace.document))
    bench.window.actions_table["tool.brush"].trigger()
    bench.window.brush_size.set_diameter(40)


def strokes_at_4k(bench: Bench, folder: Path, saves: int) -> Results:
    """Saves of a few strokes over a map with 20 objects."""
    bench.open(still_frames(folder / "4k", FOUR_K, 2))
    add_objects(bench)
    workspace = bench.editor.workspace
    assert workspace is not None
    run = workspace.history.begin_propagation()
    run.add(0, scene(*FOUR_K, OBJECTS))
    run.close()
    bench.wait(lambda: workspace.is_saved)
    bench.rest(1)
    rng = np.random.default_rng(0)
    stretches = Stretches(bench)
    for _ in range(saves):
        for _ in range(3):
            stroke(bench, rng, FOUR_K)
        stretches.measure()
    bench.application.session.close()
    return stretches.results(f"{saves} saves of strokes at 4K")


def whole_run(bench: Bench, film: Path, frames: int, saves: int) -> Results:
    """The save of what a run left in many frames, then strokes in a project with a long table."""
    bench.open(film)
    add_objects(bench)
    workspace = bench.editor.workspace
    assert workspace is not None
    rng = np.random.default_rng(0)
    label_map = scene(*FULL_HD, OBJECTS)
    packed = PackedMap.of(label_map)
    certain = PackedMap.of(np.full(FULL_HD, 250, np.uint8))
    run = workspace.history.begin_propagation()
    for frame in range(frames):
        values = {i: float(rng.uniform(0.5, 1)) for i in range(1, OBJECTS + 1)}
        run.add(frame, label_map, certain, values, packed_label_map=packed)
    run.close()
    bench.rest(0.5)
    after_run = Stretches(bench)
    after_run.measure()
    after_strokes = Stretches(bench)
    for _ in range(saves):
        stroke(bench, rng, FULL_HD)
        after_strokes.measure()
    bench.application.session.close()
    return after_run.results(f"save of a run over {frames} frames") | after_strokes.results(
        f"{saves} saves of strokes after it"
    )


def still_frames(folder: Path, size: tuple[int, int], count: int) -> Path:
    """Write pictures of one size."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    for index in range(count):
        small = rng.integers(0, 255, (size[0] // 8, size[1] // 8, 3), np.uint8)
        Image.fromarray(small).resize(size[::-1]).save(folder / f"{index:05d}.jpg")
    return folder


def memory_at_8k(bench: Bench, folder: Path) -> Results:
    """Resident memory while pictures of 8K are opened, stepped through and painted on."""
    frames = still_frames(folder / "8k", EIGHT_K, 10)
    memory = {"before": resident_mib()}
    bench.open(frames)
    bench.rest(2)
    memory["open"] = resident_mib()
    largest = memory["open"]
    workspace = bench.editor.workspace
    assert workspace is not None
    for frame in range(10):
        bench.editor.go_to(frame)
        bench.wait(lambda frame=frame: bench.editor.shown_frame == frame)  # type: ignore[misc]
        largest = max(largest, resident_mib())
    bench.rest(1)
    memory["stepped through"] = resident_mib()
    add_objects(bench)
    rng = np.random.default_rng(0)
    for frame in range(10):
        bench.editor.go_to(frame)
        bench.wait(lambda frame=frame: bench.editor.shown_frame == frame)  # type: ignore[misc]
        for _ in range(3):
            stroke(bench, rng, EIGHT_K)
            bench.rest(0.05)
            largest = max(largest, resident_mib())
    bench.wait(lambda: workspace.is_saved)
    memory["painted in each"] = resident_mib()
    for _ in range(30):
        bench.window.actions_table["edit.undo"].trigger()
        bench.rest(0.05)
        largest = max(largest, resident_mib())
    memory["undone"], memory["largest"] = resident_mib(), max(largest, resident_mib())
    bench.application.session.close()
    return {"memory at 8K, MiB": {name: round(value) for name, value in memory.items()}}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--film", type=Path, help="a film that benchmarks/window.py --make made")
    parser.add_argument("--frames", type=int, default=400, help="of the film that a run fills")
    parser.add_argument("--saves", type=int, default=15)
    parser.add_argument("--parts", default="strokes,run,memory")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    results: Results = {}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        bench = Bench(folder, network=False)
        try:
            if "strokes" in arguments.parts:
                results |= strokes_at_4k(bench, folder, arguments.saves)
            if "run" in arguments.parts:
                film = folder / "film.mp4"
                if arguments.film is None:
                    make_film(film)
                else:
                    film.symlink_to(arguments.film.absolute())  # its project lies in the folder
                results |= whole_run(bench, film, arguments.frames, arguments.saves)
            if "memory" in arguments.parts:
                results |= memory_at_8k(bench, folder)
        finally:
            bench.close()
    for name, summary in results.items():
        values = "  ".join(f"{key} {value:8.2f}" for key, value in summary.items())
        sys.stdout.write(f"{name:52} {values}\n")
    if arguments.json is not None:
        record = {**machine(), "unit": "ms", "results": results}
        arguments.json.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
