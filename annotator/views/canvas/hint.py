"""The first-run hint that lies over an empty canvas, and the next step once a video is open."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from annotator.views.actions import ActionTable
from annotator.views.theme import ACCENT

WELCOME = (
    "<p style='font-size: 17pt; font-weight: 600'>Drop a video or a folder of frames here</p>"
    "<p style='font-size: 11pt'>or open <a href='action:file.open_video'>a video</a> "
    "(<b>[file.open_video]</b>), <a href='action:file.open_folder'>a folder or project</a> "
    "(<b>[file.open_folder]</b>), <a href='action:file.open_sample'>the sample</a></p>"
    "<p style='font-size: 11pt'>Paint an object, press <b>[propagate.forward]</b>, and the masks "
    "travel through the video.<br><b>[help.keys]</b> lists every key.</p>"
)
FIRST_OBJECT = (
    "<p style='font-size: 11pt'>Drag to paint the first object, "
    "then press <b>[propagate.forward]</b>.</p>"
)


_LINKS = 5
"""How many of the paths opened lately are offered."""


class CanvasHint(QWidget):
    """Words over the canvas; over a frame they let every click through."""

    link_clicked = Signal(str)
    """``action:NAME`` of the table, or ``recent:PLACE`` of the list that was set, from 0."""

    def __init__(self, actions: ActionTable, canvas: QWidget) -> None:
        super().__init__(canvas)
        self._actions = actions
        self._words = ""
        actions.keys_changed.connect(self._tell)
        self._recent = ""
        self._label = QLabel(self)
        self._label.linkActivated.connect(self.link_clicked)
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
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents, False)
        self._label.setStyleSheet("color: #8b929e")
        self._show(WELCOME + self._recent, Qt.AlignmentFlag.AlignCenter)

    def set_recent(self, paths: Sequence[tuple[str, str]]) -> None:
        """Offer what was opened lately.

        Args:
            paths: (name, folder) of each, the latest first.
        """
        lines = "".join(
            f"<br><a href='recent:{place}'>{escape(name)}</a> &nbsp;{escape(_short(folder))}"
            for place, (name, folder) in enumerate(paths[:_LINKS])
        )
        shows_welcome = self._words == WELCOME + self._recent
        self._recent = f"<p style='font-size: 11pt'>Opened lately{lines}</p>" if lines else ""
        if shows_welcome:
            self._words = WELCOME + self._recent
            self._tell()

    def show_first_object(self) -> None:
        """Tell how to begin, at the lower edge of the frame."""
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
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
        words = self._actions.with_keys(self._words)
        self._label.setText(words.replace("<a ", f"<a style='color: {ACCENT.name()}' "))


def _short(folder: str) -> str:
    """Return the end of a long path; the name of the file matters more."""
    return folder if len(folder) <= 48 else f"…{folder[-47:]}"
