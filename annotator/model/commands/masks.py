"""An object's mask in one frame put in place of the one it has, as one undo step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from annotator.model.commands.paint import Mask, PaintStroke, changeable_values, tight_box
from annotator.model.document import Document
from annotator.model.editor import DocumentEditor
from annotator.model.errors import FrameError
from annotator.model.geometry import Box
from annotator.model.label_maps import ByteMap


@dataclass(frozen=True, eq=False)
class MaskRules:
    """Which pixels an object may take and give up in a frame: a value, for any thread.

    Attributes:
        gains: bool [256], by the value that a pixel has.
        losses: likewise; only the object's own.
    """

    gains: npt.NDArray[np.bool_]
    losses: npt.NDArray[np.bool_]

    @classmethod
    def of(
        cls,
        document: Document,
        frame_index: int,
        object_id: int,
        *,
        protect_others: bool = False,
    ) -> MaskRules:
        """Take them from a document as it is now.

        Args:
            document: pixels of locked and of other verified objects stay theirs in it.
            frame_index: frame.
            object_id: object.
            protect_others: pixels of every other object stay theirs.

        Raises:
            ObjectError: no such object.
            LockedObjectError: the object is locked.
        """
        return cls(
            changeable_values(document, frame_index, object_id, protect_others=protect_others),
            changeable_values(document, frame_index, 0, erased_id=object_id),
        )

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, MaskRules)
            and np.array_equal(self.gains, other.gains)
            and np.array_equal(self.losses, other.losses)
        )

    __hash__ = None  # type: ignore[assignment]  # holds arrays


class ReplaceObjectMask:
    """Pixels that an object gains and loses in one frame."""

    def __init__(self, text: str, frame_index: int, strokes: list[PaintStroke]) -> None:
        self.text = text
        self.frame_index: int | None = frame_index
        self._strokes = [stroke for stroke in strokes if not stroke.is_empty]
        self.nbytes = sum(stroke.nbytes for stroke in self._strokes)

    @classmethod
    def prepare(
        cls,
        document: Document,
        frame_index: int,
        object_id: int,
        mask: Mask,
        *,
        text: str,
        box: Box | None = None,
        protect_others: bool = False,
    ) -> ReplaceObjectMask:
        """Plan the exchange.

        Args:
            document: as it is now.
            frame_index: frame.
            object_id: object.
            mask: bool [h, w] of the box's shape that it is to have there; pixels of locked and of
                other verified objects stay theirs.
            text: for the menu.
            box: outside it the object stays as it is; the whole frame when None.
            protect_others: pixels of every other object stay theirs.

        Raises:
            ObjectError: no such object.
            LockedObjectError: the object is locked.
            FrameError: no such frame, or a mask of another size.
        """
        rules = MaskRules.of(document, frame_index, object_id, protect_others=protect_others)
        label_map = document.label_map(frame_index)
        return cls.between(label_map, frame_index, object_id, mask, rules, text=text, box=box)

    @classmethod
    def between(
        cls,
        label_map: ByteMap,
        frame_index: int,
        object_id: int,
        mask: Mask,
        rules: MaskRules,
        *,
        text: str,
        box: Box | None = None,
    ) -> ReplaceObjectMask:
        """Plan the exchange from values only, so that any thread may; arguments as for `prepare`.

        It may be done so long as the frame's label map and the rules are what they were.

        Args:
            label_map: object ids of the frame, uint8 [H, W].
            frame_index: frame.
            object_id: object.
            mask: bool [h, w] of the box's shape.
            rules: what the object may take.
            text: for the menu.
            box: outside it the object stays as it is; the whole frame when None.

        Raises:
            FrameError: a mask of another size, or a box that leaves the frame.
        """
        height, width = label_map.shape
        whole = Box(0, 0, height, width)
        box = whole if box is None else box
        if mask.shape != (box.height, box.width):
            size = "the frames have" if box == whole else "its box has"
            raise FrameError(
                f"the mask has {mask.shape[1]} x {mask.shape[0]} pixels, {size} "
                f"{box.width} x {box.height}"
            )
        if box != box.clipped(height, width):
            raise FrameError(f"{box} leaves the frame of {width} x {height} pixels")
        values = label_map[box.slices]
        old = values == object_id
        differs = old != mask
        tight = tight_box(differs)
        placed = tight.shifted(box.top, box.left)
        part, differs, old = values[tight.slices], differs[tight.slices], old[tight.slices]
        strokes = [
            PaintStroke.of_values(text, frame_index, placed, part, differs & ~old, rules.gains,
                                  object_id),
            PaintStroke.of_values(text, frame_index, placed, part, differs & old, rules.losses, 0),
        ]  # fmt: skip
        return cls(text, frame_index, strokes)

    @property
    def is_empty(self) -> bool:
        """Whether no pixel changes."""
        return not self._strokes

    @property
    def box(self) -> Box:
        """Box around the pixels that change."""
        box = self._strokes[0].box
        for stroke in self._strokes[1:]:
            box = box.union(stroke.box)
        return box

    def apply(self, editor: DocumentEditor) -> None:
        """Add what it gains, then take away what it loses."""
        for stroke in self._strokes:
            stroke.apply(editor)

    def revert(self, editor: DocumentEditor) -> None:
        """Put the old pixels and states back."""
        for stroke in reversed(self._strokes):
            stroke.revert(editor)
