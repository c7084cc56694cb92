"""Takes the pictures of the documentation: ten objects on a real clip, two sizes, dark and light.

Run ``python benchmarks/window_pictures.py OUT [--frames N]`` with the extra ``sample`` installed;
no display is needed. The network carries ten objects through the clip once; the project is then
opened in a window of 1920 x 1080 and, in another process, in one of 3840 x 2160 at twice the scale.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import cv2
import numpy as np
from PIL import Image
from PySide6.QtCore import QBuffer, QEventLoop, Qt, QTimer
from PySide6.QtWidgets import QDockWidget

from annotator.application import Application, make_qt_application
from annotator.demo.outputs import cut_clip
from annotator.model.commands import AddObject, ReplaceLabelMap
from annotator.storage.settings import Settings
from annotator.views.timeline.selection import RangeSelection
from annotator.worker.backend import NetworkBackend
from vos_core.media.sample import sample

OBJECTS: dict[str, list[tuple[int, int]]] = {
    "upper rock": [(120, 285), (150, 245), (215, 265), (245, 330), (235, 405), (170, 400)],
    "lower rock": [(62, 430), (85, 388), (130, 382), (205, 440), (230, 495), (215, 528)],
    "small rock": [(186, 418), (222, 415), (240, 440), (232, 460), (205, 455)],
    "pebble": [(598, 430), (615, 405), (650, 400), (660, 425), (650, 447), (612, 442)],
    "left root": [(0, 68), (45, 68), (90, 130), (118, 200), (108, 270), (88, 180), (40, 95)],
    "middle root": [(165, 40), (205, 0), (245, 12), (275, 65), (225, 30), (190, 70), (185, 185)],
    "violets": [(216, 60), (250, 52), (298, 80), (292, 120), (250, 132), (220, 110)],
    "asters": [(364, 118), (395, 105), (432, 130), (425, 165), (385, 175), (362, 155)],
    "slab": [(835, 300), (870, 271), (1105, 273), (1150, 325), (1000, 318)],
}  # fmt: skip
"""What is annotated beside the sample's own object; corners in pixels of the first frame."""

LARGEST_BYTES = 300_000


def wait(condition: Callable[[], bool], seconds: float = 900.0) -> None:
    """Let the window run until a condition holds.

    Raises:
        TimeoutError: It did not come to hold.
    """
    loop, left = QEventLoop(), [seconds * 50]
    timer = QTimer()

    def look() -> None:
        left[0] -= 1
        if condition() or left[0] < 0:
            loop.quit()

    timer.timeout.connect(look)
    timer.start(20)
    loop.exec()
    timer.stop()
    if left[0] < 0:
        raise TimeoutError("the window did not come to what was waited for")


def first_map(height: int, width: int) -> np.ndarray:
    """Ten objects of the first frame, the sample's own one on top."""
    label_map = np.zeros((height, width), np.uint8)
    for number, corners in enumerate(OBJECTS.values(), start=2):
        cv2.fillPoly(label_map, [np.array(corners, np.int32)], number)
    drawn = sample("bigbuckbunny").label_maps[0]
    label_map[drawn == 1] = 1
    return label_map


def annotate(application: Application) -> None:
    """Add the objects, put them into the first frame and carry them on."""
    workspace = application.editor.workspace
    if workspace is None:
        raise RuntimeError(application.window.messages.text)
    document, history = workspace.document, workspace.history
    for name in ("rabbit", *OBJECTS):
        history.do(AddObject.prepare(document, name=name))
    label_map = first_map(document.height, document.width)
    history.do(ReplaceLabelMap.prepare(document, 0, label_map, text="paint ten objects"))
    application.editor.choose_object(1)
    application.window.actions_table["propagate.forward"].trigger()
    wait(lambda: not application.propagation.is_running)


