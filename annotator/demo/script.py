"""The job step by step: each step acts on the real window and says what to wait for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from annotator.application import Application
from annotator.demo.gaps import GapMeter
from annotator.demo.outputs import cut_clip, write_overlay_video, write_reliability
from annotator.demo.pointer import Pointer, middle, outlines, smoothed, strays
from annotator.exchange.exporting import ExportReport
from annotator.model.document import Document
from annotator.views.help_sheet import HelpSheet
from annotator.views.panels.overlay_panel import OverlayState
from vos_core.media.sample import Sample

Condition = Callable[[], bool]
Script = Iterator[Condition]


class DemoError(Exception):
    """A step of the demo did not come out as it must."""


def _at_once() -> bool:
    return True


class DemoScript:
    """The main job as a sequence of steps.

    Args:
        application: The window with everything behind it.
        sample: Clip and first-frame masks.
        out: Folder for the results.
        frame_count: Frames of the clip to work on.
    """

    def __init__(
        self, application: Application, sample: Sample, out: Path, frame_count: int, gaps: GapMeter
    ) -> None:
        self.application = application
        self.window = application.window
        self.report: dict[str, object] = {}
        self._sample = sample
        self._out = out
        self._frame_count = frame_count
        self._gaps = gaps
        self._pointer = Pointer(self.window.canvas)
        self._applied: list[tuple[int, float]] = []
        self._shots = 0
        self._export: ExportReport | None = None
        self._exported = False
        application.propagation.frame_applied.connect(self._on_applied)
        application.export.finished.connect(self._on_exported)

    # --- the job ----------------------------------------------------------------------------

    def steps(self) -> Script:
        """Yield after each step the condition on which the next one begins."""
        yield from self._open()
        yield from self._paint()
        yield from self._propagate()
        yield from self._look()
        yield from self._correct()
        yield from self._undo_and_redo()
        yield from self._finish()

    def _open(self) -> Script:
        self._shoot("welcome")
        frames = self._frames
        for _ in cut_clip(self._sample.clip, frames, self._frame_count):
            yield _at_once
        started = time.monotonic()
        self.application.service.load()
        self.application.session.open_path(frames)
        yield lambda: not self.application.session.is_opening
        if self.application.editor.workspace is None:
            raise DemoError(self.window.messages.text)
        yield self._is_shown
        self.report["open_seconds"] = time.monotonic() - started
        yield lambda: self._backend_is_settled()
        backend = self.application.network.backend
        if backend is None:
            raise DemoError(self.window.messages.text)
        self.report["network"] = backend.text
        self.report["load_seconds"] = time.monotonic() - started

    def _paint(self) -> Script:
        self._use("tool.lasso")
        drawn = self._sample.label_maps[0]
        for object_id, name in self._sample.object_names.items():
            new_id = self.application.objects.add()
            if new_id is None:
                raise DemoError("no object could be added")
            self.application.objects.rename(new_id, name)
            for points, is_hole in outlines(drawn == object_id):
                self._pointer.drag(points, erase=is_hole)
                yield _at_once
            painted = self._document.object_mask(0, new_id)
            share = float(
                (painted & (drawn == object_id)).sum() / max((drawn == object_id).sum(), 1)
            )
            if share < 0.9:
                raise DemoError(f"the lasso painted {share:.0%} of {name}")
        self._use("tool.brush")
        self.application.editor.choose_object(1)
        inside = middle(drawn == 1)
        before = self._document.label_map(0).copy()
        self.window.brush_size.set_diameter(max(self._document.height // 20, 4))
        self._pointer.drag([inside, (inside[0] + 4, inside[1])], erase=True)
        self._pointer.hover(inside)
        yield _at_once
        self._use("edit.undo")
        if not np.array_equal(before, self._document.label_map(0)):
            raise DemoError("undo did not bring the stroke's pixels back")
        self._shoot("first frame painted")

    def _propagate(self) -> Script:
        self._applied.clear()
        self._gaps.start()
        started = time.monotonic()
        self._use("propagate.forward")
        yield lambda: self._done(3)
        self._check_running()
        for frame in (0, 1, 2, 1, 0):  # scrub and zoom while it runs
            self.window.transport.frame_field.setValue(frame)
            yield self._is_shown
        self._pointer.wheel(middle(self._sample.label_maps[0] > 0), 2)
        yield _at_once
        self._use("view.fit")
        self._use("propagate.pause")
        paused_at = len(self._applied)
        pause_started = time.monotonic()
        yield lambda: time.monotonic() - pause_started > 1.5
        late = len(self._applied) - paused_at
        if late > 1:
            raise DemoError(f"{late} frames came after the pause")
        self.report["frames_after_pause"] = late
        paused = time.monotonic() - pause_started
        self._use("propagate.pause")
        yield lambda: self._done(self._frame_total // 2)
        self._gaps.stop()
        self._shoot("propagation running")
        self._gaps.start()
        yield self._is_idle
        self._gaps.stop()
        seconds = time.monotonic() - started - paused
        count = len(self._applied)
        if count != self._frame_total - 1:
            raise DemoError(
                f"{count} of {self._frame_total - 1} frames: {self.window.messages.text}"
            )
        self.report["propagation"] = {
            "frames": count,
            "seconds": seconds,
            "frames_per_second": count / seconds,
            "first_frame_seconds": self._applied[0][1] - started,
        }

    def _look(self) -> Script:
        self.window.transport.frame_field.setValue(self._frame_total // 4)
        yield self._is_shown
        self.window.messages.dismiss()
        self._pointer.leave()
        looks = {
            "masks and contours": OverlayState(),
            "reliability": OverlayState(masks_opacity=0.05, reliability=True),
            "proxy clusters": OverlayState(masks_opacity=0.05, clusters=True),
            "contours": OverlayState(masks_opacity=0.05),
        }
        for title, state in looks.items():
            self.window.overlays.set_state(state)
            yield _at_once
            self._shoot(title)
        self.window.overlays.set_state(OverlayState())

    def _correct(self) -> Script:
        """To the most doubtful frame: take stray pieces away, trace the first object anew."""
        self._use("review.next_doubtful")
        yield self._is_shown
        frame = self.application.editor.frame
        self.application.editor.choose_object(1)
        mask = self._document.object_mask(frame, 1)
        self.window.brush_size.set_diameter(12)
        for point in strays(mask):
            self._pointer.drag([point, point], erase=True)
            yield _at_once
        self._use("tool.lasso")
        for points, is_hole in outlines(smoothed(self._document.object_mask(frame, 1))):
            if not is_hole:
                self._pointer.drag(points)
                yield _at_once
        self._use("tool.brush")
        if not self._document.is_reference(frame):  # nothing differed: say that it is right
            self._use("review.verify")
        self._shoot("frame corrected")
        self._applied.clear()
        before = self._label_maps()
        self._gaps.start()
        self._use("propagate.forward")
        if self.application.propagation.is_running:
            yield self._is_idle
        self._gaps.stop()
        self.report["correction"] = {
            "frame": frame,
            "frames_propagated_again": len(self._applied),
        }
        if any(not np.array_equal(before[i], self._document.label_map(i)) for i in range(frame)):
            raise DemoError("a run forward changed frames before its start")
        self._before_second_run = before

    def _undo_and_redo(self) -> Script:
        if not self._applied:
            return
        after = self._label_maps()
        self._use("edit.undo")
        yield self._is_shown
        if not _same(self._label_maps(), self._before_second_run):
            raise DemoError("undo of the propagation left other masks than before it")
        self._use("edit.redo")
        yield self._is_shown
        if not _same(self._label_maps(), after):
            raise DemoError("redo of the propagation gave other masks")
        self._use("review.verify")

    def _finish(self) -> Script:
        self._use("view.light")
        self.window.messages.dismiss()
        self._pointer.leave()
        yield _at_once
        self._shoot("light colours")
        self._use("view.dark")
        self._use("help.keys")
        yield _at_once
        self._shoot_help()
        if not self.application.session.save():
            raise DemoError("the project could not be saved")
        self.application.export.export(self._out / "masks")
        yield lambda: self._exported
        if self._export is None:
            raise DemoError(self.window.messages.text)
        self.report["exported_masks"] = self._export.frame_count
        for _ in write_reliability(self._document, self._out / "reliability"):
            yield _at_once
        for _ in write_overlay_video(self._document, self._frames, self._out / "overlay.mp4"):
            yield _at_once
        self._shoot("at the end")

    # --- helpers ----------------------------------------------------------------------------

    @property
    def _document(self) -> Document:
        document = self.application.editor.document
        if document is None:
            raise DemoError("nothing is open")
        return document

    @property
    def _frames(self) -> Path:
        return self._out / self._sample.name

    @property
    def _frame_total(self) -> int:
        return self._document.frame_count

    def _use(self, action: str) -> None:
        """Trigger an action of the table, as its menu entry would."""
        entry = self.window.actions_table[action]
        if not entry.isEnabled():
            raise DemoError(f"the action {action} is not enabled; {self.window.messages.text}")
        entry.trigger()

    def _done(self, count: int) -> bool:
        return len(self._applied) >= count or self._is_idle()

    def _check_running(self) -> None:
        if not self.application.propagation.is_running and len(self._applied) < 3:
            raise DemoError(f"the propagation ended early: {self.window.messages.text}")

    def _is_idle(self) -> bool:
        return not self.application.propagation.is_running

    def _is_shown(self) -> bool:
        return self.application.editor.shown_frame == self.application.editor.frame

    def _backend_is_settled(self) -> bool:
        failed = self.window.propagation.model_label.text() == "no network"
        return self.application.network.backend is not None or failed

    def _on_applied(self, frame: int) -> None:
        self._applied.append((frame, time.monotonic()))

    def _on_exported(self, export: ExportReport | None) -> None:
        self._export, self._exported = export, True

    def _label_maps(self) -> list[np.ndarray]:
        return [self._document.label_map(i).copy() for i in range(self._frame_total)]

    def _shoot(self, title: str) -> None:
        """Keep a picture of the window."""
        self._shots += 1
        folder = self._out / "screenshots"
        folder.mkdir(parents=True, exist_ok=True)
        name = f"{self._shots:02d}-{title.replace(' ', '-')}.png"
        self.window.grab().save(str(folder / name))

    def _shoot_help(self) -> None:
        sheet = self.window.findChild(HelpSheet)
        if sheet is not None:
            self._shots += 1
            folder = self._out / "screenshots"
            sheet.grab().save(str(folder / f"{self._shots:02d}-keys-and-mouse.png"))
            sheet.close()


def _same(first: list[np.ndarray], second: list[np.ndarray]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


__all__ = ["Condition", "DemoError", "DemoScript", "Script"]
