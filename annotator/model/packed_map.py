"""A compressed uint8 map as a value, whose ids can be exchanged without decompressing it."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from annotator.model.geometry import EMPTY_BOX, Box
from vos_core.media.byte_shelf import ByteShelf

ByteMap = npt.NDArray[np.uint8]
"""A [H, W] uint8 map: object ids, or reliability (0 doubt .. 255 certainty)."""

_COMPRESSION_LEVEL: Final = 1
_SAME: Final = bytes(range(256))


@dataclass(frozen=True, slots=True, eq=False)
class PackedMap:
    """A compressed uint8 map: the box outside which everything is 0, and its bytes under zlib.

    Immutable, so that a history step, the store and the saver share one copy. A table says what
    the values in the bytes mean: giving an object's pixels to another one in two thousand frames
    makes two thousand records that share bytes and table, and decompresses nothing.

    Attributes:
        height: rows H.
        width: columns W.
        box: everything outside it is 0.
        data: uint8 content of the box under zlib, before ``table``; a view when it lies on a shelf.
        table: 256 bytes, value in ``data`` to value of the map, 0 to 0; None for no change.
    """

    height: int
    width: int
    box: Box
    data: bytes | memoryview
    table: bytes | None = None

    @classmethod
    def of(cls, values: ByteMap) -> PackedMap:
        """Compress a map [H, W]."""
        height, width = values.shape
        x, y, box_width, box_height = cv2.boundingRect(np.ascontiguousarray(values))
        if box_width == 0 or box_height == 0:
            return cls(height, width, EMPTY_BOX, b"")
        box = Box(y, x, y + box_height, x + box_width)
        data = zlib.compress(values[box.slices].tobytes(), _COMPRESSION_LEVEL)
        return cls(height, width, box, data)

    def on(self, shelf: ByteShelf) -> PackedMap:
        """The same map with its bytes on a shelf, for one that lasts."""
        return replace(self, data=shelf.put(self.data))

    @property
    def is_zero(self) -> bool:
        """Whether nothing is stored; a map whose table turns everything to 0 still stores it."""
        return self.box.is_empty

    @property
    def nbytes(self) -> int:
        """Bytes held, the record itself counted with a flat sum."""
        return len(self.data) + 160

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, PackedMap):
            return NotImplemented
        if (self.height, self.width) != (other.height, other.width):
            return False
        if self.table == other.table and self.box == other.box and self.data == other.data:
            return True
        if self.table is None and other.table is None:
            return False
        return bool(np.array_equal(self.unpack(), other.unpack()))

    __hash__ = None  # type: ignore[assignment]  # equal maps may be stored differently

    def remapped(self, table: bytes) -> PackedMap:
        """The map with its values exchanged; shares the compressed bytes.

        Args:
            table: 256 bytes, old value to new value; 0 stays 0.

        Raises:
            ValueError: another length, or a table that gives background a value.
        """
        if len(table) != 256 or table[0] != 0:
            raise ValueError("a table of values has 256 entries and leaves 0 as it is")
        combined = table if self.table is None else self.table.translate(table)
        whole = None if combined == _SAME else combined
        return PackedMap(self.height, self.width, self.box, self.data, whole)

    def unpack(self) -> ByteMap:
        """Decompress into a new, writable array [H, W]."""
        values = np.zeros((self.height, self.width), np.uint8)
        if not self.box.is_empty:
            # told the size, zlib needs no second copy, made under Python's lock, of 8 MB at 4K
            size = self.box.height * self.box.width
            content = np.frombuffer(zlib.decompress(self.data, bufsize=size), np.uint8)
            content = content.reshape(self.box.height, self.box.width)
            if self.table is not None:
                content = np.asarray(cv2.LUT(content, np.frombuffer(self.table, np.uint8)))
            values[self.box.slices] = content
        return values
