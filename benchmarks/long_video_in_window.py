"""Memory and pace of the real window over a long video.

Writes the sample clip, forth and back, as a small video of many frames, opens it in the real window
(offscreen works) with the real network, presses F, and prints for some frames the time of a frame,
as a person sees it, and the resident memory of the whole process: masks, undo step, project on the
disk and frame cache included.

    python benchmarks/long_video_in_window.py [--frames 3600] [--rows 128] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from PySide6.QtWidgets import QApplication

from annotator.application import Application, make_qt_application
from annotator.model.commands import AddObject
from annotator.model.commands.frames import ReplaceLabelMap
from annotator.storage.settings import Settings
from annotator.worker.backend import NetworkBackend
from vos_core.media import OverlayVideoWriter, open_frames
from vos_core.media.sample import sample_clip, sample_masks

MARKS = (100, 500, 1000, 1500, 2000, 2500, 3000, 3500)
WINDOW = 100


def resident_megabytes() -> float:
    """Memory of this process that lies in RAM (Linux)."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 1e6


def write_long_video(path: Path, frame_count: int, rows: int) -> tuple[int, int]:
    """Write the sample clip forth and back at a small, even size; (columns, rows)."""
    with open_frames(sample_clip()) as source:
        height, width = source.read(0).shape[:2]
        size = 2 * round(rows * width / height / 2), rows
        clip = [
            cv2.resize(source.read(i), size, interpolation=cv2.INTER_AREA)
            for i in range(source.frame_count)
        ]
        rate = source.frames_per_second
    loop = clip + clip[-2:0:-1]
    with OverlayVideoWriter(path, rows, size[0], rate) as writer:
        for index in range(frame_count):
            writer.write(loop[index % len(loop)])
    return size


def wait(condition: Callable[[], bool], seconds: float) -> None:
    """Let the window run until a condition holds."""
    until = time.monotonic() + seconds
    while not condition():
        QApplication.processEvents()
        time.sleep(0.001)
        if time.monotonic() > until:
            raise TimeoutError


def main() -> None:
    """Read the arguments, run, print the curve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=3600)
    parser.add_argument("--rows", type=int, default=128)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    make_qt_application()
    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / "long.mp4"
        size = write_long_video(clip, arguments.frames, arguments.rows)
        application = Application(
            backend=NetworkBackend(), settings=Settings(Path(folder) / "settings.json")
        )
        application.window.resize(1440, 900)
        application.window.show()
        application.service.load()
        wait(lambda: application.network.backend is not None, 600)
        application.session.open_path(clip)
        wait(lambda: application.editor.shown_frame == 0, 600)
        workspace = application.editor.workspace
        if workspace is None:
            raise RuntimeError("the video did not open")
        mask = cv2.resize(sample_masks()[0], size, interpolation=cv2.INTER_NEAREST)
        for _ in range(int(mask.max())):
            workspace.history.do(AddObject.prepare(workspace.document))
        workspace.history.do(
            ReplaceLabelMap.prepare(workspace.document, 0, np.asarray(mask, np.uint8))
        )
        stamps, memory = [], []

        def note(_frame: int) -> None:
            stamps.append(time.perf_counter())
            memory.append(resident_megabytes())

        application.propagation.frame_applied.connect(note)
        application.window.actions_table["propagate.forward"].trigger()
        wait(lambda: not application.propagation.is_running, 3600)
        application.shut_down()
    gaps = np.diff(stamps)
    curve = [
        {
            "frame": mark,
            "median_ms": round(1000 * float(np.median(gaps[mark - WINDOW : mark + WINDOW])), 1),
            "resident_mb": round(float(np.median(memory[mark - WINDOW : mark + WINDOW])), 1),
        }
        for mark in MARKS
        if mark < len(gaps)
    ]
    late = memory[500:]
    growth = np.polyfit(np.arange(len(late)), late, 1)[0] if len(late) > WINDOW else float("nan")
    record = {
        "frames": arguments.frames,
        "size": "x".join(map(str, size)),
        "objects": int(mask.max()),
        "curve": curve,
        "growth_after_500_mb_per_frame": round(float(growth), 4),
    }
    print(json.dumps(record, indent=1))
    if arguments.json:
        arguments.json.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
