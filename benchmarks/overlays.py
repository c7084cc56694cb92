r"""How long switching an overlay on and off takes, on the real window with the real network.

Frames of a sample are enlarged to the size wanted, its first mask is carried through them, one
frame is corrected and carried again (so that there is a difference to show). Then each overlay is
switched on and off; a switch is timed from the action until the canvas is painted. Overlays that
ask the network (probability, embedding) are timed once it has answered; its answer is timed apart.

    python benchmarks/overlays.py --size 1920x1080 --json overlays.json
    python benchmarks/overlays.py --size native --shots docs/images
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtWidgets import QDockWidget

from annotator.application import Application, make_qt_application
from annotator.model.commands import AddObject, ChangeObject, ReplaceLabelMap
from annotator.storage.settings import Settings
from annotator.worker.backend import NetworkBackend
from vos_core.media import open_frames
from vos_core.media.sample import sample

OVERLAYS = (
    "masks",
    "contours",
    "reliability",
    "filter",
    "clusters",
    "references",
    "probability",
    "embedding",
    "difference",
    "flicker",
)
REPEATS = 7


def wait(condition: Callable[[], bool], timeout_s: float = 240.0) -> None:
    """Run the event loop until a condition holds."""
    end = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("the window did not come to rest")
        loop = QEventLoop()
        QTimer.singleShot(10, loop.quit)
        loop.exec()


def prepare(folder: Path, name: str, count: int, size: tuple[int, int] | None) -> np.ndarray:
    """Write the frames of a sample, enlarged; returns its first mask at their size."""
    clip = sample(name)
    with open_frames(clip.clip) as source:
        for index in range(min(count, source.frame_count)):
            frame = source.read(index)
            if size is not None:
                frame = cv2.resize(frame, size, interpolation=cv2.INTER_CUBIC)
            path = folder / f"{index:05d}.jpg"
            cv2.imwrite(str(path), cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
    mask = clip.label_maps[0]
    if size is not None:
        mask = cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST)
    return mask


def carry(application: Application, mask: np.ndarray, names: dict[int, str], look_at: int) -> None:
    """Objects from the mask through all frames, then again from a frame made a little larger."""
    workspace = application.editor.workspace
    if workspace is None:
        raise RuntimeError(application.window.messages.text)
    document, history = workspace.document, workspace.history
    for object_id, name in names.items():
        history.do(AddObject.prepare(document))
        record = replace(document.objects[object_id], name=name)
        history.do(ChangeObject.prepare(document, record))
    history.do(ReplaceLabelMap.prepare(document, 0, mask))
    actions = application.window.actions_table
    actions["propagate.forward"].trigger()
    wait(lambda: not application.propagation.is_running)
    here = max(look_at - 3, 1)
    grown = cv2.dilate(document.label_map(here), np.ones((25, 25), np.uint8))
    history.do(ReplaceLabelMap.prepare(document, here, np.asarray(grown, np.uint8)))
    application.editor.go_to(here)
    actions["propagate.forward"].trigger()
    wait(lambda: not application.propagation.is_running)


def timed(application: Application, name: str) -> dict[str, float]:
    """Median and worst time of switching an overlay on and off, in milliseconds."""
    action = application.window.actions_table[f"view.{name}"]
    viewport = application.window.canvas.viewport()
    on, off = [], []
    for _ in range(2 * REPEATS):
        wanted = not action.isChecked()
        started = time.perf_counter()
        action.setChecked(wanted)
        viewport.repaint()
        (on if wanted else off).append(1000 * (time.perf_counter() - started))
        wait(lambda: True)
    return {
        "on_ms": round(statistics.median(on), 1),
        "on_worst_ms": round(max(on), 1),
        "off_ms": round(statistics.median(off), 1),
        "off_worst_ms": round(max(off), 1),
    }


def main() -> None:
    """Read the arguments, run, print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--sample", default="walker")
    parser.add_argument("--frames", type=int, default=12)
    parser.add_argument("--look-at", type=int, default=8)
    parser.add_argument("--size", default="1920x1080", help='"native" for the sample\'s own')
    parser.add_argument("--shots", type=Path, help="write overlay-NAME.jpg into this folder")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    size = None
    if arguments.size != "native":
        width, height = map(int, arguments.size.split("x"))
        size = (width, height)
    app = make_qt_application()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "clip"
        folder.mkdir()
        mask = prepare(folder, arguments.sample, arguments.frames, size)
        application = Application(
            backend=NetworkBackend(), settings=Settings(Path(temporary) / "settings.json")
        )
        window = application.window
        window.show()
        application.service.load()
        application.session.open_path(folder)
        wait(lambda: application.editor.shown_frame == 0)
        carry(application, mask, sample(arguments.sample).object_names, arguments.look_at)
        application.editor.go_to(arguments.look_at)
        application.editor.choose_object(1)
        wait(lambda: application.editor.shown_frame == arguments.look_at)
        window.messages.dismiss()
        results: dict[str, object] = {"size": arguments.size, "frames": arguments.frames}
        actions, layers = window.actions_table, application.canvas_layers
        started = time.perf_counter()
        actions["view.embedding"].setChecked(True)
        wait(lambda: layers.embedding.values.size > 0)
        results["network_answers_after_ms"] = round(1000 * (time.perf_counter() - started))
        actions["view.embedding"].setChecked(False)
        for name in OVERLAYS:
            results[name] = timed(application, name)
            print(name, results[name], flush=True)
        if arguments.shots is not None:
            shoot(application, arguments.shots)
        window.close()
        application.deleteLater()
        app.processEvents()
    print(json.dumps(results))
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


