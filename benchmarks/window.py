"""What a person waits for at the real window: opening, stepping, painting, undo, saving.

Run ``python benchmarks/window.py [--video FILE] [--json FILE]`` (no display is needed with
``QT_QPA_PLATFORM=offscreen``). Without ``--video`` a film of 2,000 frames of 1920 x 1080 is encoded
first, which takes a minute or more; ``--make FILE`` does only that. Times in milliseconds.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import av
import numpy as np
from PIL import Image
from PySide6.QtCore import QEvent, QEventLoop, QObject, QPointF, Qt, QTimer
from PySide6.QtTest import QTest

from annotator.application import Application, make_qt_application
from annotator.controller.workspace import Workspace
from annotator.demo.gaps import GapMeter
from annotator.model.commands import AddObject
from annotator.storage.settings import Settings
from annotator.worker.backend import NetworkBackend
from benchmarks.document import FOUR_K, FULL_HD, scene
from vos_core.media import open_frames
from vos_core.media.sample import sample_clip

FILM_FRAMES = 2000
LONGEST_WAIT_S = 20.0
LONGEST_REPAINT_S = 0.5
PULSE_MS = 20


def make_film(path: Path, *, frame_count: int = FILM_FRAMES, gop: int = 30) -> Path:
    """Encode the sample clip, enlarged, to and fro, as H.264 with a key frame every ``gop``."""
    height, width = FULL_HD
    with open_frames(sample_clip()) as clip, av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=25, options={"preset": "veryfast", "crf": "23"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.gop_size = gop
        count = min(clip.frame_count, 132)
        enlarged = [
            av.VideoFrame.from_ndarray(clip.read(index), "rgb24").reformat(width, height, "yuv420p")
            for index in range(count)
        ]
        for index in range(frame_count):
            place = index % (2 * count)
            frame = enlarged[place if place < count else 2 * count - 1 - place]
            frame.pts = index
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


class Times:
    """Milliseconds by the clock."""

    def __init__(self) -> None:
        self.values: list[float] = []

    def note(self, begin: float) -> None:
        """Add the time since ``begin`` (of ``time.perf_counter``)."""
        self.values.append((time.perf_counter() - begin) * 1000)

    def summary(self) -> dict[str, float]:
        """Median, 95th percentile, largest, count."""
        return {
            "median": round(float(np.median(self.values)), 2),
            "p95": round(float(np.percentile(self.values, 95)), 2),
            "largest": round(max(self.values), 2),
            "count": len(self.values),
        }


class PaintCounter(QObject):
    """Counts paint events of a widget."""

    def __init__(self, watched: QObject) -> None:
        super().__init__(watched)
        self.count = 0
        watched.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Count."""
        self.count += event.type() == QEvent.Type.Paint
        return False


