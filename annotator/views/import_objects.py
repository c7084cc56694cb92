"""Objects found in files, and what each of them becomes."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from annotator.exchange.choices import LEFT_OUT, NEW_OBJECT, WAYS, ImportChoices, ImportWay
from annotator.exchange.inspection import ImportReport

_COLUMNS = ("Object", "Name", "Frames", "Pixels", "Becomes")
_BECOMES = 4


class ImportObjects(QWidget):
    """A table of the objects found, with a choice for each, and one for all of them.

    Args:
        parent: owner.
    """

    changed = Signal()
    """The person chose otherwise."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._found_ids: tuple[int, ...] = ()
        self._known_ids: frozenset[int] = frozenset()
        self._boxes: dict[int, QComboBox] = {}
        self.way_box = QComboBox(self)
        self.way_box.setObjectName("importWay")
        for way, text in WAYS.items():
            self.way_box.addItem(f"{text[0].upper()}{text[1:]}", way)
        self.way_box.currentIndexChanged.connect(self._follow_way)
        label = QLabel("Imported &objects", self)
        label.setBuddy(self.way_box)
        row = QHBoxLayout()
        row.addWidget(label)
        row.addWidget(self.way_box, 1)
        self.table = QTableWidget(0, len(_COLUMNS), self)
        self.table.setHorizontalHeaderLabels(_COLUMNS)
        self.table.verticalHeader().hide()
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(_BECOMES, QHeaderView.ResizeMode.Stretch)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(row)
        layout.addWidget(self.table)

    @property
    def way(self) -> ImportWay:
        """What happens to objects that are there already."""
        return ImportWay(self.way_box.currentData())

    @property
    def targets(self) -> dict[int, int]:
        """What the person chose otherwise than the way says: id in the files -> what it becomes."""
        choices = ImportChoices(way=self.way)
        chosen = {found_id: int(box.currentData()) for found_id, box in self._boxes.items()}
        return {i: target for i, target in chosen.items() if target != choices.target_of(i)}

    @property
    def summary(self) -> str:
        """How many objects are new, go into those of the project, or are left out."""
        chosen = [int(box.currentData()) for box in self._boxes.values()]
        left_out = chosen.count(LEFT_OUT)
        known = sum(target in self._known_ids for target in chosen)
        parts = (
            (len(chosen) - left_out - known, "new"),
            (known, "into an object of the project"),
            (left_out, "left out"),
        )
        return ", ".join(f"{count} {what}" for count, what in parts if count)

    def target_box(self, found_id: int) -> QComboBox:
        """Choice of one object; KeyError when the files do not hold it."""
        return self._boxes[found_id]

    def choose_way(self, way: ImportWay) -> None:
        """Choose what happens to objects that are there already."""
        self.way_box.setCurrentIndex(self.way_box.findData(way))

    def choose_target(self, found_id: int, target: int) -> None:
        """Choose what an object becomes: an id, `NEW_OBJECT` or `LEFT_OUT`."""
        box = self._boxes[found_id]
        box.setCurrentIndex(box.findData(target))

    def show_report(self, report: ImportReport) -> None:
        """Show the objects of a report, and choices from those of the project."""
        told = (
            {}
            if report.provenance is None
            else {record.object_id: record.name for record in report.provenance.objects}
        )
        self._found_ids = tuple(sorted(report.pixels))
        self._known_ids = frozenset(object_id for object_id, _ in report.target.objects)
        targets = self._target_model(report)
        self._boxes.clear()
        self.table.setRowCount(len(self._found_ids))
        for row, found_id in enumerate(self._found_ids):
            found = report.found.objects.get(found_id)
            name = told.get(found_id) or (found.name or found.category if found else "")
            texts = (
                str(found_id),
                name,
                str(report.frames_of[found_id]),
                f"{report.pixels[found_id]:,}",
            )
            for column, text in enumerate(texts):
                item = QTableWidgetItem(text)
                if column != 1:
                    item.setTextAlignment(
                        Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                    )
                self.table.setItem(row, column, item)
            box = QComboBox(self.table)
            box.setObjectName(f"becomes_{found_id}")
            box.setModel(targets)
            box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            self._boxes[found_id] = box
            self.table.setCellWidget(row, _BECOMES, box)
        self._follow_way()
        for box in self._boxes.values():
            box.currentIndexChanged.connect(self.changed)

    def _target_model(self, report: ImportReport) -> QStandardItemModel:
        """One list of choices that all rows share."""
        model = QStandardItemModel(self.table)
        choices = [("New object", NEW_OBJECT), ("Leave out", LEFT_OUT)]
        choices += [(f"{i}  {name}", i) for i, name in report.target.objects]
        choices += [(f"{i}  (new)", i) for i in self._found_ids if i not in self._known_ids]
        for text, target in choices:
            item = QStandardItem(text)
            item.setData(target, Qt.ItemDataRole.UserRole)
            model.appendRow(item)
        return model

    @Slot()
    def _follow_way(self) -> None:
        """Let every object become what the way says."""
        choices = ImportChoices(way=self.way)
        for found_id, box in self._boxes.items():
            was_blocked = box.blockSignals(True)
            box.setCurrentIndex(box.findData(choices.target_of(found_id)))
            box.blockSignals(was_blocked)
        self.changed.emit()
