"""Which object masks belong to: merging, splitting, swapping, clearing, renumbering, deleting."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QCursor

from annotator.controller.big_commands import BigCommands
from annotator.controller.editor import Editor
from annotator.model.commands import (
    ClearRange,
    MergeObjects,
    RemoveObject,
    RenumberObjects,
    SplitObject,
    SplitPlan,
    SwapObjects,
)
from annotator.model.errors import ModelError
from annotator.views.main_window import MainWindow
from annotator.views.questions import ObjectChooser


class IdentityController(QObject):
    """The actions of the object menu that concern more than a record.

    Args:
        editor: What is open.
        window: Where it is asked for.
        commands: Does what concerns many frames.
    """

    def __init__(self, editor: Editor, window: MainWindow, commands: BigCommands) -> None:
        super().__init__(window)
        self._editor = editor
        self._window = window
        self._commands = commands
        handlers: dict[str, Callable[[], object]] = {
            "object.merge": self._ask_merge,
            "object.swap_on": self._ask_swap,
            "object.split": self._split_here,
            "object.split_on": self._split_on,
            "object.clear_frame": self._clear_frame,
            "object.clear_on": self._clear_on,
            "object.renumber": self.renumber,
            "object.delete": self._delete,
        }
        for name, handler in handlers.items():
            window.actions_table[name].triggered.connect(handler)

    # --- for actions and the timeline ------------------------------------------------------

    def merge(self, object_id: int, into: int) -> None:
        """Give every pixel of one object to another, in every frame."""
        document = self._editor.document
        if document is None:
            return
        names = self._names((object_id, into))
        frames = document.cells.frames_of(object_id)

        def go_on(_keep: bool) -> None:
            self._commands.do(
                lambda d: MergeObjects.prepare(d, object_id, into, at=self._jump(frames)),
                frames,
                done=f"Merged {names[0]} into {names[1]}; [edit.undo] takes it back.",
            )
            if object_id not in document.objects and into in document.objects:
                self._editor.choose_object(into)

        doing = f"Merging {names[0]} into {names[1]}"
        self._commands.ask(doing, frames, (object_id, into), go_on, can_keep=False)

    def swap(self, first_id: int, second_id: int, frames: Sequence[int]) -> None:
        """Exchange two objects over a range of frames."""
        names = self._names((first_id, second_id))

        def go_on(keep: bool) -> None:
            self._commands.do(
                lambda d: SwapObjects.prepare(
                    d, frames, first_id, second_id, keep_verified=keep, at=self._jump(frames)
                ),
                frames,
                done=f"Swapped {names[0]} and {names[1]} in {_span(frames)}.",
            )

        doing = f"Swapping {names[0]} and {names[1]}"
        self._commands.ask(doing, frames, (first_id, second_id), go_on)

    def clear(self, object_ids: Sequence[int], frames: Sequence[int]) -> None:
        """Take objects out of a range of frames."""
        names = ", ".join(self._names(object_ids))

        def go_on(keep: bool) -> None:
            self._commands.do(
                lambda d: ClearRange.prepare(
                    d, frames, object_ids, keep_verified=keep, at=self._jump(frames)
                ),
                frames,
                done=f"Cleared {names} in {_span(frames)}.",
            )

        self._commands.ask(f"Clearing {names}", frames, object_ids, go_on)

    def split(self, object_id: int, frames: Iterable[int]) -> None:
        """Split an object by its pieces in the frame in view, and through other frames."""
        document, at = self._editor.document, self._editor.shown_frame
        if document is None or at is None:
            return
        others = [frame for frame in frames if frame != at]
        (name,) = self._names((object_id,))

        def go_on(keep: bool) -> None:
            try:
                plan = SplitPlan.of(document, object_id, at, others, keep_verified=keep)
            except ModelError as error:
                self._editor.warn(str(error))
                return
            self._work_out(plan, name)

        def check(_keep: bool) -> None:
            self._commands.ask(f"Splitting {name}", others, (object_id,), go_on)

        self._commands.ask(f"Splitting {name}", (at,), (object_id,), check, can_keep=False)

    def _work_out(self, plan: SplitPlan, name: str) -> None:
        done = f"Split {name} into {len(plan.ids)} objects; [edit.undo] takes it back."

        def finish(results: list[object]) -> None:
            self._commands.try_command(
                lambda d: SplitObject.prepare(d, plan, results),  # type: ignore[arg-type]
                done,
            )

        if plan.frame_count == 0:
            finish(list(plan.work_out()))
        else:
            text = f"Splitting {name} …"
            self._commands.work(text, plan.work_out, plan.frame_count + 1, finish)

    @Slot()
    def renumber(self) -> None:
        """Give the objects the ids 1..N."""
        active = self._editor.active_record
        document = self._editor.document
        place = document.objects.position(active.object_id) if document and active else None
        self._commands.do(
            lambda d: RenumberObjects.prepare(d, at=self._here),
            None,
            done="The objects have the ids 1 to N in the order of the list.",
        )
        if document is not None and place is not None and not self._commands.is_busy:
            self._editor.choose_object(document.objects.ids[place])

    # --- actions ---------------------------------------------------------------------------

    @property
    def _here(self) -> int:
        return self._editor.frame

    def _jump(self, frames: Sequence[int]) -> int | None:
        """Frame to show when the change is undone: the one in view if it is among those changed."""
        return self._here if self._here in frames else None

    def _names(self, object_ids: Iterable[int]) -> list[str]:
        document = self._editor.document
        return [document.objects[i].name for i in object_ids] if document is not None else []

    def _from_here_on(self) -> range:
        document = self._editor.document
        return range(self._here, document.frame_count) if document is not None else range(0)

    def _choose_other(self, title: str, then: Callable[[int], object]) -> None:
        document, active = self._editor.document, self._editor.active_record
        if document is None or active is None:
            return
        if len(document.objects) < 2:
            self._editor.warn("There is no other object; add one ([object.add]) first.")
            return
        chooser = ObjectChooser(
            title.format(active.name),
            document.objects.records,
            self._window,
            leave_out=active.object_id,
        )
        chooser.chosen.connect(then)
        over_window = self._window.frameGeometry().contains(QCursor.pos())
        middle = self._window.mapToGlobal(self._window.rect().center())
        chooser.open_at(QCursor.pos() if over_window else middle)

    @Slot()
    def _ask_merge(self) -> None:
        active = self._editor.active_object
        if active is not None:
            self._choose_other("Merge {} into", lambda other: self.merge(active, other))

    @Slot()
    def _ask_swap(self) -> None:
        active = self._editor.active_object
        if active is not None:
            frames = self._from_here_on()
            self._choose_other(
                f"From frame {self._here} on, swap {{}} with",
                lambda other: self.swap(active, other, frames),
            )

    @Slot()
    def _split_here(self) -> None:
        if self._editor.active_object is not None:
            self.split(self._editor.active_object, ())

    @Slot()
    def _split_on(self) -> None:
        if self._editor.active_object is not None:
            self.split(self._editor.active_object, self._from_here_on())

    @Slot()
    def _clear_frame(self) -> None:
        """One frame in view: what goes is seen, and undo brings it back. No question."""
        workspace, frame = self._editor.workspace, self._editor.shown_frame
        object_id = self._editor.active_object
        if workspace is None or object_id is None or frame is None:
            return
        try:
            workspace.history.do(ClearRange.prepare(workspace.document, [frame], [object_id]))
        except ModelError as error:
            self._editor.warn(str(error))

    @Slot()
    def _clear_on(self) -> None:
        if self._editor.active_object is not None:
            self.clear((self._editor.active_object,), self._from_here_on())

    @Slot()
    def _delete(self) -> None:
        document, object_id = self._editor.document, self._editor.active_object
        if document is None or object_id is None:
            return
        place = document.objects.position(object_id)
        (name,) = self._names((object_id,))

        def go_on(_keep: bool) -> None:
            frames = document.cells.frames_of(object_id)
            self._commands.do(
                lambda d: RemoveObject.prepare(d, object_id, at=self._jump(frames)),
                frames,
                done=f"Deleted {name} from every frame; [edit.undo] brings it back.",
            )
            ids = document.objects.ids
            if object_id not in ids:
                self._editor.choose_object(ids[min(place, len(ids) - 1)] if ids else None)

        self._commands.ask(f"Deleting {name}", None, (object_id,), go_on, can_keep=False)


def _span(frames: Sequence[int]) -> str:
    if not frames:
        return "no frame"
    first, last = frames[0], frames[-1]
    return f"frame {first}" if first == last else f"frames {first} to {last}"