class Bench:
    """A window, driven by events, with a clock.

    Args:
        folder: for settings and projects.
        network: whether the network is loaded, as for a person who will use it.
    """

    def __init__(self, folder: Path, *, network: bool) -> None:
        self.app = make_qt_application()
        self.application = Application(
            backend=NetworkBackend("aoc-lite", "cpu"), settings=Settings(folder / "settings.json")
        )
        self.window = self.application.window
        self.window.resize(1600, 1000)
        self.window.show()
        self.editor = self.application.editor
        self.port = self.window.canvas.viewport()
        self.paints = PaintCounter(self.port)
        self.meter = GapMeter(self.window)
        self.pulse = QTimer(self.window, interval=PULSE_MS)  # what is asked may come without event
        self.pulse.start()
        if network:
            self.application.service.load()
            self.wait(lambda: self.application.network.backend is not None)

    def close(self) -> None:
        """Close the window and what is open."""
        self.window.close_guard = None
        self.window.close()

    def wait(self, condition: Callable[[], bool]) -> None:
        """Let the window run until a condition holds, asleep between events as a window is.

        A loop that asks without sleeping would take a processor and Python's lock from the threads
        that it waits for.
        """
        end = time.monotonic() + LONGEST_WAIT_S
        while not condition():
            if time.monotonic() > end:
                raise TimeoutError(f"waited {LONGEST_WAIT_S} s; {self.window.messages.text}")
            self.app.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)

    def rest(self, seconds: float) -> None:
        """Let the window run for a while."""
        end = time.monotonic() + seconds
        self.wait(lambda: time.monotonic() > end)

    def open(self, path: Path) -> None:
        """Open something and wait until its first frame is painted."""
        painted = self.paints.count
        self.application.session.open_path(path)
        self.wait(
            lambda: (
                self.editor.workspace is not None
                and self.editor.shown_frame == self.editor.frame
                and self.paints.count > painted
            )
        )

    def open_4k(self, folder: Path) -> Workspace:
        """Write two frames of 3840 x 2160 into a folder and open them."""
        frames = folder / "4k"
        frames.mkdir()
        rng = np.random.default_rng(0)
        for index in range(2):
            small = rng.integers(0, 255, (270, 480, 3), np.uint8)
            Image.fromarray(small).resize(FOUR_K[::-1]).save(frames / f"{index:05d}.jpg")
        self.open(frames)
        workspace = self.editor.workspace
        if workspace is None:
            raise RuntimeError(self.window.messages.text)
        return workspace

    def step(self, frame: int, times: Times) -> None:
        """Go to a frame and wait until it is painted."""
        begin = time.perf_counter()
        self.editor.go_to(frame)
        self.wait(lambda: self.editor.shown_frame == frame)
        self.port.repaint()
        times.note(begin)

    def until_painted(self, action: Callable[[], object], times: Times) -> None:
        """Do something and wait for the repaint; what changes no pixel is not counted."""
        painted = self.paints.count
        begin = time.perf_counter()
        action()
        while self.paints.count == painted:
            self.app.processEvents()
            if time.perf_counter() - begin > LONGEST_REPAINT_S:
                return
        times.note(begin)

    def point(self, x: float, y: float) -> QPointF:
        """Place of a frame pixel in the view."""
        return self.window.canvas.viewportTransform().map(QPointF(x + 0.5, y + 0.5))

    def gaps(self) -> dict[str, float]:
        """Gaps between ticks of the window's thread since `GapMeter.start`."""
        self.meter.stop()
        times = Times()
        times.values, self.meter.gaps_ms = self.meter.gaps_ms, []
        self.meter.busy_ms.clear()
        return times.summary()


