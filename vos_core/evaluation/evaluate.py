"""Judge results, or a method, on sequences with annotations."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from vos_core.evaluation.errors import EvaluationError
from vos_core.evaluation.measures import contour_accuracy, region_similarity
from vos_core.evaluation.perturbations import Perturbation
from vos_core.evaluation.propagate import Propagate, ReadFrame
from vos_core.evaluation.report import EvaluationReport, ObjectScore, SequenceScore
from vos_core.evaluation.trees import (
    AnnotatedSequence,
    read_annotations,
    read_result,
    sequence_names,
)
from vos_core.media import FrameSource, open_frames, write_label_map

Progress = Callable[[str, int, int], None]


def evaluate_sequences(
    frames: str | Path | None,
    annotations: str | Path,
    sequences: Sequence[str] | None = None,
    *,
    results: str | Path | None = None,
    propagate: Propagate | None = None,
    single_object: bool = False,
    perturbation: Perturbation | None = None,
    save_results: str | Path | None = None,
    progress: Progress | None = None,
) -> EvaluationReport:
    """Judge a results tree or a method by J and F of the DAVIS benchmark, semi-supervised.

    Each object is judged from the frame after the one that first shows it up to the last but one:
    the first frame is given and the benchmark drops the last. Objects are the ids of the
    annotations; other ids in results count as background. 255 in annotations is nobody's and counts
    as background.

    Args:
        frames: Folder with a sub-folder (or a video file named like it) for each sequence; needed
            with ``propagate``.
        annotations: Folder with a sub-folder of label maps for each sequence.
        sequences: Names to judge; all annotated ones when None.
        results: Folder of label maps to judge, named as the annotations. Give this or
            ``propagate``.
        propagate: Method to run and judge.
        single_object: Merge all labels above 0 into one object.
        perturbation: Applied to every frame that the method reads.
        save_results: Folder to write the method's label maps to, as a results tree.
        progress: Called with (sequence, frames done, frames in all).

    Raises:
        EvaluationError: Folders, names or sizes do not fit.
        MediaError: A frame or a label map cannot be read.
    """
    if (results is None) == (propagate is None):
        raise EvaluationError("give either results to judge or a model to run, not both")
    if propagate is not None and frames is None:
        raise EvaluationError("running a model needs the folder of frames")
    scores = []
    for name in sequence_names(annotations, sequences):
        sequence = read_annotations(annotations, name, single_object=single_object)
        seconds = None
        if propagate is None or frames is None:
            made = _results_of(results, sequence, single_object)
        else:
            runner = _Runner(propagate, perturbation, save_results, progress)
            made = runner.run(Path(frames), sequence)
            seconds = runner.seconds_per_frame
        scores.append(SequenceScore(name, score_objects(sequence, made), seconds))
    return EvaluationReport(tuple(scores))


def score_objects(
    sequence: AnnotatedSequence, results: dict[int, np.ndarray]
) -> tuple[ObjectScore, ...]:
    """Judge every object of a sequence.

    Args:
        sequence: Its annotations.
        results: Position of an annotated frame to uint8 [H, W]; each but the first and last is
            needed.

    Raises:
        EvaluationError: A result has another size than its annotation.
    """
    last = len(sequence.stems) - 1
    scores = []
    for object_id in sequence.object_ids:
        judged = range(sequence.first_seen[object_id] + 1, last)
        region, contour = [], []
        for position in judged:
            annotation, result = sequence.label_maps[position], results[position]
            if result.shape != annotation.shape:
                raise EvaluationError(
                    f"{sequence.name} {sequence.stems[position]}: the result is {result.shape}, "
                    f"the annotation {annotation.shape}; both must have the frame's size"
                )
            masks = result == object_id, annotation == object_id
            region.append(region_similarity(*masks))
            contour.append(contour_accuracy(*masks))
        if region:
            times = np.array(judged, dtype=np.float64) / last
            scores.append(ObjectScore(object_id, times, np.array(region), np.array(contour)))
    if not scores:
        raise EvaluationError(f"{sequence.name}: no object is seen before the last two frames")
    return tuple(scores)


def _results_of(
    results: str | Path | None, sequence: AnnotatedSequence, single_object: bool
) -> dict[int, np.ndarray]:
    if results is None:
        raise EvaluationError("there are no results to judge")
    return {
        position: read_result(results, sequence, position, single_object=single_object)
        for position in range(1, len(sequence.stems) - 1)
    }


class _Runner:
    """Runs a method on one sequence and keeps the label maps of the annotated frames."""

    def __init__(
        self,
        propagate: Propagate,
        perturbation: Perturbation | None,
        save_results: str | Path | None,
        progress: Progress | None,
    ) -> None:
        self._propagate = propagate
        self._perturbation = perturbation
        self._save = None if save_results is None else Path(save_results)
        self._progress = progress
        self.seconds_per_frame: float | None = None

    def run(self, frames: Path, sequence: AnnotatedSequence) -> dict[int, np.ndarray]:
        with open_frames(find_sequence(frames, sequence.name)) as source:
            names = list(source.names)
            missing = [stem for stem in sequence.stems if stem not in names]
            if missing:
                raise EvaluationError(
                    f"{source.path}: annotated frame {missing[0]} is not there; frames and "
                    "annotations must have the same names"
                )
            if (source.height, source.width) != sequence.label_maps[0].shape:
                raise EvaluationError(
                    f"{source.path}: frames are {source.width}x{source.height}, annotations "
                    f"{sequence.label_maps[0].shape[1]}x{sequence.label_maps[0].shape[0]}; they "
                    "must have one size"
                )
            return self._run(source, sequence, names)

    def _run(
        self, source: FrameSource, sequence: AnnotatedSequence, names: list[str]
    ) -> dict[int, np.ndarray]:
        start = names.index(sequence.stems[0])
        places = {names.index(stem) - start: at for at, stem in enumerate(sequence.stems)}
        frame_count = max(places) + 1
        references = _references(sequence, {at: index for index, at in places.items()})
        made = {places[index]: label_map for index, label_map in references.items()}
        for index, label_map in references.items():
            self._write(sequence.name, names[start + index], label_map)
        read = self._reader(source, sequence.name, start)
        began = time.perf_counter()
        done = 0
        for index, label_map in self._propagate(read, frame_count, references):
            done += 1
            self._write(sequence.name, names[start + index], label_map)
            if index in places:
                made[places[index]] = label_map
            if self._progress is not None:
                self._progress(sequence.name, done, frame_count - 1)
        self.seconds_per_frame = (time.perf_counter() - began) / max(1, done)
        unmade = [stem for at, stem in enumerate(sequence.stems) if at not in made]
        if unmade:
            raise EvaluationError(
                f"{sequence.name}: the method gave no result for frame {unmade[0]}"
            )
        return made

    def _write(self, name: str, stem: str, label_map: np.ndarray) -> None:
        if self._save is not None:
            write_label_map(self._save / name / f"{stem}.png", label_map)

    def _reader(self, source: FrameSource, name: str, start: int) -> ReadFrame:
        perturbation = self._perturbation

        def read(index: int) -> np.ndarray:
            frame = source.read(start + index)
            return frame if perturbation is None else perturbation.apply(frame, name, index)

        return read


def find_sequence(frames: Path, name: str) -> Path:
    """Find the frames of a sequence: a sub-folder, or a video file of that name.

    Raises:
        EvaluationError: Neither is there.
    """
    folder = frames / name
    if folder.is_dir():
        return folder
    videos = [path for path in sorted(frames.glob(f"{name}.*")) if path.is_file()]
    if not videos:
        raise EvaluationError(
            f"{folder}: no such folder of frames, nor a video {name}.mp4 beside it"
        )
    return videos[0]


def _references(sequence: AnnotatedSequence, index_of: dict[int, int]) -> dict[int, np.ndarray]:
    """Frame index to the label map given there: only objects that this frame shows first."""
    references: dict[int, np.ndarray] = {}
    for position in sorted(set(sequence.first_seen.values()) | {0}):
        new = [i for i, first in sequence.first_seen.items() if first == position]
        label_map = sequence.label_maps[position]
        references[index_of[position]] = np.where(np.isin(label_map, new), label_map, 0).astype(
            np.uint8
        )
    return references
