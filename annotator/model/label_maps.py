"""Per-frame uint8 maps: a bounded number of plain arrays, the others compressed."""

from __future__ import annotations

import weakref
import zlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from annotator.model.errors import FrameError
from annotator.model.geometry import EMPTY_BOX, Box

ByteMap = npt.NDArray[np.uint8]
"""A [H, W] uint8 map: object ids, or reliability (0 doubt .. 255 certainty)."""

_COMPRESSION_LEVEL: Final = 1


@dataclass(frozen=True, slots=True)
class PackedMap:
    """A compressed uint8 map: the box outside which everything is 0, and its bytes under zlib.

    Immutable, so that a history step, the store and the saver share one copy.
    """

    height: int
    width: int
    box: Box
    data: bytes

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

    @property
    def is_zero(self) -> bool:
        """Whether every pixel is 0."""
        return self.box.is_empty

    @property
    def nbytes(self) -> int:
        """Bytes held, the record itself counted with a flat sum."""
        return len(self.data) + 160

    def unpack(self) -> ByteMap:
        """Decompress into a new, writable array [H, W]."""
        values = np.zeros((self.height, self.width), np.uint8)
        if not self.box.is_empty:
            content = np.frombuffer(zlib.decompress(self.data), np.uint8)
            values[self.box.slices] = content.reshape(self.box.height, self.box.width)
        return values


