"""An object split into its connected pieces, in one frame or over a range."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from annotator.model.cells import UNKNOWN_RELIABILITY, CellState
from annotator.model.commands.exchange import CellBlock, Exchange, Table, frame_indices
from annotator.model.commands.identity import refuse_locked
from annotator.model.document import Document
from annotator.model.errors import FrameError, ObjectError
from annotator.model.merging import ids_in
from annotator.model.objects import MAX_OBJECT_ID, ObjectTable, display_colour
from annotator.model.packed_map import ByteMap, PackedMap
from annotator.model.splitting import SplitFrame, piece_count, split_frame, split_frames


@dataclass(frozen=True)
class SplitPlan:
    """A split before its pixels are worked out.

    Attributes:
        object_id: which object is split.
        at: frame in which a person saw its pieces.
        ids: ids of the pieces; the first is the object's own.
        first: label map of that frame, split.
        before: frames earlier than ``at`` to split too, the nearest first.
        after: later ones, the nearest first.
        stamps: number of each frame's last change (`ByteMapStore.stamp`).
    """

    object_id: int
    at: int
    ids: tuple[int, ...]
    first: ByteMap
    before: Mapping[int, PackedMap]
    after: Mapping[int, PackedMap]
    stamps: Mapping[int, int]

    @classmethod
    def of(
        cls,
        document: Document,
        object_id: int,
        at: int,
        frames: Iterable[int] = (),
        *,
        keep_verified: bool = True,
    ) -> SplitPlan:
        """Plan the split of an object by its pieces in one frame.

        Args:
            document: as it is now.
            object_id: which.
            at: frame whose pieces count.
            frames: other frames to split; those without the object are left out.
            keep_verified: so are those in which a person verified it.

        Raises:
            ObjectError: no such object, one piece only, or too few free ids.
            LockedObjectError: the object is locked.
            FrameError: no such frame.
        """
        record = document.objects[object_id]
        refuse_locked(record)
        label_map = document.label_map(at)
        count = piece_count(label_map, object_id)
        if count < 2:
            where = "is not there" if count == 0 else "is in one piece"
            raise ObjectError(f"{record.name} {where} in frame {at}: there is nothing to split")
        ids = (object_id, *_free_ids(document.objects, count - 1))
        indices = frame_indices(document, frames)
        states = document.cells.states[indices, object_id]
        taken = (states != CellState.EMPTY) & (indices != at)
        if keep_verified:
            taken &= states != CellState.VERIFIED
        packs = document.label_maps.stored_packs(indices[taken].tolist())
        return cls(
            object_id,
            at,
            ids,
            split_frame(label_map, object_id, list(ids[1:])),
            {frame: packs[frame] for frame in sorted(packs, reverse=True) if frame < at},
            {frame: packs[frame] for frame in sorted(packs) if frame > at},
            {frame: document.label_maps.stamp(frame) for frame in (at, *packs)},
        )

    @property
    def frame_count(self) -> int:
        """Frames to work out besides the first."""
        return len(self.before) + len(self.after)

    def work_out(self) -> Iterator[SplitFrame]:
        """Label maps afterwards, frame by frame; usable in any thread."""
        yield SplitFrame(self.at, PackedMap.of(self.first), frozenset(ids_in(self.first)))
        for frames in (self.after, self.before):
            yield from split_frames(self.first, self.object_id, self.ids, frames)


class SplitObject(Exchange):
    """Every piece of an object but the largest made an object of its own."""

    moves_identities = True

    @classmethod
    def prepare(
        cls, document: Document, plan: SplitPlan, results: Iterable[SplitFrame]
    ) -> SplitObject:
        """Plan the change of what `SplitPlan.work_out` gave.

        In the frame that the person saw, the pieces are corrected cells; in the others each has the
        state and the reliability that the object had.

        Args:
            document: as it is now.
            plan: made for its present state.
            results: what it gave.

        Raises:
            FrameError: the document changed since the plan was made.
            ObjectError: so did the object table.
        """
        if any(document.label_maps.stamp(f) != stamp for f, stamp in plan.stamps.items()):
            raise FrameError("the masks changed while the split was worked out; split again")
        record = document.objects[plan.object_id]
        if any(object_id in document.objects for object_id in plan.ids[1:]):
            raise ObjectError("the objects changed while the split was worked out; split again")
        refuse_locked(record)
        after = {result.frame_index: result for result in results}
        old_maps = document.label_maps.stored_packs(after)
        changed = sorted(f for f in after if f == plan.at or after[f].packed is not old_maps[f])
        frames, ids = np.array(changed, np.intp), np.array(plan.ids, np.intp)
        states, codes = np.zeros((2, len(frames), len(ids)), np.uint8)
        for row, frame in enumerate(changed):
            state = document.cells.state(frame, plan.object_id)
            code = int(document.cells.reliability_codes[frame, plan.object_id])
            if frame == plan.at:
                state, code = CellState.CORRECTED, UNKNOWN_RELIABILITY
            for column, object_id in enumerate(plan.ids):
                if object_id in after[frame].present:
                    states[row, column], codes[row, column] = state, code
                elif object_id == plan.object_id and state is not CellState.PROPAGATED:
                    states[row, column] = CellState.CORRECTED  # "it is not here", said by a person
        cells = CellBlock.between(document, frames, ids, states, codes)
        before = Table.of(document)
        place = document.objects.position(plan.object_id) + 1
        pieces = tuple(
            replace(record, object_id=i, name=f"{record.name} ({number})", colour=display_colour(i))
            for number, i in enumerate(plan.ids[1:], 2)
        )
        records = (*before.records[:place], *pieces, *before.records[place:])
        new = Table(records, max(before.highest_id, *plan.ids))
        return cls(
            f"split {record.name}",
            cells,
            {frame: old_maps[frame] for frame in changed},
            {frame: after[frame].packed for frame in changed},
            (before, new),
            plan.at,
        )


def _free_ids(objects: ObjectTable, count: int) -> list[int]:
    """So many ids for new objects: after the highest ever given, then the lowest that are free.

    Raises:
        ObjectError: there are fewer.
    """
    fresh = list(range(objects.highest_id + 1, MAX_OBJECT_ID + 1))
    free = fresh + [i for i in range(1, objects.highest_id + 1) if i not in objects]
    if len(free) < count:
        raise ObjectError(
            f"the mask has {count + 1} pieces, but only {len(free)} object ids are free"
        )
    return free[:count]