def shoot(application: Application, folder: Path) -> None:
    """One picture of the canvas for each overlay, and one of the whole window."""
    window = application.window
    actions = window.actions_table
    for name in OVERLAYS:
        actions[f"view.{name}"].setChecked(name == "contours")
    for name in ("masks", *OVERLAYS[2:]):
        actions[f"view.{name}"].setChecked(True)
        actions["view.masks"].setChecked(name not in ("embedding", "probability"))
        if name not in ("masks", "embedding", "probability"):
            window.overlays.set_state(replace(window.overlays.state, masks_opacity=0.05))
        wait(lambda: True)
        wait(lambda: window.canvas.viewport().repaint() is None)
        picture = window.canvas.grab(window.canvas.viewport().rect())
        transform = window.canvas.viewportTransform()
        corners = transform.mapRect(window.canvas.frame_layer.boundingRect()).toRect()
        picture = picture.copy(corners)
        smooth = Qt.TransformationMode.SmoothTransformation
        picture.scaledToWidth(560, smooth).save(str(folder / f"overlay-{name}.jpg"), "JPG", 80)
        actions[f"view.{name}"].setChecked(False)
    window.resize(1280, 800)
    dock = window.findChild(QDockWidget, "referencesDock")
    if isinstance(dock, QDockWidget):
        dock.raise_()
    actions["view.references"].setChecked(True)
    settle()
    window.references.list.scrollToBottom()
    settle()
    window.grab().save(str(folder / "window-references.jpg"), "JPG", 85)
    actions["view.references"].setChecked(False)
    dock = window.findChild(QDockWidget, "overlaysDock")
    if isinstance(dock, QDockWidget):
        dock.raise_()
    actions["view.masks"].setChecked(True)
    actions["review.mode"].setChecked(True)
    actions["view.reliability"].setChecked(True)
    wait(lambda: application.editor.shown_frame == application.editor.frame)
    settle()
    window.grab().save(str(folder / "window-review.jpg"), "JPG", 85)


def settle() -> None:
    """Let timers of the window go off."""
    end = time.monotonic() + 0.6
    wait(lambda: time.monotonic() > end)


if __name__ == "__main__":
    main()