class ByteMapStore:
    """One uint8 map a frame, of which the last ones used are plain arrays and the rest compressed.

    A frame never written reads as zeros and costs nothing. What `get` returns is a read-only view
    of the stored array: patches show through it until the frame is replaced as a whole, so
    listeners get the map again when they hear of a change, and whoever keeps a map for later copies
    it.

    Args:
        frame_count: number of frames T.
        height: rows H.
        width: columns W.
        plain_bytes: budget for plain arrays; at least two maps are kept plain whatever it is.
    """

    def __init__(
        self, frame_count: int, height: int, width: int, *, plain_bytes: int = 256 << 20
    ) -> None:
        self.frame_count = frame_count
        self.height = height
        self.width = width
        self._plain_limit = max(2, plain_bytes // (height * width))
        self._plain: OrderedDict[int, ByteMap] = OrderedDict()
        self._alive: weakref.WeakValueDictionary[int, ByteMap] = weakref.WeakValueDictionary()
        self._packed: dict[int, PackedMap] = {}
        self._expected: dict[int, Callable[[], PackedMap]] = {}
        self._zeros: ByteMap = np.zeros((height, width), np.uint8)
        self._zeros.flags.writeable = False

    def get(self, frame_index: int) -> ByteMap:
        """Map of a frame, read-only [H, W]; zeros where nothing was ever written.

        Raises:
            FrameError: no such frame.
        """
        self._fetch(frame_index)
        if self.is_zero(frame_index):
            return self._zeros
        view = self._plain_array(frame_index).view()
        view.flags.writeable = False
        return view

    def is_zero(self, frame_index: int) -> bool:
        """Whether nothing is stored for the frame; a map erased bit by bit may still be."""
        return not any(
            frame_index in stored for stored in (self._plain, self._packed, self._expected)
        )

    def stored_frames(self) -> tuple[int, ...]:
        """Frames for which something is stored, ascending."""
        return tuple(sorted(self._plain.keys() | self._packed.keys() | self._expected.keys()))

    def expect(self, frame_index: int, load: Callable[[], PackedMap]) -> None:
        """Store a map that is somewhere else until somebody asks for it.

        Args:
            frame_index: frame.
            load: fetches it, once, in the thread that asks; an all-zero map when it cannot.

        Raises:
            FrameError: no such frame.
        """
        self.replace(frame_index, PackedMap(self.height, self.width, EMPTY_BOX, b""))
        self._expected[frame_index] = load

    def pack(self, frame_index: int) -> PackedMap:
        """Compressed map of a frame; kept, so that asking again is free until the frame changes."""
        self._fetch(frame_index)
        packed = self._packed.get(frame_index)
        if packed is None:
            plain = self._plain.get(frame_index)
            if plain is None:
                return PackedMap(self.height, self.width, EMPTY_BOX, b"")
            packed = self._packed[frame_index] = PackedMap.of(plain)
        return packed

    def snapshot(self, frame_index: int) -> ByteMap | PackedMap:
        """The map for another thread: the packed one where it is at hand, else a copy."""
        self._fetch(frame_index)
        plain = self._plain.get(frame_index)
        if plain is None or frame_index in self._packed:
            return self.pack(frame_index)
        return plain.copy()

    def replace(self, frame_index: int, packed: PackedMap) -> None:
        """Exchange a whole map.

        Raises:
            FrameError: no such frame, or a map of another size.
        """
        self._check_index(frame_index)
        self.check_shape((packed.height, packed.width))
        self._plain.pop(frame_index, None)
        self._alive.pop(frame_index, None)
        self._expected.pop(frame_index, None)
        if packed.is_zero:
            self._packed.pop(frame_index, None)
        else:
            self._packed[frame_index] = packed

    def patch(self, frame_index: int, box: Box, values: ByteMap) -> None:
        """Write a block of values into a map.

        Args:
            frame_index: frame.
            box: where; inside the map.
            values: uint8 of the box's shape.

        Raises:
            FrameError: no such frame, or a box that leaves the map.
        """
        self._fetch(frame_index)
        if box.is_empty:
            return
        if box != box.clipped(self.height, self.width):
            raise FrameError(f"{box} leaves the map of {self.width} x {self.height} pixels")
        self._plain_array(frame_index)[box.slices] = values
        self._packed.pop(frame_index, None)

    def check_shape(self, shape: tuple[int, ...]) -> None:
        """Refuse a map of another size.

        Raises:
            FrameError: shape differs from (height, width).
        """
        if shape != (self.height, self.width):
            size = " x ".join(str(part) for part in reversed(shape))
            raise FrameError(
                f"the map has {size} pixels, the frames have {self.width} x {self.height}"
            )

    @property
    def plain_count(self) -> int:
        """Number of maps held as plain arrays."""
        return len(self._plain)

    @property
    def nbytes(self) -> int:
        """Bytes held by plain and packed maps."""
        packed = sum(packed.nbytes for packed in self._packed.values())
        return packed + len(self._plain) * self.height * self.width

    def _check_index(self, frame_index: int) -> None:
        if not 0 <= frame_index < self.frame_count:
            raise FrameError(
                f"frame {frame_index} does not exist: frames are 0 to {self.frame_count - 1}"
            )

    def _fetch(self, frame_index: int) -> None:
        """Check the index, and bring a map in that is expected."""
        self._check_index(frame_index)
        load = self._expected.pop(frame_index, None)
        if load is not None:
            packed = load()
            self.check_shape((packed.height, packed.width))
            if not packed.is_zero:
                self._packed[frame_index] = packed

    def _plain_array(self, frame_index: int) -> ByteMap:
        plain = self._plain.get(frame_index)
        if plain is None:
            # A view of an evicted array may still be on show: take the same memory up again, so
            # that later patches are seen through it.
            plain = self._alive.get(frame_index)
            if plain is None:
                packed = self._packed.get(frame_index)
                shape = (self.height, self.width)
                plain = np.zeros(shape, np.uint8) if packed is None else packed.unpack()
                self._alive[frame_index] = plain
            self._plain[frame_index] = plain
        self._plain.move_to_end(frame_index)
        while len(self._plain) > self._plain_limit:
            oldest, values = self._plain.popitem(last=False)
            if oldest not in self._packed:
                packed = PackedMap.of(values)
                if not packed.is_zero:
                    self._packed[oldest] = packed
        return plain
