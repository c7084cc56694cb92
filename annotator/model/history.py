"""Undo and redo over the whole project, bounded by bytes."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Mapping

from annotator.model.commands.base import Command
from annotator.model.commands.frames import FrameChange
from annotator.model.commands.paint import PaintStroke
from annotator.model.document import Document
from annotator.model.errors import HistoryBusyError, HistoryError
from annotator.model.events import Event
from annotator.model.run import PropagationRun
from annotator.model.stroke import StrokeInHand


class History:
    """Applies commands to a document and takes them back.

    While a stroke is in hand only that stroke changes the document: results of a run are held back
    until it ends. While a propagation is open, commands may still be done (a person corrects a
    frame); the frames gathered so far then become a step of their own before it, so that the order
    of steps stays the order of events. Undo and redo are refused until the run is closed.

    Args:
        document: what is edited.
        byte_limit: memory for the steps, in bytes. The oldest go first; the last one always stays.

    Attributes:
        changed: event, after anything about undo and redo changed.
        command_done: event (Command), after a person's command was applied.
        step_undone: event, after `undo`.
        step_redone: event, after `redo`.
        run_began: event (PropagationRun), when a propagation was opened.
        run_changed: event (FrameChange), after a result of the open run changed its frame.
        run_over: event (bool), when it was closed (True) or aborted (False).
    """

    def __init__(self, document: Document, *, byte_limit: int = 512 << 20) -> None:
        self._document = document
        self._byte_limit = byte_limit
        self._done: deque[Command] = deque()
        self._undone: list[Command] = []
        self._stroke: StrokeInHand | None = None
        self._run: PropagationRun | None = None
        self.changed: Event[[]] = Event()
        self.command_done: Event[Command] = Event()
        self.step_undone: Event[[]] = Event()
        self.step_redone: Event[[]] = Event()
        self.run_began: Event[PropagationRun] = Event()
        self.run_changed: Event[FrameChange] = Event()
        self.run_over: Event[bool] = Event()

    @property
    def can_undo(self) -> bool:
        """Whether `undo` would do something."""
        return bool(self._done) and not self.is_busy

    @property
    def can_redo(self) -> bool:
        """Whether `redo` would do something."""
        return bool(self._undone) and not self.is_busy

    @property
    def is_busy(self) -> bool:
        """Whether a stroke is in hand or a propagation is open."""
        return self._stroke is not None or self._run is not None

    @property
    def undo_text(self) -> str:
        """What `undo` would take back; empty when there is nothing."""
        return self._done[-1].text if self._done else ""

    @property
    def redo_text(self) -> str:
        """What `redo` would do again; empty when there is nothing."""
        return self._undone[-1].text if self._undone else ""

    @property
    def done_count(self) -> int:
        """How many steps can be undone."""
        return len(self._done)

    @property
    def undone_count(self) -> int:
        """How many steps can be redone."""
        return len(self._undone)

    @property
    def done_steps(self) -> tuple[tuple[str, int | None], ...]:
        """What the steps that can be undone did and in which frame, the oldest first."""
        return tuple((step.text, step.frame_index) for step in self._done)

    @property
    def undone_steps(self) -> tuple[tuple[str, int | None], ...]:
        """The same for the steps that can be redone, the next one first."""
        return tuple((step.text, step.frame_index) for step in reversed(self._undone))

    @property
    def nbytes(self) -> int:
        """Bytes held by all steps."""
        return sum(step.nbytes for step in self._done) + sum(step.nbytes for step in self._undone)

    def do(self, command: Command) -> bool:
        """Apply a command that was prepared for the present state and keep it for undo.

        Returns:
            False when the command would change nothing; then it is not kept.

        Raises:
            HistoryBusyError: a stroke is in hand.
        """
        if self._stroke is not None:
            raise HistoryBusyError("a stroke is being painted; finish or abort it first")
        if command.is_empty:
            return False
        if self._run is not None:
            self._run.split()
        self._apply(command)
        return True

    def undo(self) -> int | None:
        """Take the last step back.

        Returns:
            The frame where it happened, None to stay where one is.

        Raises:
            HistoryBusyError: a stroke is in hand or a propagation is open.
            HistoryError: nothing to undo.
        """
        self._check_idle("undo")
        if not self._done:
            raise HistoryError("nothing to undo")
        command = self._done[-1]
        with self._document.editing() as editor:
            command.revert(editor)
            self._undone.append(self._done.pop())
        self.changed.emit()
        self.step_undone.emit()
        return command.frame_index

    def redo(self) -> int | None:
        """Do the step again that was last taken back; same result and errors as `undo`."""
        self._check_idle("redo")
        if not self._undone:
            raise HistoryError("nothing to redo")
        command = self._undone[-1]
        with self._document.editing() as editor:
            command.apply(editor)
            self._done.append(self._undone.pop())
        self.changed.emit()
        self.step_redone.emit()
        return command.frame_index

    def clear(self) -> None:
        """Forget every step (the document stays).

        Raises:
            HistoryBusyError: a stroke is in hand or a propagation is open.
        """
        self._check_idle("clear the history")
        self._done.clear()
        self._undone.clear()
        self.changed.emit()

    def begin_stroke(
        self,
        frame_index: int,
        value: int,
        *,
        erased_id: int | None = None,
        protect_others: bool = False,
        text: str = "",
    ) -> StrokeInHand:
        """Start a stroke; arguments and errors as for `PaintStroke.prepare`.

        Raises:
            HistoryBusyError: another stroke is in hand.
        """
        if self._stroke is not None:
            raise HistoryBusyError("a stroke is being painted already")
        self._stroke = StrokeInHand(
            self._document,
            frame_index,
            value,
            erased_id=erased_id,
            protect_others=protect_others,
            text=text,
            on_end=self._end_stroke,
        )
        self.changed.emit()
        return self._stroke

    def begin_propagation(
        self,
        *,
        text: str = "propagate",
        object_ids: Collection[int] | None = None,
        replaced: Mapping[int, Collection[int]] | None = None,
    ) -> PropagationRun:
        """Open the step that gathers the results of a run.

        Args:
            text: for the menu.
            object_ids: objects that are propagated; all when None.
            replaced: frame to the objects whose drawn or corrected masks may be replaced in it.

        Raises:
            HistoryBusyError: another run is open.
        """
        if self._run is not None:
            raise HistoryBusyError("a propagation is running already")
        self._run = PropagationRun(
            self._document, self, text, object_ids=object_ids, replaced=replaced
        )
        self.changed.emit()
        self.run_began.emit(self._run)
        return self._run

    @property
    def has_stroke_in_hand(self) -> bool:
        """Whether a stroke is being painted."""
        return self._stroke is not None

    def keep(self, command: Command) -> None:
        """Keep a step whose effect is in the document already (for `PropagationRun`)."""
        self._push(command)

    def run_ended(self) -> None:
        """Hear that the open run is over (for `PropagationRun`)."""
        self._run = None

    def _apply(self, command: Command) -> None:
        with self._document.editing() as editor:
            command.apply(editor)
            self._push(command)
        self.changed.emit()
        self.command_done.emit(command)

    def _push(self, command: Command) -> None:
        self._undone.clear()
        self._done.append(command)
        total = sum(step.nbytes for step in self._done)
        while total > self._byte_limit and len(self._done) > 1:
            total -= self._done.popleft().nbytes

    def _end_stroke(self, stroke: PaintStroke | None) -> None:
        self._stroke = None
        if stroke is not None:
            if self._run is not None:
                self._run.split()
            # The pixels show already; put them back unseen and let the command paint them, so that
            # there is one way only in which a stroke reaches the document.
            with self._document.editing(provisional=True) as editor:
                stroke.revert_pixels(editor)
            self._apply(stroke)
        else:
            self.changed.emit()
        if self._run is not None:
            self._run.take_up_held()

    def _check_idle(self, wish: str) -> None:
        if self._stroke is not None:
            raise HistoryBusyError(f"cannot {wish} while a stroke is being painted")
        if self._run is not None:
            raise HistoryBusyError(f"cannot {wish} while a propagation runs; stop it first")
