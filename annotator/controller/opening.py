"""One opening in a thread of its own, so that the window goes on; it can be given up."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from PySide6.QtCore import QObject, QThread, Signal

from annotator.controller.workspace import Workspace
from annotator.controller.workspace_loading import OpeningRequest, WorkspaceLoader
from annotator.storage.errors import ProjectError
from vos_core.media import MediaError

_log = logging.getLogger(__name__)
_REPORT_EVERY_S = 0.1


class _GivenUpError(Exception):
    """The person does not want it any more, or the window closes."""


class OpeningThread(QThread):
    """Loads a workspace once, then ends. The thread that gets ``loaded`` owns what is in it.

    Args:
        request: What to open.
        settle: Writes what the project that is open now has not saved, so that it can be closed at
            once afterwards; called in this thread when the new one is whole.
        on_error: For the new project; see `WorkspaceLoader`.
        on_saved: For the new project.
        parent: Owner.
    """

    progressed = Signal(str, float)
    """What is being read, and the share of it that is done."""
    loaded = Signal()
    """Everything is there for `take`."""
    failed = Signal(object)
    """What was raised; an exception whose text is for the person."""

    def __init__(
        self,
        request: OpeningRequest,
        *,
        settle: Callable[[], object] | None,
        on_error: Callable[[str], object],
        on_saved: Callable[[], object],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.request = request
        self._settle = settle
        self._loader = WorkspaceLoader(
            request, on_progress=self._report, on_error=on_error, on_saved=on_saved
        )
        self._workspace: Workspace | None = None
        self._last_report = time.monotonic()

    def give_up(self) -> None:
        """End soon, without a result."""
        self.requestInterruption()

    def take(self) -> Workspace | None:
        """Hand over what was loaded, once."""
        workspace, self._workspace = self._workspace, None
        return workspace

    def run(self) -> None:
        """Load; in the thread."""
        try:
            self._workspace = self._loader.load()
            if self._settle is not None and not self.isInterruptionRequested():
                self._settle()
        except _GivenUpError:
            return
        except (MediaError, ProjectError, OSError) as error:
            self.failed.emit(error)
        except Exception as error:  # the window must hear of it, whatever it is
            _log.exception("%s cannot be opened", self.request.path)
            self.failed.emit(ProjectError(f"{self.request.path} cannot be opened: {error}"))
        else:
            self.loaded.emit()

    def _report(self, what: str, share: float) -> None:
        if self.isInterruptionRequested():
            raise _GivenUpError
        now = time.monotonic()
        if now - self._last_report >= _REPORT_EVERY_S:
            self._last_report = now
            self.progressed.emit(what, share)
