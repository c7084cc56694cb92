"""The references: thumbnails, who made them, how much each explains; promote, exclude, give up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import QColor, QIcon, QImage, QPainter, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from annotator.views.actions import ActionTable

THUMBNAIL = QSize(96, 54)
_BUTTONS = ("propagate.promote", "propagate.exclude", "propagate.give_up")
_FRAME_ROLE = Qt.ItemDataRole.UserRole
_ROW_ROLE = Qt.ItemDataRole.UserRole + 1
_BAR_HEIGHT = 5
_BAR_ROOM = 16


@dataclass(frozen=True)
class ReferenceRow:
    """One line of the list.

    Attributes:
        frame: Frame index.
        kind: Who made it, such as ``corrected``.
        object_count: Objects that it says something of.
        share: Share of the last run that it explained, in [0, 1]; None when unknown.
        share_here: The same for the frame in view.
        is_excluded: Whether the network does not get it.
        colour: Its colour in the overlay of references.
        picture: uint8 [h, w, 3] RGB; compared by identity, None when there is none yet.
    """

    frame: int
    kind: str
    object_count: int
    share: float | None = None
    share_here: float | None = None
    is_excluded: bool = False
    colour: tuple[int, int, int] = (128, 128, 128)
    picture: np.ndarray | None = field(default=None, compare=False)

    @property
    def text(self) -> str:
        """Three lines for the list."""
        objects = f"{self.object_count} object{'' if self.object_count == 1 else 's'}"
        lines = [f"Frame {self.frame} · {self.kind}"]
        if self.is_excluded:
            lines.append(f"{objects} · excluded")
        else:
            lines.append(objects)
        if self.share is not None:
            here = "" if self.share_here is None else f" (here {self.share_here * 100:.0f} %)"
            lines.append(f"explains {self.share * 100:.0f} %{here}")
        return "\n".join(lines)


class _ShareBar(QStyledItemDelegate):
    """A line, and below it a bar with the reference's share of the frame in view."""

    def __init__(self, lines: QListWidget) -> None:
        super().__init__(lines)
        self._list = lines

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        """Room for the bar."""
        return super().sizeHint(option, index) + QSize(0, _BAR_ROOM)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """The line, then the bar."""
        line = QStyleOptionViewItem(option)
        line.rect = QRect(option.rect).adjusted(0, 0, 0, -_BAR_ROOM)
        super().paint(painter, line, index)
        row = index.data(_ROW_ROLE)
        if not isinstance(row, ReferenceRow) or row.share_here is None:
            return
        place = QRect(option.rect).adjusted(4, 0, -4, -1)
        place.setRight(min(place.right(), self._list.viewport().width() - 5))
        place.setTop(place.bottom() - _BAR_ROOM + 1)
        words = f"{100 * row.share_here:.0f} %"
        painter.setPen(option.palette.color(option.palette.ColorRole.Text))
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(place, right, words)
        place.setRight(place.right() - painter.fontMetrics().horizontalAdvance("100 %") - 6)
        place = place.adjusted(0, (_BAR_ROOM - _BAR_HEIGHT) // 2, 0, 0)
        place.setHeight(_BAR_HEIGHT)
        groove = option.palette.color(option.palette.ColorRole.Mid)
        painter.fillRect(place, groove)
        place.setWidth(round(place.width() * row.share_here))
        painter.fillRect(place, QColor(*row.colour))


class ReferencePanel(QWidget):
    """List of references; a click goes to the frame, pointing shows what it explains."""

    frame_requested = Signal(int)
    reference_pointed = Signal(object)
    """Frame of the reference under the pointer, None when it leaves."""
    came_into_view = Signal()

    def __init__(self, actions: ActionTable, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.list = QListWidget(self)
        self.list.setIconSize(THUMBNAIL)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setUniformItemSizes(True)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setAccessibleName("References")
        self.list.setToolTip(
            "Frames that the network learns from. The share says how much of the last run each of "
            "them explained, the bar how much of the frame in view; point at one to see where. "
            "Look at one that explains what it should not."
        )
        self.list.setItemDelegate(_ShareBar(self.list))
        self.list.setMouseTracking(True)
        self.list.viewport().installEventFilter(self)
        self.list.itemEntered.connect(self._on_entered)
        self.list.itemClicked.connect(self._on_clicked)
        self._empty = QLabel("Paint or correct a frame:\nit becomes a reference.", self)
        self._empty.setProperty("faint", True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        buttons = QHBoxLayout()
        buttons.setContentsMargins(0, 0, 0, 0)
        for name in _BUTTONS:
            button = QToolButton(self)
            button.setDefaultAction(actions[name])
            button.setIconSize(QSize(18, 18))
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            buttons.addWidget(button)
        buttons.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 6)
        layout.addWidget(self._empty)
        layout.addWidget(self.list, 1)
        layout.addLayout(buttons)
        self._rows: tuple[ReferenceRow, ...] = ()
        self._is_in_view = False
        self.set_rows(())

    @property
    def rows(self) -> tuple[ReferenceRow, ...]:
        """What is shown."""
        return self._rows

    def set_rows(self, rows: Sequence[ReferenceRow]) -> None:
        """Show these references, ascending by frame; lines that stay are kept."""
        old, self._rows = self._rows, tuple(rows)
        if [row.frame for row in old] != [row.frame for row in rows]:
            self.list.clear()
            for _ in rows:
                self.list.addItem(QListWidgetItem())
            old = ()
        for place, row in enumerate(rows):
            before = old[place] if place < len(old) else None
            item = self.list.item(place)
            if before != row:
                item.setText(row.text)
                item.setData(_FRAME_ROLE, row.frame)
                item.setData(_ROW_ROLE, row)
            if before is None or before.picture is not row.picture:
                item.setIcon(_icon(row.picture))
        self._empty.setVisible(not rows)
        self.list.setVisible(bool(rows))

    def set_current_frame(self, frame: int) -> None:
        """Mark the reference that is in view, if one is."""
        place = next((i for i, row in enumerate(self._rows) if row.frame == frame), -1)
        self.list.setCurrentRow(place)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Say when the pointer leaves the list."""
        if event.type() == QEvent.Type.Leave and watched is self.list.viewport():
            self.reference_pointed.emit(None)
        return False

    @property
    def is_in_view(self) -> bool:
        """Whether the list is looked at: a tab behind another is not."""
        return self._is_in_view

    @Slot(bool)
    def set_in_view(self, on: bool) -> None:
        """Hear that the tab came to the front, or went behind another."""
        self._is_in_view = on
        if on:
            self.came_into_view.emit()
        else:
            self.reference_pointed.emit(None)

    def _on_entered(self, item: QListWidgetItem) -> None:
        self.reference_pointed.emit(int(item.data(_FRAME_ROLE)))

    def _on_clicked(self, item: QListWidgetItem) -> None:
        self.frame_requested.emit(int(item.data(_FRAME_ROLE)))


def _icon(picture: np.ndarray | None) -> QIcon:
    if picture is None:
        blank = QPixmap(THUMBNAIL)
        blank.fill(Qt.GlobalColor.darkGray)
        return _plain_icon(blank)
    height, width, _ = picture.shape
    image = QImage(
        np.ascontiguousarray(picture).tobytes(),
        width,
        height,
        3 * width,
        QImage.Format.Format_RGB888,
    )
    return _plain_icon(QPixmap.fromImage(image))


def _plain_icon(pixmap: QPixmap) -> QIcon:
    icon = QIcon()
    for mode in (QIcon.Mode.Normal, QIcon.Mode.Selected):  # a chosen row tints no picture
        icon.addPixmap(pixmap, mode)
    return icon
