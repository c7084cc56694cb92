"""Propagations of the correction study: runs that are corrected on their way, kept in a file.

A correction is given to the open run, as the window does: what came by way of the corrected frame
is visited anew, up to the references beside it, and fused with the other side; everything else
stays as it is.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from vos_core.evaluation.measures import contour_accuracy, region_similarity
from vos_core.inference import (
    FrameResult,
    Propagator,
    PropagatorOptions,
    TwoSidedPropagation,
    Wish,
)
from vos_core.media import open_frames, read_label_map


class OutOfTimeError(Exception):
    """The minutes are over; the cache has what was done."""


@dataclass(frozen=True)
class FrameScore:
    """What is known of one segmented frame and object.

    Attributes:
        jf: J&F in [0, 1] against the annotation.
        reliability: Mean over the object's pixels, as the application stores it.
        area: Share of the frame that the object covers.
        doubt: Sum over the frame of 1 - reliability, as a share of the object's pixels.
    """

    jf: float
    reliability: float
    area: float
    doubt: float


Scores = dict[int, dict[int, FrameScore]]
"""Frame to object to score."""


class FeatureKeeper:
    """A network that remembers the features of every frame it has seen."""

    def __init__(self, network: Any) -> None:
        self._network = network
        self._features: dict[tuple[float, ...], Any] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._network, name)

    def encode(self, images: Any) -> Any:
        """Features of a frame, from memory when it was seen before."""
        key = (float(images.double().sum()), float(images[..., ::7, ::5].double().square().sum()))
        if key not in self._features:
            self._features[key] = self._network.encode(images)
        return self._features[key]

    def forget(self) -> None:
        """Drop all features."""
        self._features.clear()


class AnnotatedSequence:
    """One annotated sequence of a DAVIS tree, of which every ``step``-th frame is used."""

    def __init__(self, root: Path, name: str, step: int, options: PropagatorOptions) -> None:
        self.name = name
        with open_frames(root / "JPEGImages" / "480p" / name) as frames:
            self.frames = [frames.read(index) for index in range(0, frames.frame_count, step)]
        paths = sorted((root / "Annotations" / "480p" / name).glob("*.png"))
        self.truth = [read_label_map(path) for path in paths[::step]]
        self.ids = [int(i) for i in np.unique(self.truth[0]) if i not in (0, 255)]
        self.key = f"{name}/{step}/{options.short_edge}"
        self._options = options

    @property
    def count(self) -> int:
        """Number of frames T."""
        return len(self.frames)

    def start(self, propagator: Propagator) -> TwoSidedPropagation:
        """Begin a run through all frames from the annotation of the first."""
        return TwoSidedPropagation.start(
            propagator,
            self.frames.__getitem__,
            {0: self.truth[0]},
            Wish.of("both", 0, 0, self.count - 1, object_ids=self.ids),
            options=self._options,
        )

    def finish(self, run: TwoSidedPropagation) -> Scores:
        """Go on to the end of a run; scores of the frames that it answered."""
        newest = {}
        while (result := run.step()) is not None:
            newest[result.index] = result  # the fused one comes last
        return {index: self._score(result) for index, result in sorted(newest.items())}

    def _score(self, result: FrameResult) -> dict[int, FrameScore]:
        truth, uncertain = self.truth[result.index], 1 - result.reliability_map / 255.0
        found = {}
        for object_id in self.ids:
            mask, wanted = result.label_map == object_id, truth == object_id
            jf = (region_similarity(mask, wanted) + contour_accuracy(mask, wanted)) / 2
            found[object_id] = FrameScore(
                round(jf, 5),
                round(result.object_reliability.get(object_id, 0.0), 5),
                round(float(mask.mean()), 6),
                round(float(uncertain.sum()) / max(int(mask.sum()), 1), 5),
            )
        return found


@dataclass
class _OpenRun:
    """A run, what it was corrected by, and the scores of its frames."""

    key: str
    corrected: tuple[int, ...]
    run: TwoSidedPropagation
    scores: Scores


class ScoreCache:
    """Scores found so far, one JSON line for each sequence and corrections.

    Args:
        path: The file; made when missing.
        load: Loads the network when scores are not there.
        minutes: After so much processor time no further propagation is begun.
    """

    def __init__(self, path: Path, load: Callable[[], Propagator], minutes: float) -> None:
        self._path, self._load = path, load
        self._propagator: Propagator | None = None
        self._features: FeatureKeeper
        self._end = time.process_time() + 60 * minutes
        self._known: dict[str, Scores] = {}
        self._open: _OpenRun | None = None
        if path.is_file():
            for line in path.read_text(encoding="utf-8").splitlines():
                record = json.loads(line)
                self._known[record["key"]] = {
                    int(frame): {int(i): FrameScore(*values) for i, values in objects.items()}
                    for frame, objects in record["scores"].items()
                }

    def scores(self, sequence: AnnotatedSequence, corrected: Sequence[int]) -> Scores:
        """Scores of all frames but the references, after these corrections in this order.

        Args:
            sequence: Its frame 0 is the first reference.
            corrected: Frames that were corrected, first to last.

        Raises:
            OutOfTimeError: The minutes are over.
        """
        key = self._key(sequence, corrected)
        if key not in self._known:
            running = self._follow(sequence, tuple(corrected))
            self._keep(key, running.scores)
        return self._known[key]

    @staticmethod
    def _key(sequence: AnnotatedSequence, corrected: Sequence[int]) -> str:
        return f"{sequence.key}/{'-'.join(map(str, corrected))}"

    def _follow(self, sequence: AnnotatedSequence, corrected: tuple[int, ...]) -> _OpenRun:
        """The run in hand, or a new one, with these corrections."""
        running = self._open
        if (
            running is None
            or running.key != sequence.key
            or running.corrected != corrected[: len(running.corrected)]
        ):
            self._check_time()
            run = sequence.start(self._ready(sequence))
            running = self._open = _OpenRun(sequence.key, (), run, sequence.finish(run))
            self._keep(self._key(sequence, ()), running.scores)
        for frame in corrected[len(running.corrected) :]:
            self._check_time()
            running.run.correct(frame, sequence.truth[frame])
            running.scores = running.scores | sequence.finish(running.run)
            del running.scores[frame]
            running.corrected = (*running.corrected, frame)
        return running

    def _keep(self, key: str, scores: Scores) -> None:
        if key in self._known:
            return
        self._known[key] = scores
        record = {
            "key": key,
            "scores": {
                frame: {i: [s.jf, s.reliability, s.area, s.doubt] for i, s in objects.items()}
                for frame, objects in scores.items()
            },
        }
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")

    def _check_time(self) -> None:
        if time.process_time() > self._end:
            raise OutOfTimeError

    def _ready(self, sequence: AnnotatedSequence) -> Propagator:
        """The network, its features those of this sequence."""
        if self._propagator is None:
            self._propagator = self._load()
            self._features = FeatureKeeper(self._propagator.network)
            self._propagator.network = self._features
        if self._open is None or self._open.key != sequence.key:
            self._features.forget()
        return self._propagator
