"""Everything that changes a document, undoable."""

from annotator.model.commands.base import Command
from annotator.model.commands.frames import ClearRange, ReplaceLabelMap, SetCellState
from annotator.model.commands.objects import AddObject, ChangeObject, ChooseReference, RemoveObject
from annotator.model.commands.paint import PaintStroke
from annotator.model.commands.propagation import ApplyPropagation

__all__ = [
    "AddObject",
    "ApplyPropagation",
    "ChangeObject",
    "ChooseReference",
    "ClearRange",
    "Command",
    "PaintStroke",
    "RemoveObject",
    "ReplaceLabelMap",
    "SetCellState",
]
