"""More random commands for the laws of the document: whole masks, imports, a run put back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from annotator.model import mask_edits
from annotator.model.cells import CellState
from annotator.model.commands import ChangeObject, SetCellState
from annotator.model.commands.imports import ImportedFrame, ImportMasks
from annotator.model.commands.masks import MaskRules as Rules
from annotator.model.commands.masks import ReplaceObjectMask
from annotator.model.comparison import FormerRun, RestoreFormer
from annotator.model.document import Document
from annotator.model.label_maps import PackedMap
from annotator.model.merging import ids_in
from annotator.model.objects import ObjectRecord

FRAMES, HEIGHT, WIDTH = 3, 7, 9

frames = st.integers(0, FRAMES - 1)
seeds = st.integers(0, 2**32 - 1)
EDITS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "grow": lambda mask: mask_edits.grow(mask, 1),
    "shrink": lambda mask: mask_edits.shrink(mask, 1),
    "smooth": lambda mask: mask_edits.smooth(mask, 1),
    "islands": lambda mask: mask_edits.without_islands(mask, 3),
    "holes": mask_edits.without_holes,
    "copy": lambda mask: mask,
}


class MaskAndImportRules(RuleBasedStateMachine):
    """Rules to be mixed into a machine that has ``document``, ``do`` and ``pick``."""

    document: Document
    former: FormerRun
    do: Callable[[Callable[[], object]], None]
    pick: Callable[[int], int]

    def has_objects(self) -> bool:
        return len(self.document.objects) > 0

    @precondition(has_objects)
    @rule(
        frame=frames, source=frames, seed=seeds, edit=st.sampled_from(sorted(EDITS)),
        protect=st.booleans(),
    )  # fmt: skip
    def edit_mask(self, frame: int, source: int, seed: int, edit: str, protect: bool) -> None:
        own, document = self.pick(seed), self.document
        mask = EDITS[edit](document.object_mask(source if edit == "copy" else frame, own))
        kept = self.others_kept(frame, own, protect=protect)
        self.do(
            lambda: ReplaceObjectMask.between(
                document.label_map(frame).copy(), frame, own, mask,
                Rules.of(document, frame, own, protect_others=protect), text=edit,
            )
        )  # fmt: skip
        for object_id, before in kept.items():
            assert np.array_equal(document.object_mask(frame, object_id), before)

    def others_kept(self, frame: int, own: int, *, protect: bool) -> dict[int, np.ndarray]:
        """Masks that an edit of an object must leave alone."""
        verified = self.document.cells.objects_in(frame, CellState.VERIFIED)
        kept = {*self.document.locked_ids(), *verified} - {own}
        if protect:
            kept |= set(self.document.objects.ids) - {own}
        return {i: self.document.object_mask(frame, i) for i in kept}

    @precondition(has_objects)
    @rule(
        seed=seeds, chosen=st.sets(frames, min_size=1),
        state=st.sampled_from([CellState.VERIFIED, CellState.PROPAGATED]),
        of=st.sets(st.sampled_from(list(CellState)), min_size=1), include_empty=st.booleans(),
        knows=st.booleans(),
    )  # fmt: skip
    def set_range(self, seed, chosen, state, of, include_empty, knows) -> None:  # type: ignore[no-untyped-def]
        """A range is verified, locked or given back."""
        document = self.document
        present = {f: ids_in(document.label_map(f)) for f in chosen} if knows else None
        self.do(
            lambda: SetCellState.prepare(
                document, chosen, [self.pick(seed)], state,
                of=of, include_empty=include_empty, present=present,
            )
        )  # fmt: skip

    @rule(
        chosen=st.sets(frames, min_size=1), seed=seeds, adds=st.booleans(), whole=st.booleans(),
        keeps=st.booleans(),
    )  # fmt: skip
    def import_masks(self, chosen, seed, adds, whole, keeps) -> None:  # type: ignore[no-untyped-def]
        document, rng = self.document, np.random.default_rng(seed)
        ids = list(document.objects.ids)
        records = []
        if adds and len(ids) < 6:
            records = [ObjectRecord(document.objects.next_id(), "from a file", colour=(1, 2, 3))]
            ids.append(records[0].object_id)
        imported = {}
        for frame in chosen:
            label_map = rng.choice([0, *ids], (HEIGHT, WIDTH)).astype(np.uint8)
            present = frozenset(ids_in(label_map))
            taken = None if whole else present
            imported[frame] = ImportedFrame(
                PackedMap.of(label_map), present, taken_ids=taken, keeps_person=keeps
            )
        self.do(lambda: ImportMasks.prepare(document, imported, records))

    @precondition(has_objects)
    @rule(chosen=st.sets(frames, min_size=1), seed=seeds)
    def put_back(self, chosen: set[int], seed: int) -> None:
        """What a run changed is put back for an object."""
        ids = [self.pick(seed)]
        self.do(lambda: RestoreFormer.prepare(self.document, self.former, chosen, ids))

    @precondition(has_objects)
    @rule(seed=seeds, text=st.text(max_size=5))
    def describe(self, seed: int, text: str) -> None:
        """Name, category, colour and visibility of an object."""
        record = self.document.objects[self.pick(seed)]
        changed = replace(
            record, name=text or "x", category=text[::-1], colour=(seed % 256, 0, 9),
            visible=not record.visible,
        )  # fmt: skip
        self.do(lambda: ChangeObject.prepare(self.document, changed))
