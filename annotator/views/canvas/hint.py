"""The first-run hint that lies over an empty canvas, and the next step once a video is open."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from annotator.views.actions import ActionTable

WELCOME = (
    "<p style='font-size: 17pt; font-weight: 600'>Drop a video or a folder of frames here</p>"
    "<p style='font-size: 11pt'>or press <b>[file.open_video]</b> for a video, "
    "<b>[file.open_folder]</b> for a folder or project</p>"
    "<p style='font-size: 11pt'>Paint an object, press <b>[propagate.forward]</b>, and the masks "
    "travel through the video.<br><b>[help.keys]</b> lists every key.</p>"
)
FIRST_OBJECT = (
    "<p style='font-size: 11pt'>Drag to paint the first object, "
    "then press <b>[propagate.forward]</b>.</p>"
)


class CanvasHint(QWidget):
    """Words over the canvas that let every click through."""

    def __init__(self, actions: ActionTable, canvas: QWidget) -> None:
        super().__init__(canvas)
        self._actions = actions
        self._words = ""
        actions.keys_changed.connect(self._tell)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._label = QLabel(self)
        self._label.setTextFormat(Qt.TextFormat.RichText)
        self._label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(16, 16, 16, 16)
        self._layout.addWidget(self._label, 0, Qt.AlignmentFlag.AlignHCenter)

    @property
    def text(self) -> str:
        """Rich text shown, empty for none."""
        return self._label.text() if not self.isHidden() else ""

    def show_welcome(self) -> None:
        """Tell how to open something, in the middle."""
        self._label.setStyleSheet("color: #8b929e")
        self._show(WELCOME, Qt.AlignmentFlag.AlignCenter)

    def show_first_object(self) -> None:
        """Tell how to begin, at the lower edge of the frame."""
        self._label.setStyleSheet(
            "background: rgba(20, 22, 26, 215); color: #e6e8ec; border-radius: 8px; "
            "padding: 4px 14px"
        )
        self._show(FIRST_OBJECT, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom)

    def _show(self, text: str, alignment: Qt.AlignmentFlag) -> None:
        self._words = text
        self._tell()
        self._layout.setAlignment(self._label, alignment)
        self.show()
        self.raise_()

    @Slot()
    def _tell(self) -> None:
        self._label.setText(self._actions.with_keys(self._words))
