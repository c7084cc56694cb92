"""What a command changed, for views and storage."""

from __future__ import annotations

from dataclasses import dataclass, field

from annotator.model.geometry import Box


@dataclass
class ChangeSet:
    """What one command changed; contents are read from the document.

    Attributes:
        label_maps: frame index -> box around the changed pixels.
        reliability_maps: frames whose reliability map changed.
        cells: frames with a changed cell.
        objects: whether the object table changed.
        references: frames whose reference choice changed.
        bookmarks: whether the bookmarks changed.
        identities: frames in which an id stands for another thing than before, so that what was
            computed for it there no longer holds.
    """

    label_maps: dict[int, Box] = field(default_factory=dict)
    reliability_maps: set[int] = field(default_factory=set)
    cells: set[int] = field(default_factory=set)
    objects: bool = False
    references: set[int] = field(default_factory=set)
    bookmarks: bool = False
    identities: set[int] = field(default_factory=set)

    def include(self, other: ChangeSet) -> None:
        """Add what another change changed."""
        for index, box in other.label_maps.items():
            self.label_maps[index] = self.label_maps.get(index, box).union(box)
        self.reliability_maps |= other.reliability_maps
        self.cells |= other.cells
        self.objects |= other.objects
        self.references |= other.references
        self.bookmarks |= other.bookmarks
        self.identities |= other.identities

    @property
    def is_empty(self) -> bool:
        """Whether nothing changed."""
        return not (
            self.label_maps
            or self.reliability_maps
            or self.cells
            or self.objects
            or self.references
            or self.bookmarks
        )