def resident_mib() -> float:
    """Memory of this process now, in MiB."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return float("nan")


def opening(bench: Bench, film: Path, repeats: int) -> dict[str, dict[str, float]]:
    """From the wish to the first painted frame, and how deaf the window is meanwhile."""
    times = Times()
    bench.meter.start()
    for _ in range(repeats):
        begin = time.perf_counter()
        bench.open(film)
        times.note(begin)
        bench.application.session.close()
    gaps = bench.gaps()
    return {
        "open 2,000 frames of 1080p, to the first frame": times.summary(),
        "gap between ticks while opening": gaps,
    }


def stepping(bench: Bench, film: Path) -> dict[str, dict[str, float]]:
    """Steps near and far, and all frames from the first to the last."""
    bench.open(film)
    rng = random.Random(1)
    jump, onward, back, cached, through = (Times() for _ in range(5))
    bench.meter.start()
    for _ in range(40):
        target = rng.randrange(100, FILM_FRAMES - 100)
        bench.step(target, jump)
        bench.step(target - 1, back)
        bench.rest(0.25)
        bench.step(target, cached)
        bench.step(target + 1, onward)
    results = {
        "frame step, cached, 1080p": cached.summary(),
        "frame step forward, cold, 1080p": onward.summary(),
        "frame step backward, cold, 1080p": back.summary(),
        "jump to any frame, cold, 1080p": jump.summary(),
        "gap between ticks while stepping": bench.gaps(),
    }
    before = largest = resident_mib()
    for frame in range(FILM_FRAMES):
        bench.step(frame, through)
        if frame % 20 == 0:
            largest = max(largest, resident_mib())
    results["step through all 2,000 frames"] = through.summary()
    bench.meter.start()
    for _ in range(300):  # the slider dragged to and fro, faster than anything decodes
        bench.editor.go_to(rng.randrange(FILM_FRAMES))
        bench.rest(0.016)
    largest = max(largest, resident_mib())
    results["gap between ticks while dragging the slider"] = bench.gaps()
    results["memory in MiB"] = {"before": round(before), "largest": round(largest)}
    bench.application.session.close()
    return results


def painting(bench: Bench, folder: Path, strokes: int) -> dict[str, dict[str, float]]:
    """Strokes at 4K with 20 objects: segment, release, undo, and what saving takes from them."""
    workspace = bench.open_4k(folder)
    rng = np.random.default_rng(0)
    history, document = workspace.history, workspace.document
    first = Times()
    begin = time.perf_counter()
    history.do(AddObject.prepare(document))
    first.note(begin)
    for _ in range(19):
        history.do(AddObject.prepare(document))
    run = history.begin_propagation()
    run.add(0, scene(*FOUR_K, 20))
    run.close()
    bench.window.actions_table["tool.brush"].trigger()
    bench.window.brush_size.set_diameter(40)
    segment, release, undo, redo = (Times() for _ in range(4))
    bench.rest(3)
    bench.meter.start()
    bench.rest(3)
    results = {
        "first change: the project is made": first.summary(),
        "gap between ticks, idle": bench.gaps(),
    }
    left = Qt.MouseButton.LeftButton
    saves = 0
    gaps: list[float] = []
    for number in range(strokes):
        x, y = float(rng.uniform(500, 3300)), float(rng.uniform(400, 1700))
        bench.editor.choose_object(1 + number % 20)
        QTest.mousePress(bench.port, left, pos=bench.point(x, y).toPoint())
        bench.app.processEvents()
        for _ in range(10):
            x, y = x + float(rng.uniform(-60, 60)), y + float(rng.uniform(-60, 60))
            place = bench.point(x, y).toPoint()
            bench.until_painted(partial(QTest.mouseMove, bench.port, place), segment)
        begin = time.perf_counter()
        QTest.mouseRelease(bench.port, left, pos=bench.point(x, y).toPoint())
        bench.app.processEvents()
        release.note(begin)
        if number % 5 == 4:  # a pause, in which the saver writes (benchmarks/saving.py has more)
            bench.rest(0.15)  # until the stroke is painted; the saver waits longer
            bench.meter.start()
            bench.rest(0.75)
            bench.wait(lambda: workspace.is_saved)
            bench.rest(0.1)
            bench.meter.stop()
            gaps += bench.meter.gaps_ms
            bench.meter.gaps_ms = []
            saves += 1
        for name, times in (("edit.undo", undo), ("edit.redo", redo)):
            bench.until_painted(bench.window.actions_table[name].trigger, times)
    saving = Times()
    saving.values = gaps
    results |= {
        "stroke segment to repaint, 4K, 20 objects": segment.summary(),
        "stroke release, 4K (undo step, journal, hand-over)": release.summary(),
        "undo of a stroke to repaint, 4K": undo.summary(),
        "redo of a stroke to repaint, 4K": redo.summary(),
        f"gap between ticks during {saves} saves, 4K": saving.summary(),
    }
    bench.application.session.close()
    return results


def machine() -> dict[str, str]:
    """What the record was measured on."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    )
    return {
        "machine": platform.platform(),
        "processors": str(os.cpu_count()),
        "python": platform.python_version(),
        "commit": commit.stdout.strip(),
    }


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--make", type=Path, metavar="FILE", help="only encode the film")
    parser.add_argument("--gop", type=int, default=30, help="frames from key to key (%(default)s)")
    parser.add_argument("--video", type=Path, help="a film that --make made")
    parser.add_argument("--strokes", type=int, default=60)
    parser.add_argument("--no-network", action="store_true", help="leave the network unloaded")
    parser.add_argument("--parts", default="opening,stepping,painting")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    if arguments.make is not None:
        make_film(arguments.make, gop=arguments.gop)
        return
    results: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        film = arguments.video or make_film(folder / "film.mp4", gop=arguments.gop)
        bench = Bench(folder, network=not arguments.no_network)
        try:
            if "opening" in arguments.parts:
                results |= opening(bench, film, 5)
            if "stepping" in arguments.parts:
                results |= stepping(bench, film)
            if "painting" in arguments.parts:
                results |= painting(bench, folder, arguments.strokes)
        finally:
            bench.close()
    for name, summary in results.items():
        values = "  ".join(f"{key} {value:9.2f}" for key, value in summary.items())
        sys.stdout.write(f"{name:52} {values}\n")
    if arguments.json is not None:
        record = {**machine(), "unit": "ms", "results": results}
        arguments.json.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
