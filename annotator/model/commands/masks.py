"""An object's mask in one frame put in place of the one it has, as one undo step."""

from __future__ import annotations

from annotator.model.commands.paint import Mask, PaintStroke, tight_box
from annotator.model.document import Document
from annotator.model.editor import DocumentEditor
from annotator.model.errors import FrameError
from annotator.model.geometry import Box


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
        protect_others: bool = False,
    ) -> ReplaceObjectMask:
        """Plan the exchange.

        Args:
            document: as it is now.
            frame_index: frame.
            object_id: object.
            mask: bool [H, W] that it is to have; pixels of locked and of other verified objects
                stay theirs.
            text: for the menu.
            protect_others: pixels of every other object stay theirs.

        Raises:
            ObjectError: no such object.
            LockedObjectError: the object is locked.
            FrameError: no such frame, or a mask of another size.
        """
        if mask.shape != (document.height, document.width):
            raise FrameError(
                f"the mask has {mask.shape[1]} x {mask.shape[0]} pixels, the frames have "
                f"{document.width} x {document.height}"
            )
        old = document.object_mask(frame_index, object_id)
        differs = old != mask
        box = tight_box(differs)
        gained = (differs & mask)[box.slices]
        lost = (differs & old)[box.slices]
        strokes = [
            PaintStroke.prepare(
                document, frame_index, box, gained, object_id, protect_others=protect_others
            ),
            PaintStroke.prepare(document, frame_index, box, lost, 0, erased_id=object_id),
        ]
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
