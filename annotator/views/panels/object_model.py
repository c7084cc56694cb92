"""The object list as an item model: swatch and name, eye, lock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import IntEnum

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap

from annotator.model.objects import ObjectRecord
from annotator.views.icons import icon

AnyIndex = QModelIndex | QPersistentModelIndex


class Column(IntEnum):
    """Columns of the list."""

    SWATCH = 0
    NAME = 1
    EYE = 2
    LOCK = 3


_TIPS = {
    Column.SWATCH: "Display colour: double click to change it. The digit is the key that chooses",
    Column.NAME: "Double click to rename",
    Column.EYE: "Show or hide ([object.show])",
    Column.LOCK: "Lock or unlock ([object.lock])",
}


def swatch(
    colour: tuple[int, int, int], size: int = 14, ratio: float = 1.0, text: str = ""
) -> QPixmap:
    """Return a rounded square of a colour.

    Args:
        colour: (red, green, blue).
        size: Edge in logical pixels.
        ratio: Device pixels per logical pixel.
        text: A digit to write on it.
    """
    pixmap = QPixmap(QSize(round(size * ratio), round(size * ratio)))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QColor(0, 0, 0, 70))
    painter.setBrush(QColor(*colour))
    painter.drawRoundedRect(1, 1, size - 2, size - 2, 3, 3)
    if text:
        font = painter.font()
        font.setPixelSize(round(size * 0.68))
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(QColor("black" if QColor(*colour).lightnessF() > 0.42 else "white"))
        painter.drawText(QRect(0, 0, size, size), Qt.AlignmentFlag.AlignCenter, text)
    painter.end()
    return pixmap


class ObjectListModel(QAbstractTableModel):
    """Shows object records; an edited name is reported, never stored here."""

    renamed = Signal(int, str)
    """object id, new name."""

    def __init__(self, with_keys: Callable[[str], str], parent: QObject | None = None) -> None:
        """Make an empty list.

        Args:
            with_keys: Puts the keys in use into tool tips (see `ActionTable.with_keys`).
            parent: Owner.
        """
        super().__init__(parent)
        self._with_keys = with_keys
        self._records: tuple[ObjectRecord, ...] = ()

    @property
    def records(self) -> tuple[ObjectRecord, ...]:
        """Records shown, from top to bottom."""
        return self._records

    def set_records(self, records: Sequence[ObjectRecord]) -> None:
        """Show these records; rows that stay keep selection and editor."""
        new = tuple(records)
        same_rows = [r.object_id for r in new] == [r.object_id for r in self._records]
        if same_rows:
            self._records = new
            if new:
                self.dataChanged.emit(self.index(0, 0), self.index(len(new) - 1, Column.LOCK))
            return
        self.beginResetModel()
        self._records = new
        self.endResetModel()

    def refresh(self) -> None:
        """Draw everything again, for instance in another theme."""
        if self._records:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._records) - 1, Column.LOCK))

    def row_of(self, object_id: int | None) -> int | None:
        """Row of an object, ``None`` when it is not there."""
        for row, record in enumerate(self._records):
            if record.object_id == object_id:
                return row
        return None

    def rowCount(self, parent: AnyIndex | None = None) -> int:
        """Number of objects."""
        return 0 if parent is not None and parent.isValid() else len(self._records)

    def columnCount(self, parent: AnyIndex | None = None) -> int:
        """Number of columns."""
        return 0 if parent is not None and parent.isValid() else len(Column)

    def flags(self, index: AnyIndex) -> Qt.ItemFlag:
        """Names can be edited."""
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if index.column() == Column.NAME:
            flags |= Qt.ItemFlag.ItemIsEditable
        return flags

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Name, swatch and icons."""
        record = self._records[index.row()]
        column = Column(index.column())
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._with_keys(_TIPS[column])
        if column is Column.NAME:
            if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
                return record.name
            if role == Qt.ItemDataRole.ForegroundRole and not record.visible:
                return QColor("#808891")
        elif role == Qt.ItemDataRole.DecorationRole:
            return self._decoration(record, column, index.row())
        return None

    def _decoration(self, record: ObjectRecord, column: Column, row: int) -> QIcon:
        if column is Column.SWATCH:
            plain = QIcon()
            key = str((row + 1) % 10) if row < 10 else ""
            for mode in (QIcon.Mode.Normal, QIcon.Mode.Selected):  # a chosen row tints no colour
                plain.addPixmap(swatch(record.colour, 18, 2.0, key), mode)
            return plain
        if column is Column.EYE:
            return icon("mdi6.eye-outline" if record.visible else "mdi6.eye-off-outline")
        if record.locked:
            return icon("mdi6.lock", accent=QColor("#d29922"))
        return icon("mdi6.lock-open-variant-outline", accent=QColor(128, 136, 145, 150))

    def setData(self, index: AnyIndex, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Report an edited name."""
        name = str(value).strip()
        record = self._records[index.row()]
        if role != Qt.ItemDataRole.EditRole or not name or name == record.name:
            return False
        self.renamed.emit(record.object_id, name)
        return True
