"""Commands on the object table, reference choices and bookmarks."""

from __future__ import annotations

from dataclasses import replace

from annotator.model.document import Document
from annotator.model.editor import DocumentEditor
from annotator.model.objects import ObjectRecord
from annotator.model.references import ReferenceChoice


class AddObject:
    """A new object at the end of the list."""

    frame_index: int | None = None
    nbytes = 500
    is_empty = False

    def __init__(self, record: ObjectRecord, position: int, highest_id: int) -> None:
        self.record = record
        self._position = position
        self._highest_id = highest_id
        self.text = f"add {record.name}"

    @classmethod
    def prepare(
        cls, document: Document, record: ObjectRecord | None = None, *, name: str = ""
    ) -> AddObject:
        """Plan the addition; without a record the table proposes one (next id, colour, name).

        Raises:
            ObjectError: the id exists already, or all 254 are taken.
        """
        table = document.objects
        chosen = table.next_record(name) if record is None else record
        if chosen.object_id in table:
            chosen = replace(chosen, object_id=table.next_id())
        return cls(chosen, len(table), table.highest_id)

    def apply(self, editor: DocumentEditor) -> None:
        """Add."""
        editor.insert_object(self._position, self.record)

    def revert(self, editor: DocumentEditor) -> None:
        """Take it out again."""
        editor.remove_object(self.record.object_id, highest_id=self._highest_id)


class ChangeObject:
    """Another name, category, colour, visibility, lock or opacity."""

    frame_index: int | None = None
    nbytes = 1000

    def __init__(self, old: ObjectRecord, new: ObjectRecord) -> None:
        self._old = old
        self._new = new
        self.text = f"change {old.name}"

    @classmethod
    def prepare(cls, document: Document, record: ObjectRecord) -> ChangeObject:
        """Plan the exchange of the record with the same id.

        Raises:
            ObjectError: there is no such object.
        """
        return cls(document.objects[record.object_id], record)

    @property
    def is_empty(self) -> bool:
        """Whether the record stays as it is."""
        return self._old == self._new

    def apply(self, editor: DocumentEditor) -> None:
        """Exchange."""
        editor.replace_object(self._new)

    def revert(self, editor: DocumentEditor) -> None:
        """Exchange back."""
        editor.replace_object(self._old)


class ChooseReference:
    """A frame promoted to reference, excluded, or left to its cells."""

    nbytes = 200

    def __init__(self, frame_index: int, old: ReferenceChoice, new: ReferenceChoice) -> None:
        self.frame_index: int | None = frame_index
        self._index = frame_index
        self._old = old
        self._new = new
        self.text = f"{new.name.lower()} reference"

    @classmethod
    def prepare(
        cls, document: Document, frame_index: int, choice: ReferenceChoice
    ) -> ChooseReference:
        """Plan the choice.

        Raises:
            FrameError: no such frame.
        """
        document.label_maps.get(frame_index)
        return cls(frame_index, document.references.choice(frame_index), choice)

    @property
    def is_empty(self) -> bool:
        """Whether this was the choice before."""
        return self._old is self._new

    def apply(self, editor: DocumentEditor) -> None:
        """Choose."""
        editor.choose_reference(self._index, self._new)

    def revert(self, editor: DocumentEditor) -> None:
        """Choose what was before."""
        editor.choose_reference(self._index, self._old)


class SetBookmarks:
    """Other bookmarks."""

    nbytes = 500

    def __init__(
        self, old: tuple[int, ...], new: tuple[int, ...], text: str, frame_index: int | None
    ) -> None:
        self._old = old
        self._new = new
        self.text = text
        self.frame_index = frame_index

    @classmethod
    def toggle(cls, document: Document, frame_index: int) -> SetBookmarks:
        """Plan to bookmark a frame, or to take its bookmark away.

        Raises:
            FrameError: no such frame.
        """
        document.label_maps.get(frame_index)
        old = document.bookmarks
        is_new = frame_index not in old
        kept = [frame for frame in old if frame != frame_index]
        new = tuple(sorted([*kept, frame_index])) if is_new else tuple(kept)
        text = f"{'add' if is_new else 'remove'} bookmark {frame_index}"
        return cls(old, new, text, frame_index)

    @property
    def is_empty(self) -> bool:
        """Whether the bookmarks stay as they are."""
        return self._old == self._new

    def apply(self, editor: DocumentEditor) -> None:
        """Exchange."""
        editor.set_bookmarks(self._new)

    def revert(self, editor: DocumentEditor) -> None:
        """Exchange back."""
        editor.set_bookmarks(self._old)