def touch_up(application: Application) -> None:
    """What a person would have done by then: corrections, verified frames, a gap, bookmarks."""
    window, editor = application.window, application.editor
    workspace = editor.workspace
    if workspace is None:
        raise RuntimeError(window.messages.text)
    count = workspace.document.frame_count
    drawn = first_map(workspace.document.height, workspace.document.width)
    for frame in (count // 3, count // 2):  # the camera stands still: the rocks stay where they are
        corrected = workspace.document.label_map(frame).copy()
        rocks = np.isin(drawn, (2, 3, 4, 5)) & (corrected == 0)
        corrected[rocks] = drawn[rocks]
        history = workspace.history
        history.do(ReplaceLabelMap.prepare(workspace.document, frame, corrected))
        editor.go_to(frame)
        window.actions_table["frame.bookmark"].trigger()
    window.timeline.choose_range(RangeSelection((2, 3), 4, count // 3 - 2))
    window.actions_table["range.verify"].trigger()
    window.timeline.choose_range(RangeSelection((10,), count - 8, count - 1))
    window.actions_table["range.delete"].trigger()
    window.timeline.choose_range(RangeSelection((4, 5, 6), count // 2 + 2, count - 10))


def shoot(application: Application, path: Path) -> None:
    """Write the window as JPEG, in the best quality that fits."""
    picture = application.window.grab()
    buffer = QBuffer()
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    picture.save(buffer, "PNG")
    whole = path.with_suffix(".png")
    whole.write_bytes(bytes(buffer.data().data()))
    image = Image.open(whole).convert("RGB")
    for quality in range(92, 10, -4):
        image.save(path, quality=quality, optimize=True, progressive=True)
        if path.stat().st_size <= LARGEST_BYTES:
            break
    print(f"{path}: {image.width} x {image.height}, quality {quality}, {path.stat().st_size} bytes")


def take(out: Path, frames: int) -> None:
    """Open the clip, annotate it unless the project does exist, and take both themes."""
    make_qt_application()
    clip = sample("bigbuckbunny")
    folder = out / "bigbuckbunny"
    if not folder.is_dir():
        for _ in cut_clip(clip.clip, folder, frames):
            pass
    application = Application(
        backend=NetworkBackend("aoc-lite", "auto"), settings=Settings(out / "settings.json")
    )
    window = application.window
    window.resize(1920, 1080)
    window.show()
    dock = window.findChild(QDockWidget, "timelineDock")
    window.resizeDocks([dock], [330], Qt.Orientation.Vertical)
    application.session.open_path(folder)
    wait(lambda: application.editor.workspace is not None)
    wait(lambda: application.editor.shown_frame == application.editor.frame)
    application.service.load()
    wait(lambda: application.network.backend is not None)
    workspace = application.editor.workspace
    if workspace is not None and not len(workspace.document.objects):
        annotate(application)
        touch_up(application)
    count = application.editor.document.frame_count if application.editor.document else 1
    window.timeline.choose_range(RangeSelection((4, 5, 6), count // 2 + 2, count - 10))
    application.editor.go_to(count // 3)
    wait(lambda: application.editor.shown_frame == application.editor.frame)
    size = f"{round(1080 * window.devicePixelRatioF())}p"
    for theme in ("dark", "light"):
        window.actions_table[f"view.{theme}"].trigger()
        window.messages.dismiss()
        wait(lambda: window.saved_label.text() == "saved")
        shoot(application, out / f"annotate-{size}-{theme}.jpg")
    window.close()
    application.shut_down()


def main() -> None:
    """Take all pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--frames", type=int, default=60)
    parser.add_argument("--once", action="store_true", help="this scale only")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    if arguments.once:
        take(arguments.out.absolute(), arguments.frames)
        return
    command = [sys.executable, __file__, str(arguments.out)]
    for scale in ("1", "2"):
        subprocess.run(
            [*command, "--once", "--frames", str(arguments.frames)],
            env={**os.environ, "QT_SCALE_FACTOR": scale},
            check=True,
        )


if __name__ == "__main__":
    main()
