"""Which opening is under way: one at a time, told while it lasts, given up when asked."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

from annotator.controller.opening import OpeningThread
from annotator.controller.workspace import Workspace
from annotator.controller.workspace_loading import OpeningRequest
from annotator.views.main_window import MainWindow
from annotator.views.message_bar import Severity

_TELL_AFTER_MS = 300
_WORDS = {"frames": "looking through the frames", "masks": "reading the masks"}


class OpeningController(QObject):
    """Runs openings in threads and shows how far they are.

    A new opening takes the place of the one under way. What is open stays usable meanwhile.
    """

    loaded = Signal(object, object)
    """`OpeningRequest` and the `Workspace`, whole; the listener owns it."""
    failed = Signal(object, object)
    """`OpeningRequest` and what was raised."""
    given_up = Signal(object)
    """`OpeningRequest` that the person, or a newer one, ended."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._thread: OpeningThread | None = None
        self._ending: set[OpeningThread] = set()
        self._told = ""
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(_TELL_AFTER_MS)
        self._patience.timeout.connect(self._tell)

    @property
    def is_running(self) -> bool:
        """Whether something is being opened."""
        return self._thread is not None

    @property
    def is_telling(self) -> bool:
        """Whether the message bar shows an opening, and its button ends it."""
        return bool(self._told) and self._window.messages.text == self._told

    def start(
        self,
        request: OpeningRequest,
        *,
        settle: Callable[[], object] | None,
        on_error: Callable[[str], object],
        on_saved: Callable[[], object],
    ) -> None:
        """Open something; arguments as for `OpeningThread`. A signal tells how it ended."""
        self.give_up()
        thread = OpeningThread(
            request, settle=settle, on_error=on_error, on_saved=on_saved, parent=self
        )
        queued = Qt.ConnectionType.QueuedConnection
        thread.progressed.connect(self._on_progress, queued)
        thread.loaded.connect(self._on_loaded, queued)
        thread.failed.connect(self._on_failed, queued)
        thread.finished.connect(self._on_finished, queued)
        self._thread = thread
        self._patience.start()
        thread.start()

    @Slot()
    def give_up(self) -> None:
        """End the opening under way, if any; what it read is closed again."""
        thread = self._release()
        if thread is not None:
            thread.give_up()
            self.given_up.emit(thread.request)

    def close(self) -> None:
        """Give up, and wait for every thread."""
        self.give_up()
        for thread in list(self._ending):
            thread.wait()
            self._drop(thread)

    def _release(self) -> OpeningThread | None:
        """Stop attending to the thread under way; it is dropped when it has ended."""
        thread, self._thread = self._thread, None
        self._patience.stop()
        if self.is_telling:
            self._window.messages.dismiss()
        self._told = ""
        if thread is not None:
            self._ending.add(thread)
        return thread

    def _drop(self, thread: OpeningThread) -> None:
        self._ending.discard(thread)
        unwanted = thread.take()
        if unwanted is not None:
            unwanted.close()
        thread.deleteLater()

    @Slot()
    def _tell(self) -> None:
        if self._thread is not None:
            self._show(f"Opening {self._thread.request.path.name} …")

    @Slot(str, float)
    def _on_progress(self, what: str, share: float) -> None:
        thread = self._thread
        if thread is not None and self.sender() is thread and self.is_telling:
            self._show(f"Opening {thread.request.path.name}: {_WORDS[what]}, {share:.0%}")

    def _show(self, text: str) -> None:
        self._told = text
        self._window.messages.show_message(text, Severity.WAIT, action="Cancel")

    @Slot()
    def _on_loaded(self) -> None:
        thread = self._thread
        if thread is None or self.sender() is not thread:
            return
        workspace: Workspace | None = thread.take()
        self._release()
        if workspace is not None:
            self.loaded.emit(thread.request, workspace)

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        thread = self._thread
        if thread is not None and self.sender() is thread:
            self._release()
            self.failed.emit(thread.request, error)

    @Slot()
    def _on_finished(self) -> None:
        thread = self.sender()
        if isinstance(thread, OpeningThread) and thread is not self._thread:
            thread.wait()
            self._drop(thread)
