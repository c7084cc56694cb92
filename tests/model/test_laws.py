"""Laws of the document under random commands: undo, redo, protection, consistency."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from annotator.model.cells import CellState
from annotator.model.commands import (
    AddObject,
    ChangeObject,
    ChooseReference,
    ClearRange,
    MergeObjects,
    PaintStroke,
    RemoveObject,
    RenumberObjects,
    ReplaceLabelMap,
    SetBookmarks,
    SetCellState,
    SplitObject,
    SplitPlan,
    SwapObjects,
)
from annotator.model.comparison import FormerRun
from annotator.model.document import Document
from annotator.model.errors import LockedObjectError, ObjectError
from annotator.model.history import History
from annotator.model.label_maps import PackedMap
from annotator.model.painting import brush_segment, flood_fill
from annotator.model.references import ReferenceChoice
from annotator.model.run import PropagationRun
from tests.model.mask_rules import FRAMES, HEIGHT, WIDTH, MaskAndImportRules, frames, seeds
from tests.model.states import check_consistent, state_of

coordinates = st.tuples(st.floats(-3, WIDTH + 3), st.floats(-3, HEIGHT + 3))
radii = st.floats(0.3, 5)


class RandomEdits(MaskAndImportRules):
    """Random commands, undone and redone, against states remembered as bytes."""

    @initialize()
    def start(self) -> None:
        # Room for two plain maps only: the others go through compression all the time.
        self.document = Document(FRAMES, HEIGHT, WIDTH, plain_bytes=1)
        self.history = History(self.document)
        self.former = FormerRun()
        self.history.run_began.connect(lambda _run: self.former.begin())
        self.history.run_changed.connect(self.former.note)
        for _ in range(2):
            self.history.do(AddObject.prepare(self.document))
        self.history.clear()
        self.states = [state_of(self.document)]
        self.position = 0
        self.run: PropagationRun | None = None

    def pick(self, seed: int) -> int:
        ids = self.document.objects.ids
        return ids[seed % len(ids)]

    def note(self, done: bool) -> None:
        """Remember the state after a step that was done."""
        if done:
            self.note_step(state_of(self.document))

    def note_step(self, state: dict[str, object]) -> None:
        self.position += 1
        del self.states[self.position :]
        self.states.append(state)
        if self.run is not None:
            self.gathered = set()

    def note_command(self, before: dict[str, object], done: bool) -> None:
        """Remember a command; the results of an open run before it are a step of their own."""
        if done and self.run is not None and self.gathered:
            self.note_step(before)
        self.note(done)

    def do(self, prepare) -> None:
        try:
            command = prepare()
        except LockedObjectError:
            return
        before = state_of(self.document)
        self.note_command(before, self.history.do(command))

    def has_objects(self) -> bool:
        return len(self.document.objects) > 0

    @precondition(lambda self: len(self.document.objects) < 5)
    @rule()
    def add_object(self) -> None:
        self.do(lambda: AddObject.prepare(self.document))

    @precondition(lambda self: len(self.document.objects) > 1)
    @rule(seed=seeds)
    def remove_object(self, seed: int) -> None:
        self.do(lambda: RemoveObject.prepare(self.document, self.pick(seed)))

    @precondition(has_objects)
    @rule(seed=seeds, locked=st.booleans(), opacity=st.floats(0, 1))
    def change_object(self, seed: int, locked: bool, opacity: float) -> None:
        record = self.document.objects[self.pick(seed)]
        changed = replace(record, locked=locked, opacity=opacity)
        self.do(lambda: ChangeObject.prepare(self.document, changed))

    @precondition(has_objects)
    @rule(
        frame=frames, seed=seeds, start=coordinates, end=coordinates, radius=radii,
        protect=st.booleans(), erase=st.booleans(), shape=st.sampled_from(["round", "square"]),
    )  # fmt: skip
    def paint(self, frame, seed, start, end, radius, protect, erase, shape) -> None:
        patch = brush_segment(start, end, radius, shape=shape)
        value = 0 if erase else self.pick(seed)
        self.do(
            lambda: PaintStroke.prepare(self.document, frame, *patch, value, protect_others=protect)
        )

    @precondition(has_objects)
    @rule(
        frame=frames, seed=seeds, radius=radii,
        points=st.lists(coordinates, min_size=1, max_size=4), aborts=st.booleans(),
        erase=st.booleans(),
    )  # fmt: skip
    def drag(self, frame, seed, radius, points, aborts, erase) -> None:
        own = self.pick(seed)
        before = state_of(self.document)
        try:
            stroke = self.history.begin_stroke(
                frame, 0 if erase else own, erased_id=own if erase else None
            )
        except LockedObjectError:
            return
        for start, end in zip(points, points[1:] or points, strict=False):
            stroke.add(*brush_segment(start, end, radius))
        if aborts:
            stroke.abort()
            assert state_of(self.document) == before
        else:
            self.note_command(before, stroke.finish())

    @precondition(has_objects)
    @rule(frame=frames, seed=seeds, x=st.floats(0, WIDTH), y=st.floats(0, HEIGHT))
    def fill(self, frame: int, seed: int, x: float, y: float) -> None:
        patch = flood_fill(self.document.label_map(frame), x, y)
        self.do(lambda: PaintStroke.prepare(self.document, frame, *patch, self.pick(seed)))

    @rule(frame=frames, seed=seeds)
    def import_mask(self, frame: int, seed: int) -> None:
        values = [0, *self.document.objects.ids]
        label_map = np.random.default_rng(seed).choice(values, (HEIGHT, WIDTH)).astype(np.uint8)
        self.do(lambda: ReplaceLabelMap.prepare(self.document, frame, label_map))

    @precondition(has_objects)
    @rule(
        seed=seeds, chosen=st.sets(frames, min_size=1),
        state=st.sampled_from([s for s in CellState if s is not CellState.EMPTY]),
    )  # fmt: skip
    def set_state(self, seed: int, chosen: set[int], state: CellState) -> None:
        ids = [self.pick(seed)]
        self.do(lambda: SetCellState.prepare(self.document, sorted(chosen), ids, state))

    @precondition(has_objects)
    @rule(seeds=st.sets(seeds, min_size=1, max_size=3), chosen=st.sets(frames, min_size=1),
          keep=st.booleans())  # fmt: skip
    def clear_range(self, seeds: set[int], chosen: set[int], keep: bool) -> None:
        ids = {self.pick(seed) for seed in seeds}
        verified = {
            (f, i): self.document.object_mask(f, i).tobytes()
            for f in range(FRAMES)
            for i in self.document.cells.objects_in(f, CellState.VERIFIED)
        }
        self.do(lambda: ClearRange.prepare(self.document, sorted(chosen), ids, keep_verified=keep))
        if keep:
            for (f, i), mask in verified.items():
                assert self.document.object_mask(f, i).tobytes() == mask

    @precondition(lambda self: len(self.document.objects) > 1)
    @rule(seed=seeds, step=st.integers(1, 4))
    def merge(self, seed: int, step: int) -> None:
        source, target = self.pick(seed), self.pick(seed + step)
        if source != target:
            union = [
                self.document.object_mask(f, source) | self.document.object_mask(f, target)
                for f in range(FRAMES)
            ]
            self.do(lambda: MergeObjects.prepare(self.document, source, target))
            if source not in self.document.objects:
                for f in range(FRAMES):
                    assert np.array_equal(self.document.object_mask(f, target), union[f])

    @precondition(lambda self: len(self.document.objects) > 1)
    @rule(seed=seeds, step=st.integers(1, 4), chosen=st.none() | st.sets(frames, min_size=1),
          keep=st.booleans())  # fmt: skip
    def swap(self, seed: int, step: int, chosen: set[int] | None, keep: bool) -> None:
        first, second = self.pick(seed), self.pick(seed + step)
        if first != second:
            before = state_of(self.document)
            prepare = lambda: SwapObjects.prepare(  # noqa: E731
                self.document, chosen, first, second, keep_verified=keep
            )
            self.do(prepare)
            self.do(prepare)
            assert state_of(self.document) == before, "swapping twice changes nothing"

    @precondition(lambda self: self.run is None)
    @rule()
    def renumber(self) -> None:
        before = [self.document.object_mask(f, i) for f in range(FRAMES) for i in self.ids()]
        self.do(lambda: RenumberObjects.prepare(self.document))
        assert self.ids() == tuple(range(1, len(self.document.objects) + 1))
        after = [self.document.object_mask(f, i) for f in range(FRAMES) for i in self.ids()]
        assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))

    @precondition(has_objects)
    @rule(seed=seeds, frame=frames, chosen=st.sets(frames), keep=st.booleans())
    def split(self, seed: int, frame: int, chosen: set[int], keep: bool) -> None:
        own, document = self.pick(seed), self.document
        whole = [document.object_mask(f, own) for f in range(FRAMES)]
        try:
            plan = SplitPlan.of(document, own, frame, chosen, keep_verified=keep)
        except ObjectError:  # in one piece, or locked
            return
        self.do(lambda: SplitObject.prepare(document, plan, list(plan.work_out())))
        for f in range(FRAMES):
            pieces = np.isin(document.label_map(f), plan.ids)
            assert np.array_equal(pieces, whole[f]), "the pieces are the object, no pixel less"
        assert len(document.objects) > 1 and document.object_mask(frame, own).any()

    def ids(self) -> tuple[int, ...]:
        return self.document.objects.ids

    @rule(frame=frames, choice=st.sampled_from(list(ReferenceChoice)))
    def choose_reference(self, frame: int, choice: ReferenceChoice) -> None:
        self.do(lambda: ChooseReference.prepare(self.document, frame, choice))

    @rule(frame=frames)
    def toggle_bookmark(self, frame: int) -> None:
        was = frame in self.document.bookmarks
        self.do(lambda: SetBookmarks.toggle(self.document, frame))
        assert (frame in self.document.bookmarks) is not was

    @precondition(lambda self: self.run is None)
    @rule(overwrite=st.booleans(), only=st.booleans())
    def begin_run(self, overwrite: bool, only: bool) -> None:
        ids = self.document.objects.ids[:1] if only else None
        replaced = {index: self.ids() for index in range(FRAMES)} if overwrite else None
        self.run = self.history.begin_propagation(object_ids=ids, replaced=replaced)
        self.overwrites = overwrite
        self.gathered: set[int] = set()

    @precondition(lambda self: self.run is not None)
    @rule(results=st.lists(st.tuples(frames, seeds), min_size=1, max_size=5), packs=st.booleans())
    def take_results(self, results: list[tuple[int, int]], packs: bool) -> None:
        for frame, seed in results:
            self.take_result(frame, seed, packs)

    def take_result(self, frame: int, seed: int, packs: bool) -> None:
        rng = np.random.default_rng(seed)
        ids = self.document.objects.ids
        label_map = rng.choice([0, *ids, 77], (HEIGHT, WIDTH)).astype(np.uint8)
        reliability = rng.integers(0, 256, (HEIGHT, WIDTH), dtype=np.uint8)
        protected = self.protected_pixels(overwrite=self.overwrites)
        before = state_of(self.document)
        packed = PackedMap.of(label_map) if packs else None
        means = {i: float(rng.random()) for i in ids}
        changed = self.run.add(frame, label_map, reliability, means, packed_label_map=packed)
        assert self.protected_pixels(overwrite=self.overwrites) == protected
        assert changed == (state_of(self.document) != before)
        if changed:
            self.gathered.add(frame)  # a frame reached twice is one change of the same step

    @precondition(lambda self: self.run is not None)
    @rule(aborts=st.booleans())
    def end_run(self, aborts: bool) -> None:
        if aborts:
            self.run.abort()
            assert state_of(self.document) == self.states[self.position]
        else:
            assert self.run.close() == bool(self.gathered)
            self.note(bool(self.gathered))
        self.run = None

    def protected_pixels(self, *, overwrite: bool) -> dict[tuple[int, int], bytes]:
        states = [CellState.VERIFIED]
        if not overwrite:
            states += [CellState.DRAWN, CellState.CORRECTED]
        locked = self.document.locked_ids()
        return {
            (index, i): self.document.object_mask(index, i).tobytes()
            for index in range(FRAMES)
            for i in {*self.document.cells.objects_in(index, *states), *locked}
        }

    @precondition(lambda self: self.history.can_undo)
    @rule()
    def undo(self) -> None:
        self.history.undo()
        self.position -= 1
        assert state_of(self.document) == self.states[self.position]

    @precondition(lambda self: self.history.can_redo)
    @rule()
    def redo(self) -> None:
        self.history.redo()
        self.position += 1
        assert state_of(self.document) == self.states[self.position]

    @invariant()
    def is_consistent(self) -> None:
        check_consistent(self.document)
        assert self.history.can_undo == (self.position > 0 and self.run is None)

    def teardown(self) -> None:
        """Undo all restores every byte, redo all the end state."""
        if self.run is not None:
            self.end_run(aborts=False)
        while self.history.can_redo:
            self.redo()
        end = state_of(self.document)
        while self.history.can_undo:
            self.undo()
        assert state_of(self.document) == self.states[0]
        while self.history.can_redo:
            self.redo()
        assert state_of(self.document) == end


TestRandomEdits = RandomEdits.TestCase
TestRandomEdits.settings = settings(
    max_examples=40,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestRandomEdits.pytestmark = [pytest.mark.timeout(600)]  # time to find the smallest failure
