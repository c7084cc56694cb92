"""The open step of a running propagation."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple, Protocol

from annotator.model.changes import ChangeSet
from annotator.model.commands.base import Command
from annotator.model.commands.frames import FrameChange
from annotator.model.commands.propagation import ApplyPropagation, plan_result
from annotator.model.document import Document
from annotator.model.editor import DocumentEditor
from annotator.model.errors import HistoryBusyError, HistoryError
from annotator.model.events import Event
from annotator.model.label_maps import ByteMap, PackedMap


class _Result(NamedTuple):
    """A result that waits."""

    frame_index: int
    label_map: ByteMap
    reliability_map: ByteMap | PackedMap | None
    object_reliability: Mapping[int, float]
    packed_label_map: PackedMap | None


class RunKeeper(Protocol):
    """What a run needs of the history."""

    changed: Event[[]]
    run_changed: Event[FrameChange]
    run_over: Event[bool]

    @property
    def has_stroke_in_hand(self) -> bool:
        """Whether a stroke is being painted."""

    def keep(self, command: Command) -> None:
        """Keep a step whose effect is in the document already."""

    def run_ended(self) -> None:
        """Hear that the run is over."""


class PropagationRun:
    """The open step of a running propagation. Made by `History.begin_propagation`.

    Frames are in the document as soon as they are added; `close` makes them one undo step, `abort`
    takes them back. What a person changes meanwhile is not replaced any more, whatever was said at
    the start.
    """

    def __init__(
        self,
        document: Document,
        history: RunKeeper,
        text: str,
        *,
        object_ids: Collection[int] | None,
        replaced: Mapping[int, Collection[int]] | None = None,
    ) -> None:
        self._document = document
        self._history = history
        self._text = text
        self._object_ids = None if object_ids is None else frozenset(object_ids)
        self._replaced = {frame: frozenset(ids) for frame, ids in (replaced or {}).items()}
        self._changes: dict[int, FrameChange] = {}
        self._held: list[_Result] = []
        self._is_open = True
        self._is_adding = False
        self._connection = document.changed.connect(self._on_changed)

    @property
    def object_ids(self) -> frozenset[int] | None:
        """Objects that are propagated; None for all."""
        return self._object_ids

    @property
    def replaced(self) -> Mapping[int, frozenset[int]]:
        """Frame to the objects whose drawn or corrected masks are replaced in it."""
        return self._replaced

    @property
    def text(self) -> str:
        """What it is, for the menu."""
        return self._text

    @property
    def is_open(self) -> bool:
        """Whether frames can still be added."""
        return self._is_open

    def add(
        self,
        frame_index: int,
        label_map: ByteMap,
        reliability_map: ByteMap | PackedMap | None = None,
        object_reliability: Mapping[int, float] | None = None,
        *,
        packed_label_map: PackedMap | None = None,
    ) -> bool:
        """Put one result into the document (see `plan_result`).

        While a stroke is in hand the result waits for its end. Maps that were packed outside the
        main thread (`PackedMap.of` in the worker) save it the compression.

        Returns:
            Whether the frame changed at once.

        Raises:
            HistoryError: the run is closed.
            FrameError: no such frame or a map of another size.
        """
        if not self._is_open:
            raise HistoryError("this propagation is closed")
        document = self._document
        document.label_maps.check_shape(label_map.shape)
        reliabilities = object_reliability or {}
        if self._history.has_stroke_in_hand:
            self._held.append(
                _Result(frame_index, label_map, reliability_map, reliabilities, packed_label_map)
            )
            return False
        change = plan_result(
            document,
            frame_index,
            label_map,
            reliability_map,
            reliabilities,
            object_ids=self._object_ids,
            replaced_ids=self._replaced.get(frame_index, ()),
            packed_label_map=packed_label_map,
        )
        if change.is_empty:
            return False
        with self._writing() as editor:
            change.write(editor, new=True)
            before = self._changes.get(frame_index)
            self._changes[frame_index] = change if before is None else _joined(before, change)
        self._history.run_changed.emit(change)
        return True

    @contextmanager
    def _writing(self) -> Iterator[DocumentEditor]:
        """Change the document, as the run and not as a person."""
        self._is_adding = True
        try:
            with self._document.editing() as editor:
                yield editor
        finally:
            self._is_adding = False

    def _on_changed(self, change: ChangeSet) -> None:
        """A person changed frames: what was said of their masks does not hold for the new ones."""
        if not self._is_adding:
            for frame in change.label_maps.keys() | change.cells:
                self._replaced.pop(frame, None)

    def close(self) -> bool:
        """End the run: what was added becomes one undo step. False when nothing was.

        Closing twice does no harm.

        Raises:
            HistoryBusyError: a stroke is in hand and results wait for it.
        """
        if not self._is_open:
            return False
        if self._held:
            raise HistoryBusyError("a stroke is being painted; finish or abort it first")
        self._is_open = False
        self._connection.disconnect()
        self._history.run_ended()
        kept = self.split()
        self._history.changed.emit()
        self._history.run_over.emit(True)
        return kept

    def abort(self) -> None:
        """End the run and take back what was added since the last step."""
        if not self._is_open:
            return
        self._is_open = False
        self._connection.disconnect()
        self._held.clear()
        self._history.run_ended()
        with self._writing() as editor:
            for change in reversed(self._changes.values()):
                change.write(editor, new=False)
            self._changes.clear()
        self._history.changed.emit()
        self._history.run_over.emit(False)

    def split(self) -> bool:
        """Make what was gathered so far a step of its own (used before another command is done)."""
        if not self._changes:
            return False
        step = ApplyPropagation.prepare(self._changes.values(), text=self._text)
        self._changes.clear()
        self._history.keep(step)
        return True

    def take_up_held(self) -> None:
        """Add the results that waited for the end of a stroke."""
        held, self._held = self._held, []
        for result in held:
            self.add(
                result.frame_index,
                result.label_map,
                result.reliability_map,
                result.object_reliability,
                packed_label_map=result.packed_label_map,
            )


def _joined(first: FrameChange, second: FrameChange) -> FrameChange:
    """The change of a frame that a run reached twice: from before the first to after the second."""

    def old(before: PackedMap | None, between: PackedMap | None) -> PackedMap | None:
        return between if before is None else before

    def new(between: PackedMap | None, after: PackedMap | None) -> PackedMap | None:
        return between if after is None else after

    return FrameChange(
        first.frame_index,
        first.old_cells,
        second.new_cells,
        old(first.old_label_map, second.old_label_map),
        new(first.new_label_map, second.new_label_map),
        old(first.old_reliability_map, second.old_reliability_map),
        new(first.new_reliability_map, second.new_reliability_map),
    )
