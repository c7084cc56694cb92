"""Annotated objects: permanent ids, names, colours, and their order in the list."""

from __future__ import annotations

import colorsys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from annotator.model.errors import ObjectError

Colour = tuple[int, int, int]

MIN_OBJECT_ID = 1
MAX_OBJECT_ID = 254
"""Ids live in uint8 label maps; 0 is background and 255 is void in the DAVIS format."""

# Okabe & Ito (2008), "Color Universal Design", without black; then the qualitative schemes "bright"
# and "muted" of Paul Tol's technical note SRON/EPS/TN/09-002. All three are made for colour-blind
# readers, each for itself: from the eighth on, the next is the one that lies farthest from all
# before it, in CIELAB as normal, protanope and deuteranope eyes see it.
_SAFE_COLOURS: tuple[Colour, ...] = (
    (230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (0, 114, 178), (213, 94, 0),
    (204, 121, 167),
    (221, 204, 119), (51, 34, 136), (136, 34, 85), (17, 119, 51), (238, 102, 119), (153, 153, 51),
    (136, 204, 238), (170, 51, 119), (204, 187, 68), (170, 68, 153), (34, 136, 51),
    (68, 119, 170), (204, 102, 119), (68, 170, 153), (102, 204, 238),
)  # fmt: skip


def display_colour(object_id: int) -> Colour:
    """Colour in which an object is shown at first (red, green, blue; 0..255).

    The first 22 come from palettes made for colour-blind readers. After them hue goes on by the
    golden ratio while lightness goes through five levels, so that neighbours differ in
    lightness as well as in hue. No colour equals an entry of the export palette (VOC), on purpose:
    a colour seen on the screen is never mistaken for a value in a file.

    Args:
        object_id: 1..254.

    Raises:
        ObjectError: id outside 1..254.
    """
    check_object_id(object_id)
    if object_id <= len(_SAFE_COLOURS):
        return _SAFE_COLOURS[object_id - 1]
    step = object_id - len(_SAFE_COLOURS)
    hue = (step * 0.6180339887498949) % 1.0
    lightness = (0.38, 0.62, 0.46, 0.74, 0.54)[step % 5]
    red, green, blue = colorsys.hls_to_rgb(hue, lightness, 0.75)
    # All VOC entries are built of the bits 128, 64 and 32 (ids below 255), hence even: odd red sets
    # apart.
    return (round(red * 255) | 1, round(green * 255), round(blue * 255))


def check_object_id(object_id: int) -> int:
    """Return the id when it is 1..254.

    Raises:
        ObjectError: it is not.
    """
    if not MIN_OBJECT_ID <= object_id <= MAX_OBJECT_ID:
        raise ObjectError(
            f"object id {object_id} is not possible: ids are {MIN_OBJECT_ID} to {MAX_OBJECT_ID} "
            "(0 is background, 255 is void)"
        )
    return object_id


@dataclass(frozen=True)
class ObjectRecord:
    """One annotated object. Records are values: a change makes a new record with the same id.

    Attributes:
        object_id: 1..254, permanent; the pixel value in label maps and exports.
        name: what the person calls it.
        category: class name, may be empty.
        colour: (red, green, blue) on the screen, 0..255 each.
        visible: whether its mask is shown.
        locked: whether its pixels are protected from every tool and from propagation.
        opacity: factor on the overlay's opacity, 0..1.
    """

    object_id: int
    name: str
    category: str = ""
    colour: Colour = (230, 159, 0)
    visible: bool = True
    locked: bool = False
    opacity: float = 1.0

    def __post_init__(self) -> None:
        check_object_id(self.object_id)
        if not self.name.strip():
            raise ObjectError(f"object {self.object_id} needs a name")
        if len(self.colour) != 3 or not all(0 <= part <= 255 for part in self.colour):
            raise ObjectError(
                f"colour {self.colour} of object {self.object_id} is not three numbers 0 to 255"
            )
        if not 0.0 <= self.opacity <= 1.0:
            raise ObjectError(
                f"opacity {self.opacity} of object {self.object_id} is not between 0 and 1"
            )


class ObjectTable:
    """Ordered table of objects by permanent id. Read it freely; commands change it."""

    def __init__(self, records: Iterable[ObjectRecord] = (), *, highest_id: int = 0) -> None:
        self._records: list[ObjectRecord] = []
        self._highest_id = highest_id
        for record in records:
            self.insert(len(self._records), record)

    @property
    def records(self) -> tuple[ObjectRecord, ...]:
        """All records in list order."""
        return tuple(self._records)

    @property
    def ids(self) -> tuple[int, ...]:
        """All ids in list order."""
        return tuple(record.object_id for record in self._records)

    @property
    def highest_id(self) -> int:
        """Highest id ever given, removed objects included (0 when there was none)."""
        return self._highest_id

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[ObjectRecord]:
        return iter(tuple(self._records))

    def __contains__(self, object_id: object) -> bool:
        return any(record.object_id == object_id for record in self._records)

    def __getitem__(self, object_id: int) -> ObjectRecord:
        return self._records[self.position(object_id)]

    def position(self, object_id: int) -> int:
        """Place of an object in the list order, from 0.

        Raises:
            ObjectError: there is no such object.
        """
        for position, record in enumerate(self._records):
            if record.object_id == object_id:
                return position
        raise ObjectError(f"there is no object {object_id}")

    def next_id(self) -> int:
        """Id for a new object: after the highest ever given, then the lowest that is free.

        Raises:
            ObjectError: all 254 ids are taken.
        """
        if self._highest_id < MAX_OBJECT_ID:
            return self._highest_id + 1
        taken = set(self.ids)
        for object_id in range(MIN_OBJECT_ID, MAX_OBJECT_ID + 1):
            if object_id not in taken:
                return object_id
        raise ObjectError(
            f"all {MAX_OBJECT_ID} object ids are in use; remove an object to add another"
        )

    def next_record(self, name: str = "", category: str = "") -> ObjectRecord:
        """Record for a new object: next id, its display colour, "object N" for want of a name."""
        object_id = self.next_id()
        return ObjectRecord(
            object_id, name or f"object {object_id}", category, display_colour(object_id)
        )

    def insert(self, position: int, record: ObjectRecord) -> None:
        """Put a record into the order (for commands).

        Raises:
            ObjectError: the id is in the table already.
        """
        if record.object_id in self:
            raise ObjectError(f"object {record.object_id} exists already")
        self._records.insert(position, record)
        self._highest_id = max(self._highest_id, record.object_id)

    def remove(self, object_id: int, *, highest_id: int | None = None) -> ObjectRecord:
        """Take a record out (for commands).

        Args:
            object_id: which.
            highest_id: the counter's value from before, when an addition is undone.
        """
        record = self._records.pop(self.position(object_id))
        if highest_id is not None:
            self._highest_id = highest_id
        return record

    def replace(self, record: ObjectRecord) -> None:
        """Exchange the record of the same id (for commands)."""
        self._records[self.position(record.object_id)] = record

    def restore(self, records: Iterable[ObjectRecord], highest_id: int) -> None:
        """Exchange every record and the counter (for commands).

        Raises:
            ObjectError: two records with the same id.
        """
        chosen = list(records)
        ids = [record.object_id for record in chosen]
        if len(set(ids)) != len(ids):
            raise ObjectError("two objects cannot have the same id")
        self._records = chosen
        self._highest_id = highest_id
