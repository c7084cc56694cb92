"""What a person does with a part of the timeline: some objects over some frames."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace

from PySide6.QtCore import QObject, QPoint, Qt, Signal, Slot
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QMenu

from annotator.controller.big_commands import BigCommands
from annotator.controller.editor import Editor
from annotator.controller.identity_controller import IdentityController
from annotator.model.cells import FILLED_STATES, CellState
from annotator.model.commands import SetCellState
from annotator.model.commands.identity import verified_frames
from annotator.model.merging import ids_in
from annotator.views.main_window import MainWindow
from annotator.views.questions import ObjectChooser
from annotator.views.timeline.selection import RangeSelection

_NEEDS_SELECTION = (
    "range.all_objects",
    "range.none",
    "range.verify",
    "range.unverify",
    "range.lock",
    "range.propagate",
    "range.swap",
    "range.split",
    "range.delete",
)
_MENU = (
    "range.verify",
    "range.unverify",
    "range.lock",
    None,
    "range.propagate",
    "range.swap",
    "range.split",
    None,
    "range.delete",
    None,
    "range.all_objects",
    "range.none",
)


class RangeController(QObject):
    """The actions of the range menu.

    Args:
        editor: What is open.
        window: Where it is asked for.
        commands: Does what concerns many frames.
        identity: Knows how objects are cleared, swapped and split.
    """

    propagation_wanted = Signal(int, int, tuple)
    """First frame, last frame, object ids: carry these objects anew through these frames."""

    def __init__(
        self,
        editor: Editor,
        window: MainWindow,
        commands: BigCommands,
        identity: IdentityController,
    ) -> None:
        super().__init__(window)
        self._editor = editor
        self._window = window
        self._commands = commands
        self._identity = identity
        self._timeline = window.timeline
        handlers: dict[str, Callable[[], object]] = {
            "range.start": self._start_here,
            "range.end": self._end_here,
            "range.all_objects": self._all_objects,
            "range.all_frames": self._all_frames,
            "range.none": self._nothing,
            "range.verify": self._verify,
            "range.unverify": self._unverify,
            "range.lock": self._lock,
            "range.propagate": self._propagate,
            "range.swap": self._swap,
            "range.split": self._split,
            "range.delete": self._delete,
        }
        for name, handler in handlers.items():
            window.actions_table[name].triggered.connect(handler)
        window.timeline.selection_changed.connect(self._on_selection)
        window.timeline.menu_requested.connect(self._show_menu)
        editor.active_object_changed.connect(self._on_active)
        self._on_selection(None)
        self._on_active(editor.active_object)

    @property
    def selection(self) -> RangeSelection | None:
        """What is chosen on the timeline."""
        return self._timeline.selection

    # --- choosing --------------------------------------------------------------------------

    def _choose_from(self, first: int, last: int) -> None:
        active, chosen = self._editor.active_object, self.selection
        if active is None:
            return
        ids = chosen.object_ids if chosen is not None else (active,)
        self._timeline.choose_range(RangeSelection(ids, first, last))

    @Slot()
    def _start_here(self) -> None:
        here, chosen = self._editor.frame, self.selection
        self._choose_from(here, max(here, chosen.last) if chosen is not None else here)

    @Slot()
    def _end_here(self) -> None:
        here, chosen = self._editor.frame, self.selection
        self._choose_from(min(here, chosen.first) if chosen is not None else here, here)

    @Slot()
    def _all_objects(self) -> None:
        chosen, document = self.selection, self._editor.document
        if chosen is not None and document is not None:
            self._timeline.choose_range(replace(chosen, object_ids=document.objects.ids))

    @Slot()
    def _all_frames(self) -> None:
        document = self._editor.document
        if document is not None:
            self._choose_from(0, document.frame_count - 1)

    @Slot()
    def _nothing(self) -> None:
        self._timeline.choose_range(None)

    @Slot(object)
    def _on_selection(self, selection: RangeSelection | None) -> None:
        actions = self._window.actions_table
        for name in _NEEDS_SELECTION:
            actions[name].setEnabled(selection is not None)
        self._window.range_label.setText(self._describe(selection))

    def _describe(self, selection: RangeSelection | None) -> str:
        if selection is None:
            return ""
        count, objects = len(selection.frames), len(selection.object_ids)
        frames = "1 frame" if count == 1 else f"{count} frames"
        return f"{objects} {'object' if objects == 1 else 'objects'} x {frames}"

    @Slot(object)
    def _on_active(self, object_id: int | None) -> None:
        for name in ("range.start", "range.end", "range.all_frames"):
            self._window.actions_table[name].setEnabled(object_id is not None)

    @Slot(QPoint)
    def _show_menu(self, place: QPoint) -> None:
        menu = QMenu(self._window)
        menu.setObjectName("rangeMenu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for name in _MENU:
            if name is None:
                menu.addSeparator()
            else:
                menu.addAction(self._window.actions_table[name])
        menu.popup(place)

    # --- doing -----------------------------------------------------------------------------

    def _set_states(
        self,
        chosen: RangeSelection,
        state: CellState,
        text: str,
        *,
        of: Collection[CellState] = FILLED_STATES,
        include_empty: bool = False,
        present: Mapping[int, Collection[int]] | None = None,
    ) -> None:
        self._commands.try_command(
            lambda document: SetCellState.prepare(
                document,
                chosen.frames,
                chosen.object_ids,
                state,
                of=of,
                include_empty=include_empty,
                text=text,
                present=present,
                at=self._editor.frame if self._editor.frame in chosen.frames else None,
            ),
            f"Done in frames {chosen.first} to {chosen.last}: {text}.",
        )

    @Slot()
    def _verify(self) -> None:
        if self.selection is not None:
            self._set_states(self.selection, CellState.VERIFIED, "verify range")

    @Slot()
    def _lock(self) -> None:
        if self.selection is not None:
            self._set_states(self.selection, CellState.VERIFIED, "lock range", include_empty=True)

    @Slot()
    def _unverify(self) -> None:
        """Which verified cells hold a mask must be looked up in the masks: in the thread."""
        chosen, document = self.selection, self._editor.document
        if chosen is None or document is None:
            return
        frames = verified_frames(document, chosen.object_ids, chosen.frames)
        packs = document.label_maps.stored_packs(frames)

        def look() -> Iterator[tuple[int, set[int]]]:
            for frame, packed in packs.items():
                yield frame, ids_in(packed.unpack())

        def finish(found: list[object]) -> None:
            present: dict[int, Collection[int]] = dict(found)  # type: ignore[arg-type]
            text = "take back verification"
            verified = (CellState.VERIFIED,)
            self._set_states(chosen, CellState.PROPAGATED, text, of=verified, present=present)

        self._commands.work("Looking through masks …", look, len(packs), finish)

    @Slot()
    def _propagate(self) -> None:
        chosen = self.selection
        if chosen is not None:
            self.propagation_wanted.emit(chosen.first, chosen.last, chosen.object_ids)

    @Slot()
    def _swap(self) -> None:
        chosen, document = self.selection, self._editor.document
        if chosen is None or document is None:
            return
        if len(chosen.object_ids) == 2:
            first, second = chosen.object_ids
            self._identity.swap(first, second, chosen.frames)
            return
        if len(chosen.object_ids) > 2:
            self._editor.warn("Select one or two objects to swap; more cannot be exchanged.")
            return
        (own,) = chosen.object_ids
        if len(document.objects) < 2:
            self._editor.warn("There is no other object to swap with.")
            return
        title = f"Swap {document.objects[own].name} with"
        chooser = ObjectChooser(title, document.objects.records, self._window, leave_out=own)
        chooser.chosen.connect(lambda other: self._identity.swap(own, other, chosen.frames))
        chooser.open_at(QCursor.pos())

    @Slot()
    def _split(self) -> None:
        chosen = self.selection
        if chosen is None:
            return
        if len(chosen.object_ids) > 1:
            self._editor.warn("Select one object to split.")
            return
        self._identity.split(chosen.object_ids[0], chosen.frames)

    @Slot()
    def _delete(self) -> None:
        chosen = self.selection
        if chosen is not None:
            self._identity.clear(chosen.object_ids, chosen.frames)
