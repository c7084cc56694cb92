"""The window: canvas in the middle, tools at the left, lists at the right, time below."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QByteArray, QEvent, QSize, Qt, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QKeySequence,
    QResizeEvent,
    QShortcut,
)
from PySide6.QtWidgets import (
    QDockWidget,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QSizePolicy,
    QToolBar,
    QVBoxLayout,
    QWidget,
)

from annotator.views.actions import ActionTable
from annotator.views.canvas.hint import CanvasHint
from annotator.views.canvas.view import CanvasView
from annotator.views.elided_label import ElidedLabel
from annotator.views.message_bar import MessageBar
from annotator.views.panels.brush_size import BrushSize
from annotator.views.panels.history_panel import HistoryPanel
from annotator.views.panels.mask_amounts import MaskAmounts
from annotator.views.panels.object_panel import ObjectPanel
from annotator.views.panels.overlay_panel import OverlayPanel
from annotator.views.panels.propagation_bar import PropagationBar
from annotator.views.panels.reference_panel import ReferencePanel
from annotator.views.panels.review_bar import ReviewBar
from annotator.views.panels.transport import TransportBar
from annotator.views.screen_room import resize_within_screen
from annotator.views.timeline.matrix import TimelineMatrix
from annotator.views.timeline.reliability_curve import ReliabilityCurve

_MAIN_BAR = (
    "file.open_video",
    "file.open_folder",
    "file.export_davis",
    None,
    "edit.undo",
    "edit.redo",
)
_TOOLS = (
    "tool.brush",
    "tool.eraser",
    "tool.cluster",
    None,
    "tool.polygon",
    "tool.lasso",
    "tool.rectangle",
    "tool.ellipse",
    "tool.live_wire",
    None,
    "tool.fill",
    "tool.refine",
    "tool.pick",
    None,
    "tool.protect",
    "tool.square",
    "tool.pressure",
)
_REVIEW_BAR = (
    "review.suggest",
    "review.next_doubtful",
    "review.verify",
    None,
    "view.fit",
    "view.actual_size",
    "help.keys",
)
_STATE_VERSION = 2
_FIRST_SIZE = QSize(1440, 900)


class MainWindow(QMainWindow):
    """Lays the widgets out and reports what the window itself is told: drops, digits, closing."""

    path_dropped = Signal(object)
    """`pathlib.Path` of a dropped file or folder."""
    object_digit_pressed = Signal(int)
    """Place in the object list, from 0."""
    closing = Signal()
    """The window closes now; listeners save and end their threads."""
    close_guard: Callable[[], bool] | None = None
    """Asked before closing; False keeps the window open (and says why)."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("mainWindow")
        self.setWindowTitle("VOS Annotator")
        self.setAcceptDrops(True)
        self.setDockOptions(
            QMainWindow.DockOption.AnimatedDocks | QMainWindow.DockOption.AllowNestedDocks
        )
        self.actions_table = ActionTable(self)
        self.menus = self.actions_table.fill_menu_bar(self.menuBar())
        self.canvas = CanvasView(self)
        self.hint = CanvasHint(self.actions_table, self.canvas)
        self.messages = MessageBar(self)
        self.brush_size = BrushSize(self.actions_table, self)
        self.mask_amounts = MaskAmounts(self)
        self.objects = ObjectPanel(self.actions_table, self)
        self.overlays = OverlayPanel(self.actions_table, self)
        self.references = ReferencePanel(self.actions_table, self)
        self.history = HistoryPanel(self)
        self.transport = TransportBar(self.actions_table, self)
        self.propagation = PropagationBar(self.actions_table, self)
        self.timeline = TimelineMatrix(self)
        self.curve = ReliabilityCurve(self.timeline, self.actions_table, self)
        self.review_bar = ReviewBar(self.actions_table, self)
        self._lay_out_centre()
        self._lay_out_bars()
        self._lay_out_docks()
        self._lay_out_status()
        self._make_digit_keys()
        resize_within_screen(self, _FIRST_SIZE)
        self.hint.show_welcome()

    def _lay_out_centre(self) -> None:
        centre = QWidget(self)
        layout = QVBoxLayout(centre)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.canvas, 1)
        self.messages.setParent(self.canvas)  # it lies over the picture and never moves it
        self.setCentralWidget(centre)
        self.canvas.installEventFilter(self)

    def _bar(self, name: str, title: str, area: Qt.ToolBarArea) -> QToolBar:
        bar = QToolBar(title, self)
        bar.setObjectName(name)
        bar.setIconSize(QSize(20, 20))
        bar.setMovable(False)
        bar.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.addToolBar(area, bar)
        return bar

    def _lay_out_bars(self) -> None:
        top = self._bar("mainToolBar", "Main", Qt.ToolBarArea.TopToolBarArea)
        self.actions_table.fill_tool_bar(top, (*_MAIN_BAR, None))
        top.addWidget(self.brush_size)
        top.addWidget(self.mask_amounts)
        spacer = QWidget(top)
        spacer.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        top.addWidget(spacer)
        self.actions_table.fill_tool_bar(top, _REVIEW_BAR)
        left = self._bar("toolsBar", "Tools", Qt.ToolBarArea.LeftToolBarArea)
        left.setIconSize(QSize(22, 22))
        self.actions_table.fill_tool_bar(left, _TOOLS)
        self.setCorner(Qt.Corner.BottomRightCorner, Qt.DockWidgetArea.BottomDockWidgetArea)
        self.setCorner(Qt.Corner.BottomLeftCorner, Qt.DockWidgetArea.BottomDockWidgetArea)

    def _dock(self, name: str, title: str, widget: QWidget, area: Qt.DockWidgetArea) -> QDockWidget:
        dock = QDockWidget(title, self)
        dock.setObjectName(name)
        dock.setFeatures(
            QDockWidget.DockWidgetFeature.DockWidgetMovable
            | QDockWidget.DockWidgetFeature.DockWidgetFloatable
        )
        dock.setWidget(widget)
        self.addDockWidget(area, dock)
        return dock

    def _lay_out_docks(self) -> None:
        right = Qt.DockWidgetArea.RightDockWidgetArea
        objects = self._dock("objectsDock", "Objects", self.objects, right)
        overlays = self._dock("overlaysDock", "Overlays", self.overlays, right)
        references = self._dock("referencesDock", "References", self.references, right)
        references.visibilityChanged.connect(self.references.set_in_view)
        history = self._dock("historyDock", "History", self.history, right)
        self.tabifyDockWidget(overlays, references)
        self.tabifyDockWidget(references, history)
        overlays.raise_()
        bottom = QWidget(self)
        controls = QHBoxLayout()
        controls.setContentsMargins(8, 4, 12, 4)
        controls.setSpacing(14)
        controls.addWidget(self.transport)
        line = QFrame(bottom)
        line.setFrameShape(QFrame.Shape.VLine)
        line.setEnabled(False)
        controls.addWidget(line)
        controls.addWidget(self.propagation, 1)
        layout = QVBoxLayout(bottom)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(controls)
        layout.addWidget(self.review_bar)
        layout.addWidget(self.timeline, 1)
        layout.addWidget(self.curve)
        time = self._dock(
            "timelineDock", "Timeline", bottom, Qt.DockWidgetArea.BottomDockWidgetArea
        )
        time.setFeatures(QDockWidget.DockWidgetFeature.NoDockWidgetFeatures)
        time.setTitleBarWidget(QWidget(time))
        self.resizeDocks([objects, overlays], [260, 260], Qt.Orientation.Horizontal)
        self.resizeDocks([objects, overlays], [420, 240], Qt.Orientation.Vertical)
        self.resizeDocks([time], [210], Qt.Orientation.Vertical)

    def _lay_out_status(self) -> None:
        bar = self.statusBar()
        bar.setSizeGripEnabled(False)
        self.tool_label = ElidedLabel(self)
        self.tool_label.setObjectName("toolLabel")
        self.overlay_label = QLabel(self)
        self.overlay_label.setToolTip("The proxy cluster under the pointer")
        self.pointer_label = QLabel(self)
        self.pointer_label.setProperty("faint", True)
        self.range_label = QLabel(self)
        self.range_label.setObjectName("rangeLabel")
        self.range_label.setToolTip("What is selected on the timeline")
        self.zoom_label = QLabel(self)
        self.zoom_label.setProperty("faint", True)
        self.saved_label = QLabel(self)
        self.saved_label.setProperty("faint", True)
        self.tool_label.setIndent(8)
        bar.addWidget(self.tool_label, 1)
        for label in (
            self.overlay_label,
            self.range_label,
            self.pointer_label,
            self.zoom_label,
            self.saved_label,
        ):
            label.setContentsMargins(10, 0, 6, 0)
            bar.addPermanentWidget(label)
        self.canvas.zoom_changed.connect(self._show_zoom)

    def _make_digit_keys(self) -> None:
        for place in range(10):
            key = QShortcut(QKeySequence(str((place + 1) % 10)), self)
            key.setProperty("place", place)
            key.activated.connect(self._on_digit)

    def _on_digit(self) -> None:
        self.object_digit_pressed.emit(int(self.sender().property("place")))

    def _show_zoom(self, zoom: float) -> None:
        self.zoom_label.setText(f"{zoom * 100:.0f} %" if self.canvas.frame_size else "")

    # --- state of the window ----------------------------------------------------------------

    def layout_text(self) -> str:
        """Return places and sizes of everything, as text for the settings."""
        geometry = bytes(self.saveGeometry().toBase64().data()).decode("ascii")
        state = bytes(self.saveState(_STATE_VERSION).toBase64().data()).decode("ascii")
        return f"{geometry} {state}"

    def restore_layout(self, text: str) -> bool:
        """Take up what `layout_text` gave; False when it does not fit."""
        geometry, _, state = text.partition(" ")
        if not state:
            return False
        decode = QByteArray.fromBase64
        fits = self.restoreGeometry(decode(geometry.encode())) and self.restoreState(
            decode(state.encode()), _STATE_VERSION
        )
        if not self.windowState() & (
            Qt.WindowState.WindowMaximized | Qt.WindowState.WindowFullScreen
        ):
            resize_within_screen(self, self.size())  # it may have been a larger screen
        return fits

    # --- events -----------------------------------------------------------------------------

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        """Keep the hint as large as the canvas."""
        if watched is self.canvas and isinstance(event, QResizeEvent):
            self.hint.resize(event.size())
            self.messages.place(event.size().width())
        return False

    def changeEvent(self, event: QEvent) -> None:
        """Draw the icons in the colours of the theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "actions_table"):
            self.actions_table.refresh_icons()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept one local file or folder."""
        urls = event.mimeData().urls()
        if len(urls) == 1 and urls[0].isLocalFile():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Report what was dropped."""
        event.acceptProposedAction()
        self.path_dropped.emit(Path(event.mimeData().urls()[0].toLocalFile()))

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask the guard, tell listeners, then close."""
        if self.close_guard is not None and not self.close_guard():
            event.ignore()
            return
        self.closing.emit()
        super().closeEvent(event)
        self.canvas.removeEventFilter(self)  # it must not be asked while the window is destroyed
