"""The mask menu: edits of the chosen object's mask in the shown frame, each one undo step."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from PySide6.QtCore import QObject, Slot

from annotator.controller.tools.context import ToolContext
from annotator.controller.tools.tasks import Task
from annotator.controller.workspace import Workspace
from annotator.model import mask_edits
from annotator.model.commands.masks import MaskRules, ReplaceObjectMask
from annotator.model.errors import ModelError
from annotator.model.label_maps import ByteMap, PackedMap
from annotator.views.main_window import MainWindow

_Edit = Callable[[np.ndarray], np.ndarray]
_Snapshot = ByteMap | PackedMap
_MOST_TRIES = 3
"""So often an edit is begun anew because its frame changed meanwhile."""


@dataclass
class _Wish:
    """An edit as it was asked for.

    Attributes:
        workspace: what was open.
        frame: frame to change.
        object_id: object to change.
        protects: whether other objects keep their pixels.
        text: for the undo menu.
        source: frame whose mask of the object is taken.
        edit: what is made of that mask.
        nothing_there: told when there is no such mask.
        unchanged: told when nothing changes.
        tries: how often it was begun.
    """

    workspace: Workspace
    frame: int
    object_id: int
    protects: bool
    text: str
    source: int
    edit: _Edit
    nothing_there: str
    unchanged: str
    tries: int = field(default=0)


class MaskController(QObject):
    """Grows, shrinks, smooths, cleans and copies masks, one after the other beside the window.

    Edits that are asked for while one is being worked out wait for it, so that growing twice
    grows twice. Esc drops them all.

    Args:
        context: the way to the document.
        window: the window.
    """

    def __init__(self, context: ToolContext, window: MainWindow) -> None:
        super().__init__(window)
        self._context = context
        self._amounts = window.mask_amounts
        self._waiting: deque[_Wish] = deque()
        self._task: Task | None = None
        handlers: dict[str, Callable[[], object]] = {
            "mask.grow": self._grow,
            "mask.shrink": self._shrink,
            "mask.smooth": self._smooth,
            "mask.islands": self._remove_islands,
            "mask.holes": self._fill_holes,
            "mask.copy_previous": self._copy_previous,
            "mask.copy_next": self._copy_next,
        }
        for name, handler in handlers.items():
            window.actions_table[name].triggered.connect(handler)
        context.edits.failed.connect(self._on_failed)

    @property
    def is_busy(self) -> bool:
        """Whether an edit is being worked out."""
        return self._task is not None and not self._task.is_cancelled

    # --- wishes ----------------------------------------------------------------------------

    @Slot()
    def _grow(self) -> None:
        amount = self._amounts.amount
        self._edit("grow", lambda mask: mask_edits.grow(mask, amount))

    @Slot()
    def _shrink(self) -> None:
        amount = self._amounts.amount
        self._edit("shrink", lambda mask: mask_edits.shrink(mask, amount))

    @Slot()
    def _smooth(self) -> None:
        amount = self._amounts.amount
        self._edit("smooth", lambda mask: mask_edits.smooth(mask, amount))

    @Slot()
    def _remove_islands(self) -> None:
        least = self._amounts.least_island
        self._edit(
            "remove islands of",
            lambda mask: mask_edits.without_islands(mask, least),
            unchanged=f"has no part of fewer than {least} pixels besides its largest",
        )

    @Slot()
    def _fill_holes(self) -> None:
        self._edit(
            "fill holes of", mask_edits.without_holes, unchanged="has no hole that may be filled"
        )

    def _edit(self, verb: str, edit: _Edit, *, unchanged: str = "stays as it is") -> None:
        record, frame = self._context.editor.active_record, self._context.frame
        if record is None or frame is None:
            self._context.editor.inform("Choose an object first; this edits its mask.")
            return
        self._ask(
            f"{verb} {record.name}",
            frame,
            edit,
            nothing_there=f"{record.name} has no mask in frame {frame}.",
            unchanged=f"{record.name} {unchanged}.",
        )

    @Slot()
    def _copy_previous(self) -> None:
        self._copy(-1)

    @Slot()
    def _copy_next(self) -> None:
        self._copy(1)

    def _copy(self, step: int) -> None:
        editor, document, frame = self._context.editor, self._context.document, self._context.frame
        record = editor.active_record
        if document is None or frame is None or record is None:
            editor.inform("Choose an object first; its mask is copied.")
            return
        source = frame + step
        if not 0 <= source < document.frame_count:
            side = "before" if step < 0 else "after"
            editor.inform(f"There is no frame {side} frame {frame} to copy from.")
            return
        self._ask(
            f"copy {record.name} from frame {source}",
            source,
            lambda mask: mask,
            nothing_there=f"{record.name} has no mask in frame {source}, nothing is copied.",
            unchanged=f"{record.name} has that mask already, or others keep its pixels.",
        )

    def _ask(
        self, text: str, source: int, edit: _Edit, *, nothing_there: str, unchanged: str
    ) -> None:
        context, workspace = self._context, self._context.editor.workspace
        frame, object_id = context.frame, context.editor.active_object
        if workspace is None or frame is None or object_id is None:
            return
        if not self.is_busy:
            self._waiting.clear()
        self._waiting.append(
            _Wish(
                workspace,
                frame,
                object_id,
                context.protects,
                text,
                source,
                edit,
                nothing_there,
                unchanged,
            )
        )
        if not self.is_busy:
            self._begin_next()

    # --- work ------------------------------------------------------------------------------

    def _begin_next(self) -> None:
        """Work out the first wish that can be."""
        self._task = None
        while self._waiting and self._task is None:
            wish = self._waiting.popleft()
            if wish.workspace is self._context.editor.workspace:
                self._begin(wish)

    def _begin(self, wish: _Wish) -> None:
        document = wish.workspace.document
        maps = document.label_maps
        wish.tries += 1
        try:
            rules = self._rules(wish)
            stamps = maps.stamp(wish.frame), maps.stamp(wish.source)
            own = maps.snapshot(wish.frame)
            other = own if wish.source == wish.frame else maps.snapshot(wish.source)
        except ModelError as error:
            self._context.editor.warn(str(error))
            return

        def done(command: ReplaceObjectMask | None) -> None:
            self._task = None
            now = maps.stamp(wish.frame), maps.stamp(wish.source)
            if self._take(wish, command, is_current=now == stamps, rules=rules):
                self._begin_next()

        self._task = self._context.edits.start(
            lambda _task: _work_out(wish, own, other, rules), done
        )

    @Slot(str)
    def _on_failed(self, _text: str) -> None:
        """Go on after a fault, which was told: what waited for it is not done either."""
        self._task = None
        self._waiting.clear()

    def _rules(self, wish: _Wish) -> MaskRules:
        return MaskRules.of(
            wish.workspace.document, wish.frame, wish.object_id, protect_others=wish.protects
        )

    def _take(
        self,
        wish: _Wish,
        command: ReplaceObjectMask | None,
        *,
        is_current: bool,
        rules: MaskRules,
    ) -> bool:
        """Do what was worked out; False when it is begun again, because the frame changed."""
        editor = self._context.editor
        if wish.workspace is not editor.workspace:
            return True
        try:
            is_current = is_current and self._rules(wish) == rules
        except ModelError as error:
            editor.warn(str(error))
            return True
        if not is_current:
            if wish.tries < _MOST_TRIES:
                self._begin(wish)
                return not self.is_busy
            editor.warn(f"Frame {wish.frame} kept changing meanwhile; {wish.text}: not done.")
        elif command is None:
            editor.inform(wish.nothing_there)
        elif not self._context.do(command):
            editor.inform(wish.unchanged)
        return True


def _work_out(
    wish: _Wish, own: _Snapshot, other: _Snapshot, rules: MaskRules
) -> ReplaceObjectMask | None:
    """The command, made in a thread; None where there is no mask to begin with."""
    label_map = _plain(own)
    mask = (label_map if other is own else _plain(other)) == wish.object_id
    if not mask.any():
        return None
    return ReplaceObjectMask.between(
        label_map, wish.frame, wish.object_id, wish.edit(mask), rules, text=wish.text
    )


def _plain(snapshot: _Snapshot) -> ByteMap:
    return snapshot.unpack() if isinstance(snapshot, PackedMap) else snapshot
