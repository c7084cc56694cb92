"""Writes down what happens to the open project, for replay and for the effort it took."""

from __future__ import annotations

import base64
import datetime
import time
import zlib
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, Slot

from annotator.controller.editor import DocumentListeners, Editor
from annotator.controller.workspace import Workspace
from annotator.model.cells import CellState
from annotator.model.changes import ChangeSet
from annotator.model.commands.base import Command
from annotator.model.commands.frames import FrameChange
from annotator.model.document import Document
from annotator.model.geometry import Box
from annotator.model.label_maps import PackedMap
from annotator.model.run import PropagationRun
from annotator.storage.effects import effect_of
from annotator.storage.errors import ProjectFormatError
from annotator.storage.interaction_log import (
    LOG_NAME,
    VERSION,
    InteractionLog,
    Line,
    read_log,
    record_to_json,
    state_digest,
)
from annotator.worker.jobs import BackendInfo, Correction, JobResult, PropagationJob
from annotator.worker.service import PropagationService

MAX_BASE_FRAMES = 600
"""Frames with masks up to which a project without a log is written into a new one whole."""

_MakeLine = Callable[[], Line]


class LogRecorder(QObject):
    """Listens to history, document and worker. Made before those that act on results.

    Lines wait until the project has its folder.
    """

    def __init__(self, editor: Editor, service: PropagationService, parent: QObject) -> None:
        super().__init__(parent)
        self._editor = editor
        self._listeners = DocumentListeners()
        self._workspace: Workspace | None = None
        self._log: InteractionLog | None = None
        self._waiting: list[_MakeLine] = []
        self._network: BackendInfo | None = None
        self._opened = 0.0
        self._change = ChangeSet()
        self._arrived: deque[tuple[int, int, int, int]] = deque()
        self._is_silent = True
        editor.workspace_changed.connect(self._on_workspace)
        service.loaded.connect(self._on_network)
        service.job_started.connect(self._on_job)
        service.corrected.connect(self._on_correction)
        service.result_ready.connect(self._on_result)

    @property
    def log(self) -> InteractionLog | None:
        """The log of the open project, ``None`` before it has a folder."""
        return self._log

    # --- the project -----------------------------------------------------------------------

    @Slot(object)
    def _on_workspace(self, workspace: Workspace | None) -> None:
        self.close()
        self._workspace = workspace
        if workspace is None:
            return
        self._opened = time.monotonic()
        project = workspace.project
        self._is_silent = project is not None and project.is_read_only
        document, history = workspace.document, workspace.history
        listen = self._listeners.listen
        listen(document.changed, self._on_changed)
        listen(history.command_done, self._on_done)
        listen(history.step_undone, partial(self._note_step, "undo"))
        listen(history.step_redone, partial(self._note_step, "redo"))
        listen(history.run_began, self._on_run)
        listen(history.run_changed, self._on_run_changed)
        listen(history.run_over, self._on_run_over)
        self._begin(workspace)

    def _begin(self, workspace: Workspace) -> None:
        document = workspace.document
        line: Line = {
            "e": "open",
            "version": VERSION,
            "time": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            "state": state_digest(document),
        }
        known = self._known_state(workspace)
        make: _MakeLine = lambda: line  # noqa: E731
        if (known is None and not _is_new(document)) or known not in (None, line["state"]):
            make = self._base(document, line)
        self._append(make)
        self._note_network()

    def _known_state(self, workspace: Workspace) -> int | None:
        """State that the log there is leads to; None without one, -1 where it cannot be told."""
        if workspace.project is None:
            return None
        path = workspace.project.folder / LOG_NAME
        if not path.is_file():
            return None
        last = None
        try:
            for line in read_log(path):
                last = line.get("state", -1 if line["e"] in ("result", "job", "run") else last)
        except ProjectFormatError:
            return -1
        return last

    def _base(self, document: Document, line: Line) -> _MakeLine:
        """The opening line with everything the project holds."""
        frames = document.label_maps.stored_frames()
        if len(frames) > MAX_BASE_FRAMES:
            return lambda: line | {"base": None}
        everything = range(document.frame_count)
        whole = Box(0, 0, document.height, document.width)
        change = ChangeSet(
            label_maps=dict.fromkeys(frames, whole),
            cells=set(np.flatnonzero(document.cells.states.any(axis=1)).tolist()),
            objects=True,
            references={i for i in everything if document.references.choice(i)},
        )
        maps = {frame: document.label_maps.pack(frame) for frame in frames}
        make_record, _ = effect_of(document, change, dict(maps))
        return lambda: line | {"base": record_to_json(make_record())}

    def close(self) -> None:
        """Write what is left; the next project has a log of its own."""
        self._listeners.drop()
        if self._log is not None:
            self._log.close()
        self._log = self._workspace = None
        self._waiting.clear()
        self._arrived.clear()

    # --- what happens ----------------------------------------------------------------------

    def _on_changed(self, change: ChangeSet) -> None:
        self._change = change

    def _on_done(self, command: Command) -> None:
        workspace = self._workspace
        if workspace is None:
            return
        document, change = workspace.document, self._change
        maps = {i: document.label_maps.snapshot(i) for i in change.label_maps}
        make_record, _ = effect_of(document, change, maps)
        touched = self._touched(document, change)
        line: Line = {
            "e": "edit",
            "text": command.text,
            "frame": command.frame_index,
            "objects": touched,
            "corrected": _corrected(document, change, touched),
            "state": state_digest(document),
        }
        self._note(lambda: line | {"effect": record_to_json(make_record())})

    def _touched(self, document: Document, change: ChangeSet) -> list[int]:
        """Objects that a step is about: the chosen one, if it knows the frame, else all there."""
        active = self._editor.active_object
        found: set[int] = set()
        for frame in list(change.label_maps)[:8]:
            found.update(document.cells.objects_in(frame))
        if active is not None and (active in found or not found):
            return [active]
        return sorted(found)

    def _note_step(self, name: str) -> None:
        if self._workspace is not None:
            line = {"e": name, "state": state_digest(self._workspace.document)}
            self._note(lambda: line)

    def _on_run(self, run: PropagationRun) -> None:
        ids = None if run.object_ids is None else sorted(run.object_ids)
        line = {
            "e": "run",
            "text": run.text,
            "objects": ids,
            "replaces": {str(frame): sorted(ids) for frame, ids in run.replaced.items()},
        }
        self._note(lambda: line)

    @Slot(object)
    def _on_job(self, job: PropagationJob) -> None:
        workspace = self._workspace
        if workspace is None:
            return
        self._arrived.clear()
        packed = {i: workspace.document.label_maps.pack(i) for i in job.references}

        def make() -> Line:
            inline = {}
            for index, label_map in job.references.items():
                own = PackedMap.of(label_map)
                if own != packed[index]:
                    inline[str(index)] = packed_to_json(own)
            return {
                "e": "job",
                "job": job.number,
                "direction": job.direction.value,
                "start": job.start,
                "first": job.first,
                "last": job.last,
                "known": {str(i): list(ids) for i, ids in job.known.items()},
                "both_sides": job.both_sides,
                "objects": None if job.object_ids is None else list(job.object_ids),
                "mode": job.mode,
                "references": sorted(job.references),
                "inline": inline,
            }

        self._note(make)

    @Slot(object)
    def _on_correction(self, correction: Correction) -> None:
        self._note(
            lambda: {
                "e": "correct",
                "job": correction.number,
                "frame": correction.index,
                "map": packed_to_json(PackedMap.of(correction.label_map)),
                "known": None if correction.known is None else list(correction.known),
            }
        )

    @Slot(object)
    def _on_result(self, message: JobResult) -> None:
        visit = (message.number, message.result.index, message.done, message.corrections)
        self._arrived.append(visit)

    def _on_run_changed(self, change: FrameChange) -> None:
        """A result went into the document: which visit of the worker it was, and those before."""
        visits = []
        number = 0
        while self._arrived:
            number, index, done, corrections = self._arrived.popleft()
            visits.append([done, corrections])
            if index == change.frame_index:
                break
        else:
            return
        packed = change.new_label_map

        def make() -> Line:
            line = {"e": "result", "job": number, "frame": change.frame_index, "visits": visits}
            if packed is not None:
                line["crc"] = zlib.crc32(packed.unpack().tobytes())
            return line

        self._note(make)

    def _on_run_over(self, kept: bool) -> None:
        if self._workspace is not None:
            line = {"e": "over", "kept": kept, "state": state_digest(self._workspace.document)}
            self._note(lambda: line)

    @Slot(object)
    def _on_network(self, info: BackendInfo) -> None:
        self._network = info
        self._note_network()

    def _note_network(self) -> None:
        info = self._network
        if info is not None and self._workspace is not None:
            line = {
                "e": "network",
                "model": info.model_name,
                "device": info.device_name,
                "dtype": info.dtype_name,
            }
            self._note(lambda: line)

    # --- writing ---------------------------------------------------------------------------

    def _note(self, make_line: _MakeLine) -> None:
        seconds = round(time.monotonic() - self._opened, 3)
        self._append(lambda: make_line() | {"t": seconds})

    def _append(self, make_line: _MakeLine) -> None:
        workspace = self._workspace
        if workspace is None or self._is_silent:
            return
        self._waiting.append(make_line)
        if self._log is None and workspace.project is not None:
            self._log = InteractionLog(workspace.project.folder / LOG_NAME)
        if self._log is not None:
            for waiting in self._waiting:
                self._log.append(waiting)
            self._waiting.clear()


def packed_to_json(packed: PackedMap) -> dict[str, Any]:
    """A packed label map as JSON; `annotator.controller.replay` reads it."""
    return {
        "box": list(packed.box),
        "data": base64.b64encode(packed.data).decode("ascii"),
    }


def _corrected(document: Document, change: ChangeSet, object_ids: list[int]) -> list[int]:
    """Objects of which a step changed pixels that the network had made."""
    rows = [document.cells.row(frame) for frame in change.label_maps]
    return [i for i in object_ids if any(row.state(i) is CellState.CORRECTED for row in rows)]


def _is_new(document: Document) -> bool:
    return not len(document.objects.records) and not document.cells.states.any()
