"""One window with everything behind it, built and connected."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QMessageLogContext, QObject, QtMsgType, Slot, qInstallMessageHandler
from PySide6.QtWidgets import QApplication

from annotator.collector import GarbageCollector
from annotator.controller.analysis_controller import AnalysisController
from annotator.controller.big_commands import BigCommands
from annotator.controller.comparison_controller import ComparisonController
from annotator.controller.editor import Editor
from annotator.controller.effort_controller import EffortController
from annotator.controller.export_controller import ExportController
from annotator.controller.frame_controller import FrameController
from annotator.controller.history_controller import HistoryController
from annotator.controller.identity_controller import IdentityController
from annotator.controller.import_controller import ImportController
from annotator.controller.landmark_controller import LandmarkController
from annotator.controller.layer_controller import LayerController
from annotator.controller.log_recorder import LogRecorder
from annotator.controller.mask_clipboard import MaskClipboard
from annotator.controller.mask_controller import MaskController
from annotator.controller.network_status import NetworkStatus
from annotator.controller.object_controller import ObjectController
from annotator.controller.paint_controller import PaintController
from annotator.controller.picture_controller import PictureController
from annotator.controller.propagation_controller import PropagationController
from annotator.controller.range_controller import RangeController
from annotator.controller.recent_controller import RecentController
from annotator.controller.reference_controller import ReferenceController
from annotator.controller.reference_map_controller import ReferenceMapController
from annotator.controller.review_controller import ReviewController
from annotator.controller.session_controller import SessionController
from annotator.controller.window_controller import WindowController
from annotator.storage.settings import Settings
from annotator.views.canvas.overlays import AnalysisLayers
from annotator.views.fonts import ensure_fonts
from annotator.views.main_window import MainWindow
from annotator.worker.backend import Backend
from annotator.worker.engine import FrameReader
from annotator.worker.inspection import InspectionService
from annotator.worker.service import PropagationService
from vos_core.media import MediaError, open_frames

_log = logging.getLogger(__name__)

_SWITCH_INTERVAL_S = 0.0005
"""How long a thread that runs Python may keep the window from the interpreter each time that it
wants it; Python's own 5 ms, some times over, are a stroke that lags while the saver writes."""

_QT_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


def _log_qt_message(kind: QtMsgType, _context: QMessageLogContext, text: str) -> None:
    """Send Qt's own messages where ours go; what an offscreen display lacks is no news."""
    level = logging.DEBUG if "plugin does not support" in text else _QT_LEVELS[kind]
    logging.getLogger("qt").log(level, "%s", text)


def make_qt_application() -> QApplication:
    """Return the application object of the process, made at the first call."""
    existing = QApplication.instance()
    if isinstance(existing, QApplication):
        return existing
    qInstallMessageHandler(_log_qt_message)
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    app = QApplication(sys.argv[:1])
    app.setApplicationName("VOS Annotator")
    app.setDesktopFileName("vos-annotator")
    ensure_fonts()
    return app


class Application(QObject):
    """Window, controllers and worker of one process.

    Args:
        backend: The network; loaded by `service.load`, in the worker's thread.
        settings: What is remembered from run to run.
        open_reader: How the worker opens frames.
    """

    def __init__(
        self,
        *,
        backend: Backend,
        settings: Settings,
        open_reader: Callable[[Path], FrameReader] = open_frames,
    ) -> None:
        super().__init__()
        self.collector = GarbageCollector(self)
        self.window = MainWindow()
        self.service = PropagationService(backend, open_reader, self)
        self.editor = Editor(self)
        window, editor = self.window, self.editor
        self.recorder = LogRecorder(editor, self.service, self)
        self.layers = LayerController(editor, window)
        self.frames = FrameController(editor, window)
        self.history = HistoryController(editor, window)
        self.paint = PaintController(editor, window, self.layers)
        self.masks = MaskController(self.paint.context, window)
        self.clipboard = MaskClipboard(self.paint.context, window)
        self.objects = ObjectController(editor, window, self.layers)
        self.big_commands = BigCommands(editor, window)
        self.identity = IdentityController(editor, window, self.big_commands)
        self.ranges = RangeController(editor, window, self.big_commands, self.identity)
        self.landmarks = LandmarkController(editor, window)
        self.propagation = PropagationController(
            editor, window, self.layers, self.service, settings
        )
        self.network = NetworkStatus(
            editor, window, self.service, lambda: self.propagation.is_running
        )
        self.ranges.propagation_wanted.connect(self.propagation.propagate_range)
        self.references = ReferenceController(editor, window, self.layers, self.frames.pixels)
        self.propagation.result_applied.connect(self.references.note)
        self.review = ReviewController(editor, window)
        self.looks = InspectionService(self.service, backend, open_reader, self)
        canvas_layers = AnalysisLayers(window.canvas.scene())
        self.analysis = AnalysisController(editor, window, self.layers, self.looks, canvas_layers)
        self.reference_map = ReferenceMapController(editor, window, self.layers, canvas_layers)
        self.comparison = ComparisonController(
            editor, window, self.layers, canvas_layers, self.frames.pixels
        )
        self.canvas_layers = canvas_layers
        self.session = SessionController(editor, window, self.frames, self.propagation)
        self.export = ExportController(editor, window, self._network_text)
        self.propagation.run_ended.connect(self.export.note_network)
        self.recent = RecentController(editor, window, self.session, settings)
        self.picture = PictureController(editor, window, settings)
        self.imports = ImportController(editor, window)
        self.effort = EffortController(editor, window, self.recorder)
        self.view = WindowController(
            editor, window, settings, self.paint, self.propagation, self.network
        )
        window.actions_table["file.open_sample"].triggered.connect(self.open_sample)
        self.service.loaded.connect(self.collector.settle)
        window.closing.connect(self.shut_down)
        app = QApplication.instance()
        if app is not None:
            app.aboutToQuit.connect(self.shut_down)
        self.collector.settle()  # a first look at 40,000 young objects would stop a stroke

    def report_fault(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        """Log a fault of ours and tell it in the window, which goes on; for ``sys.excepthook``."""
        _log.error("a fault in the window", exc_info=(kind, error, trace))
        self.editor.fail(
            f"Something went wrong in the application itself ({kind.__name__}: {error}). "
            "Your work is saved as always; please report it."
        )

    @Slot()
    def open_sample(self) -> None:
        """Open the sample clip; its project lies in the user's own data folder."""
        from vos_core.media.sample import sample_clip

        try:
            clip = sample_clip()
        except (MediaError, OSError) as error:
            self.editor.fail(str(error))
            return
        self.session.open_path(clip, beside=False)

    def _network_text(self) -> str | None:
        """Name the network in use, for the provenance of an export."""
        return None if self.network.backend is None else self.network.backend.text

    @Slot()
    def shut_down(self) -> None:
        """Save and end every thread; safe to call twice."""
        self.paint.close()
        self.session.shut_down()
        self.recorder.close()
        self.window.messages.dismiss()
        self.imports.close()
        self.export.close()
        self.frames.close()
        self.service.shut_down()
        self.collector.close()
