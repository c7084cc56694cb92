"""Everything that changes a document, undoable."""

from annotator.model.commands.base import Command
from annotator.model.commands.frames import ReplaceLabelMap
from annotator.model.commands.identity import (
    ClearRange,
    MergeObjects,
    RemoveObject,
    RenumberObjects,
    SwapObjects,
)
from annotator.model.commands.objects import (
    AddObject,
    ChangeObject,
    ChooseReference,
    SetBookmarks,
)
from annotator.model.commands.paint import PaintStroke
from annotator.model.commands.propagation import ApplyPropagation
from annotator.model.commands.split import SplitObject, SplitPlan
from annotator.model.commands.states import SetCellState

__all__ = [
    "AddObject",
    "ApplyPropagation",
    "ChangeObject",
    "ChooseReference",
    "ClearRange",
    "Command",
    "MergeObjects",
    "PaintStroke",
    "RemoveObject",
    "RenumberObjects",
    "ReplaceLabelMap",
    "SetBookmarks",
    "SetCellState",
    "SplitObject",
    "SplitPlan",
    "SwapObjects",
]
