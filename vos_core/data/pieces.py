"""Where sprites come from: cut-outs of single pictures and moving objects of video sequences."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vos_core.data.appearance import ColourChange
from vos_core.data.errors import ClipSpecError
from vos_core.data.layers import CutOut, cut_out
from vos_core.data.spec import ClipSpec
from vos_core.data.store import ImageStore, ObjectBox, StoredImage, StoredSequence

# Groups whose objects stand free often enough to be cut out whole, with their weights.
_CUT_OUT_GROUPS = (("coco482", 0.5), ("ccp_person", 0.2), ("horses", 0.2), ("human290", 0.1))
_MIN_CUT_OUT_SIDE = 28


@dataclass(frozen=True)
class SourceObject:
    """A source of sprites over time.

    Attributes:
        pictures: One picture per frame of the clip.
        object_id: Label of the object in them.
        is_moving: True for video, where the pictures differ.
    """

    pictures: list[StoredImage]
    object_id: int
    is_moving: bool

    def box(self, index: int) -> ObjectBox | None:
        """Box in one frame, None where the object is not to be seen."""
        for box in self.pictures[index].boxes:
            if box.object_id == self.object_id:
                return box
        return None

    def pieces(self, colour: ColourChange | None = None) -> list[CutOut | None]:
        """Cut the object from every frame; a still is cut once."""
        made: list[CutOut | None] = []
        for index, picture in enumerate(self.pictures):
            if made and not self.is_moving:
                made.append(made[0])
                continue
            box = self.box(index)
            piece = None
            if box is not None and min(box.height, box.width) > 1:
                edges = (box.top, box.left, box.bottom, box.right)
                piece = cut_out(picture.image, picture.label_map, self.object_id, edges)
                if colour is not None:
                    piece = CutOut(colour.apply(piece.rgba), piece.left, piece.top)
            made.append(piece)
        return made


class SourcePool:
    """Draws backdrops and sprite sources from a store."""

    def __init__(self, store: ImageStore, spec: ClipSpec) -> None:
        minimum = max(2, spec.frame_count - 1)
        self._sequences = [s for s in store.sequences.values() if len(s) >= minimum]
        self._groups = [
            (store.statics[g], w, g) for g, w in spec.static_groups if store.statics.get(g)
        ]
        self._cut_outs = [
            (whole, weight)
            for group, weight in _CUT_OUT_GROUPS
            if (whole := _whole_objects(store.statics.get(group, ())))
        ]
        needs_video = spec.video > 0 or spec.video_composite > 0
        if needs_video and not self._sequences:
            raise ClipSpecError(
                "The mix asks for video clips and the cache has no sequence that is long enough."
            )
        if (spec.static > 0 or spec.look_alikes > 0) and not self._groups:
            raise ClipSpecError(
                "The mix asks for moved pictures and the cache has none of the groups."
            )

    @property
    def has_video(self) -> bool:
        """True when there is at least one sequence."""
        return bool(self._sequences)

    def sequence(self, rng: np.random.Generator) -> StoredSequence:
        """Draw a sequence, all alike likely."""
        return self._sequences[int(rng.integers(0, len(self._sequences)))]

    def still(self, rng: np.random.Generator) -> tuple[StoredImage, str]:
        """Draw a single picture and the name of its group."""
        weights = np.array([weight for _, weight, _ in self._groups])
        pictures, _, group = self._groups[int(rng.choice(len(weights), p=weights / weights.sum()))]
        return pictures[int(rng.integers(0, len(pictures)))], group

    def still_object(self, rng: np.random.Generator, frame_count: int) -> SourceObject:
        """Draw a cut-out of a single picture."""
        if not self._cut_outs:
            return self.moving_object(rng, np.zeros(frame_count))
        weights = np.array([weight for _, weight in self._cut_outs])
        objects, _ = self._cut_outs[int(rng.choice(len(weights), p=weights / weights.sum()))]
        picture, object_id = objects[int(rng.integers(0, len(objects)))]
        return SourceObject([picture] * frame_count, object_id, is_moving=False)

    def moving_object(
        self, rng: np.random.Generator, times: np.ndarray, *, avoid: str | None = None
    ) -> SourceObject:
        """Draw the object of a sequence, played in step with ``times``.

        Args:
            rng: Source of randomness.
            times: float64 [T], frames relative to the previous frame.
            avoid: Name of a sequence not to take, when there is another.
        """
        sequence, start = self.lender(rng, avoid=avoid)
        return play(sequence, times, start)

    def lender(
        self, rng: np.random.Generator, *, avoid: str | None = None
    ) -> tuple[StoredSequence, int]:
        """Draw a sequence that lends its object, and the frame at which it starts.

        Args:
            rng: Source of randomness.
            avoid: Name of a sequence not to take, when there is another.
        """
        sequence = self.sequence(rng)
        for _ in range(4):
            if sequence.name != avoid:
                break
            sequence = self.sequence(rng)
        return sequence, int(rng.integers(0, len(sequence)))


def play(sequence: StoredSequence, times: np.ndarray, start: int) -> SourceObject:
    """Take the first object of a sequence at ``start + times``, turning round at its ends."""
    last = len(sequence) - 1
    steps = np.rint(times).astype(int) + start
    period = max(1, 2 * last)
    folded = np.abs((steps + last) % period - last) if last else np.zeros_like(steps)
    return SourceObject([sequence.frames[int(i)] for i in folded], 1, is_moving=True)


def _whole_objects(pictures: tuple[StoredImage, ...]) -> list[tuple[StoredImage, int]]:
    """Objects that are large enough and not cut by the edge of their picture."""
    found = []
    for picture in pictures:
        for box in picture.boxes:
            large = min(box.height, box.width) >= _MIN_CUT_OUT_SIDE and box.area >= 900
            filled = box.area >= 0.25 * box.height * box.width
            if large and filled and not box.touches_border(picture.height, picture.width):
                found.append((picture, box.object_id))
    return found
