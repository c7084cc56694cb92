"""Commands over many frames: questions first, heavy preparation in a thread, then one step."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import cast

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtWidgets import QProgressDialog

from annotator.controller.editor import Editor
from annotator.controller.workspace import Workspace
from annotator.model.commands.base import Command
from annotator.model.commands.identity import verified_frames
from annotator.model.document import Document
from annotator.model.errors import ModelError
from annotator.model.packed_map import PackedMap
from annotator.views.main_window import MainWindow
from annotator.views.questions import VerifiedQuestion
from annotator.worker.step_thread import StepThread

_AT_ONCE_PIXELS = 3 << 20
"""So many pixels are compressed at once; more go to the thread."""

Prepare = Callable[[Document], Command]


class BigCommands(QObject):
    """Does commands that concern many frames without holding the window.

    A command over many frames works on compressed label maps. Those that were painted a moment ago
    are not compressed yet: that is done in a thread, on copies, before the command is made.
    """

    def __init__(self, editor: Editor, window: MainWindow) -> None:
        super().__init__(window)
        self._editor = editor
        self._window = window
        self._thread: StepThread | None = None
        self._progress: QProgressDialog | None = None
        self._then: Callable[[list[object]], object] | None = None
        editor.workspace_changed.connect(self.close)
        window.closing.connect(self.close)

    @property
    def is_busy(self) -> bool:
        """Whether something is being prepared."""
        return self._thread is not None

    def ask(
        self,
        doing: str,
        frames: Iterable[int] | None,
        object_ids: Sequence[int],
        then: Callable[[bool], object],
        *,
        can_keep: bool = True,
    ) -> None:
        """Ask about verified cells when there are any, then go on.

        Args:
            doing: What is about to be done, as "Swapping walker and dog".
            frames: Frames concerned; all of them for None.
            object_ids: Objects concerned.
            then: Called with whether verified cells stay as they are.
            can_keep: Whether they can be left out at all.
        """
        workspace = self._ready()
        if workspace is None:
            return
        try:
            verified = verified_frames(workspace.document, object_ids, frames)
        except ModelError as error:
            self._editor.warn(str(error))
            return
        if not verified:
            then(True)
            return
        count = len(verified)
        where = f"frame {verified[0]}" if count == 1 else f"{count} frames ({verified[0]} … )"
        question = VerifiedQuestion(
            f"{doing} would change masks that were verified in {where}.",
            can_keep=can_keep,
            parent=self._window,
        )
        question.decided.connect(lambda changes: then(not changes))
        question.open()

    def do(self, prepare: Prepare, frames: Iterable[int] | None, *, done: str = "") -> None:
        """Make and do a command once the label maps of its frames are compressed.

        Args:
            prepare: Makes the command from the document.
            frames: Frames whose label maps it changes; all of them for None.
            done: Told when it is done.
        """
        workspace = self._ready()
        if workspace is None:
            return
        document = workspace.document
        store = document.label_maps
        waiting = store.unpacked_frames(range(document.frame_count) if frames is None else frames)
        if len(waiting) * document.height * document.width <= _AT_ONCE_PIXELS:
            self._finish(workspace, prepare, done)
            return
        copies = {frame: (store.snapshot(frame), store.stamp(frame)) for frame in waiting}

        def packed() -> Iterator[tuple[int, PackedMap, int]]:
            for frame, (values, stamp) in copies.items():
                yield (
                    frame,
                    values if isinstance(values, PackedMap) else PackedMap.of(values),
                    stamp,
                )

        def take(results: list[object]) -> None:
            for frame, packed_map, stamp in cast("list[tuple[int, PackedMap, int]]", results):
                store.offer_packed(frame, packed_map, stamp)
            self._finish(workspace, prepare, done)

        self.work("Preparing masks …", packed, len(waiting), take)

    def work(
        self,
        text: str,
        make_steps: Callable[[], Iterable[object]],
        count: int,
        then: Callable[[list[object]], object],
    ) -> None:
        """Work through many steps in a thread; progress is shown when it takes long.

        Args:
            text: What is being done.
            make_steps: Makes the iterator, in the thread.
            count: Number of its steps.
            then: Called in the main thread with everything it gave, unless it was cancelled.
        """
        if self._ready() is None:
            return
        self._then = then
        self._progress = QProgressDialog(text, "Cancel", 0, count, self._window)
        self._progress.setWindowTitle("VOS Annotator")
        self._progress.setWindowModality(Qt.WindowModality.NonModal)
        self._progress.setMinimumDuration(500)
        self._progress.setAutoReset(False)
        self._progress.canceled.connect(self.close)
        self._thread = StepThread(make_steps, self)
        queued = Qt.ConnectionType.QueuedConnection
        self._thread.stepped.connect(self._on_stepped, queued)
        self._thread.completed.connect(self._on_completed, queued)
        self._thread.failed.connect(self._on_failed, queued)
        self._thread.start()

    def try_command(self, prepare: Prepare, done: str = "") -> bool:
        """Do a command now; tells why when it cannot be done."""
        workspace = self._ready()
        return workspace is not None and self._finish(workspace, prepare, done)

    @Slot()
    def close(self) -> None:
        """Give up what is being prepared and end the thread."""
        thread, self._thread, self._then = self._thread, None, None
        if thread is not None:
            thread.requestInterruption()
            thread.wait()
            thread.deleteLater()
        progress, self._progress = self._progress, None
        if progress is not None:
            progress.canceled.disconnect(self.close)
            progress.close()
            progress.deleteLater()

    def _ready(self) -> Workspace | None:
        workspace = self._editor.workspace
        if workspace is None:
            self._editor.warn("Open a video or a folder of frames first.")
        elif self._thread is not None:
            self._editor.warn("Another change is being prepared; wait for it or cancel it.")
        elif workspace.history.is_busy:
            self._editor.warn(
                "A propagation is running: stop it ([propagate.stop]) before you change which "
                "object masks belong to."
            )
        else:
            return workspace
        return None

    def _finish(self, workspace: Workspace, prepare: Prepare, done: str) -> bool:
        if workspace is not self._editor.workspace:
            return False
        try:
            changed = workspace.history.do(prepare(workspace.document))
        except ModelError as error:
            self._editor.warn(str(error))
            return False
        if done:
            self._editor.inform(done if changed else "Nothing changes: there is no mask there.")
        return changed

    @Slot(int)
    def _on_stepped(self, count: int) -> None:
        if self._progress is not None and self.sender() is self._thread:
            self._progress.setValue(count)

    @Slot(object)
    def _on_completed(self, results: list[object]) -> None:
        if self.sender() is self._thread:
            then = self._then
            self.close()
            if then is not None:
                then(results)

    @Slot(str)
    def _on_failed(self, text: str) -> None:
        if self.sender() is self._thread:
            self.close()
            self._editor.fail(text)
