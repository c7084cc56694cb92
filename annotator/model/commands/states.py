"""Verification over a range of frames."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import numpy as np

from annotator.model.cells import CellState
from annotator.model.commands.exchange import CellBlock, Exchange, frame_indices
from annotator.model.document import Document
from annotator.model.errors import FrameError


class SetStates(Exchange):
    """Cells of some objects in many frames set to a state by a person."""

    @classmethod
    def prepare(
        cls,
        document: Document,
        frames: Iterable[int],
        object_ids: Iterable[int],
        state: CellState,
        *,
        include_empty: bool = False,
        text: str = "",
        present: Mapping[int, Collection[int]] | None = None,
        at: int | None = None,
    ) -> SetStates:
        """Plan a change of state; pixels stay as they are.

        Args:
            document: as it is now.
            frames: frames.
            object_ids: objects.
            state: VERIFIED, or PROPAGATED to take verification back: then only verified cells
                change, and verified cells in which nothing is become empty again.
            include_empty: with VERIFIED, also say of empty cells that the object is rightly not
                there, so that no propagation puts it there.
            text: for the menu.
            present: ids that occur in each frame with a verified cell; found out here when None.
            at: frame to show when it is undone; the first changed one when None.

        Raises:
            ObjectError: an id that is not in the table.
            FrameError: no such frame, or another state.
        """
        if state not in (CellState.VERIFIED, CellState.PROPAGATED):
            raise FrameError(f"a range is verified or given back, not made {state.name.lower()}")
        names = [document.objects[object_id].object_id for object_id in object_ids]
        indices, ids = frame_indices(document, frames), np.array(sorted(set(names)), np.intp)
        block = np.ix_(indices, ids)
        states = document.cells.states[block]
        codes = document.cells.reliability_codes[block]
        if state is CellState.VERIFIED:
            states[(states != CellState.EMPTY) | include_empty] = CellState.VERIFIED
        else:
            for row, column in np.argwhere(states == CellState.VERIFIED).tolist():
                frame, object_id = int(indices[row]), int(ids[column])
                if present is None:
                    there = bool(document.object_mask(frame, object_id).any())
                else:
                    there = object_id in present.get(frame, ())
                states[row, column] = CellState.PROPAGATED if there else CellState.EMPTY
        cells = CellBlock.between(document, indices, ids, states, codes)
        return cls(text or f"mark as {state.name.lower()}", cells, {}, {}, frame_index=at)
