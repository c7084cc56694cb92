"""Makes the masks of a project again from its log, without a window."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from annotator.model.document import Document
from annotator.model.errors import ModelError
from annotator.model.geometry import Box
from annotator.model.history import History
from annotator.model.label_maps import PackedMap
from annotator.model.run import PropagationRun
from annotator.storage.effects import replay as write_effect
from annotator.storage.errors import ProjectFormatError
from annotator.storage.interaction_log import Line, record_from_json
from annotator.storage.recorded_step import RecordedStep
from annotator.worker.backend import Backend, RunningPropagation
from annotator.worker.jobs import Direction, NetworkChoice, PropagationJob

ReadFrame = Callable[[int], np.ndarray]


@dataclass
class ReplayReport:
    """How a replay went.

    Attributes:
        edits: Steps of a person.
        results: Frames that the network made.
        sessions: Times the project was opened.
        unlike: Frames whose result had other bytes than the one recorded.
        warnings: What may have made a difference.
    """

    edits: int = 0
    results: int = 0
    sessions: int = 0
    unlike: list[int] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


@dataclass
class _Job:
    """A job in hand: its run, corrections that wait, and how far it is."""

    running: RunningPropagation
    corrections: list[Line] = field(default_factory=list)
    taken: int = 0
    visits: int = 0


class Replay:
    """Plays a log on an empty document.

    Args:
        document: Without objects and masks, of the project's frames.
        frames_path: Where the frames are.
        read_frame: Frame index to uint8 [H, W, 3] RGB.
        backend: The network; loaded as the log says.
    """

    def __init__(
        self, document: Document, frames_path: Path, read_frame: ReadFrame, backend: Backend
    ) -> None:
        self.document = document
        self.report = ReplayReport()
        self._path, self._read_frame, self._backend = frames_path, read_frame, backend
        self._history = History(document, byte_limit=1 << 40)
        self._run: PropagationRun | None = None
        self._jobs: dict[int, _Job] = {}
        self._network = ""

    def play(self, lines: Iterable[Line]) -> ReplayReport:
        """Do everything that the log tells, in its order.

        Raises:
            ProjectFormatError: A line does not fit, or the log does not reach back to the start.
        """
        players = {
            "open": self._open,
            "network": self._load,
            "edit": self._edit,
            "undo": lambda _line: self._history.undo(),
            "redo": lambda _line: self._history.redo(),
            "run": self._begin_run,
            "job": self._begin_job,
            "correct": self._correct,
            "result": self._result,
            "over": self._end_run,
        }
        for number, line in enumerate(lines, start=1):
            player = players.get(line["e"])
            if player is None:
                raise ProjectFormatError(f"the log's line {number} is of a newer version")
            try:
                player(line)
            except (KeyError, TypeError, ValueError, ModelError, zlib.error) as error:
                raise ProjectFormatError(
                    f"the log's line {number} ({line['e']}) does not fit: {error!r}"
                ) from error
        self._close_jobs()
        return self.report

    def _open(self, line: Line) -> None:
        self._end_run({"kept": True})  # a session that was cut off
        self._history.clear()
        self.report.sessions += 1
        if "base" not in line:
            return
        if line["base"] is None:
            raise ProjectFormatError(
                "the log does not reach back: the project was changed by something else, and had "
                "too many masks to write down"
            )
        record = record_from_json(line["base"])
        blank = PackedMap.of(np.zeros((self.document.height, self.document.width), np.uint8))
        with self.document.editing() as editor:
            for frame in self.document.label_maps.stored_frames():
                editor.replace_label_map(frame, blank)
            write_effect(record, editor, {})

    def _load(self, line: Line) -> None:
        name = f"{line['model']} · {line['device']} · {line['dtype']}"
        if name == self._network:
            return
        device = str(line["device"]).partition(":")[0]
        info = self._backend.load(NetworkChoice(line["model"], device))
        self._network = name
        if info.text != name:
            self.report.warnings.append(
                f"the network runs as {info.text} here; it ran as {name} when the masks were made"
            )

    def _edit(self, line: Line) -> None:
        record = record_from_json(line["effect"])
        self._history.do(RecordedStep(self.document, record, line["text"]))
        self.report.edits += 1

    # --- runs ------------------------------------------------------------------------------

    def _begin_run(self, line: Line) -> None:
        self._run = self._history.begin_propagation(
            text=line["text"],
            object_ids=line["objects"],
            replaced={int(frame): ids for frame, ids in line.get("replaces", {}).items()},
        )

    def _begin_job(self, line: Line) -> None:
        self._close_jobs()
        inline = {int(i): self._map(values) for i, values in line["inline"].items()}
        references = {
            i: inline[i] if i in inline else self.document.label_map(i) for i in line["references"]
        }
        objects = line["objects"]
        job = PropagationJob(
            number=line["job"],
            frames_path=self._path,
            references=references,
            direction=Direction(line["direction"]),
            start=line["start"],
            first=line["first"],
            last=line["last"],
            known={int(i): tuple(ids) for i, ids in line["known"].items()},
            both_sides=line["both_sides"],
            object_ids=None if objects is None else tuple(objects),
            mode=line["mode"],
        )
        self._jobs[job.number] = _Job(self._backend.start(self._read_frame, job))

    def _correct(self, line: Line) -> None:
        job = self._jobs.get(line["job"])
        if job is not None:
            job.corrections.append(line)

    def _result(self, line: Line) -> None:
        job, run = self._jobs[line["job"]], self._run
        if run is None:
            raise ValueError("a result outside a run")
        result = None
        for visit, corrections in line["visits"]:
            while job.taken < corrections:
                taken = job.corrections[job.taken]
                known = taken["known"]
                job.running.correct(
                    taken["frame"],
                    self._map(taken["map"]),
                    None if known is None else tuple(known),
                )
                job.taken += 1
            while job.visits < visit:
                result = job.running.step()
                job.visits += 1
        if result is None or result.index != line["frame"]:
            raise ValueError(f"the network came to another frame than {line['frame']}")
        run.add(
            result.index,
            result.label_map,
            PackedMap.of(result.reliability_map),
            result.object_reliability,
            packed_label_map=PackedMap.of(result.label_map),
        )
        self.report.results += 1
        crc = zlib.crc32(self.document.label_map(result.index).tobytes())
        if crc != line.get("crc", crc):
            self.report.unlike.append(result.index)

    def _end_run(self, line: Line) -> None:
        run, self._run = self._run, None
        if run is not None:
            if line["kept"]:
                run.close()
            else:
                run.abort()
        self._close_jobs()

    def _close_jobs(self) -> None:
        for job in self._jobs.values():
            job.running.close()
        self._jobs.clear()

    def _map(self, values: Line) -> np.ndarray:
        size = (self.document.height, self.document.width)
        return PackedMap(*size, Box(*values["box"]), base64.b64decode(values["data"])).unpack()


def differing_frames(made: Document, kept: Document) -> list[int]:
    """Frames whose label maps or cells are not the same, byte for byte."""
    return [
        frame
        for frame in range(kept.frame_count)
        if not np.array_equal(made.label_map(frame), kept.label_map(frame))
        or made.cells.row(frame) != kept.cells.row(frame)
    ]
