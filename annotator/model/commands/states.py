"""What a person says of cells: verified, taken back, given up."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import numpy as np

from annotator.model.cells import FILLED_STATES, CellState
from annotator.model.commands.exchange import CellBlock, Exchange, frame_indices
from annotator.model.document import Document
from annotator.model.errors import FrameError
from annotator.model.merging import ids_in

_NEED_PIXELS = (CellState.DRAWN, CellState.PROPAGATED)


class SetCellState(Exchange):
    """Cells of some objects in some frames set to a state by a person."""

    @classmethod
    def prepare(
        cls,
        document: Document,
        frames: Iterable[int],
        object_ids: Iterable[int],
        state: CellState,
        *,
        of: Collection[CellState] = FILLED_STATES,
        include_empty: bool = False,
        present: Mapping[int, Collection[int]] | None = None,
        text: str = "",
        at: int | None = None,
    ) -> SetCellState:
        """Plan a change of state; pixels stay as they are.

        Args:
            document: as it is now.
            frames: frames.
            object_ids: objects.
            state: any but EMPTY (`ClearRange` empties cells). DRAWN and PROPAGATED claim that there
                are pixels: cells without any become EMPTY instead.
            of: only cells that have one of these states change.
            include_empty: with VERIFIED or CORRECTED, also say of empty cells that the object is
                rightly not there, so that no propagation puts it there.
            present: ids that occur in each frame, so far as DRAWN or PROPAGATED asks for it; found
                out here when None.
            text: for the menu.
            at: frame to show when it is undone; the first changed one when None.

        Raises:
            ObjectError: an id that is not in the table.
            FrameError: EMPTY asked for, or no such frame.
        """
        if state is CellState.EMPTY:
            raise FrameError("a cell is emptied by clearing its pixels, not by its state")
        names = [document.objects[object_id].object_id for object_id in object_ids]
        indices, ids = frame_indices(document, frames), np.array(sorted(set(names)), np.intp)
        block = np.ix_(indices, ids)
        states = document.cells.states[block]
        codes = document.cells.reliability_codes[block]
        chosen = np.isin(states, list(of))
        if state not in _NEED_PIXELS:
            if include_empty:
                chosen |= states == CellState.EMPTY
            states[chosen] = state
        else:
            for row in np.flatnonzero(chosen.any(axis=1)).tolist():
                frame = int(indices[row])
                there = (
                    ids_in(document.label_map(frame)) if present is None else present.get(frame, ())
                )
                filled = np.isin(ids, list(there))
                states[row] = np.where(
                    chosen[row], np.where(filled, state, CellState.EMPTY), states[row]
                )
        cells = CellBlock.between(document, indices, ids, states, codes)
        return cls(text or f"mark as {state.name.lower()}", cells, {}, {}, frame_index=at)
