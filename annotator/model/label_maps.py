"""Per-frame uint8 maps: a bounded number of plain arrays, the others compressed."""

from __future__ import annotations

import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping

import numpy as np

from annotator.model.errors import FrameError
from annotator.model.geometry import EMPTY_BOX, Box
from annotator.model.packed_map import ByteMap, PackedMap

__all__ = ["ByteMap", "ByteMapStore", "PackedMap"]


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
        self._edits: dict[int, int] = {}

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

    def stored_packs(self, frames: Iterable[int]) -> dict[int, PackedMap]:
        """Compressed maps of those among the frames for which something is stored.

        Frames of which `unpacked_frames` speaks are compressed or fetched here and now.
        """
        packs: dict[int, PackedMap] = {}
        for frame_index in frames:
            packed = self._packed.get(frame_index)
            if packed is None and not self.is_zero(frame_index):
                packed = self.pack(frame_index)
                packed = None if packed.is_zero else packed
            if packed is not None:
                packs[frame_index] = packed
        return packs

    def unpacked_frames(self, frames: Iterable[int]) -> tuple[int, ...]:
        """Frames whose map would have to be compressed or fetched before `pack` can give it."""
        waiting = (self._plain.keys() | self._expected.keys()) - self._packed.keys()
        return tuple(frame_index for frame_index in frames if frame_index in waiting)

    def stamp(self, frame_index: int) -> int:
        """Number that changes with every change of a frame's map."""
        return self._edits.get(frame_index, 0)

    def offer_packed(self, frame_index: int, packed: PackedMap, stamp: int) -> bool:
        """Keep a compressed copy that another thread made of a `snapshot`.

        Returns:
            False when the map changed since; then the copy is of no use.
        """
        if self.stamp(frame_index) != stamp or frame_index not in self._plain:
            return False
        if not packed.is_zero:
            self._packed[frame_index] = packed
        return True

    def replace_many(self, maps: Mapping[int, PackedMap]) -> None:
        """Exchange many whole maps at once.

        Raises:
            FrameError: no such frame, or a map of another size; then nothing is exchanged.
        """
        for frame_index in maps:
            self._check_index(frame_index)
        for shape in {(packed.height, packed.width) for packed in maps.values()}:
            self.check_shape(shape)
        for stored in (self._plain, self._alive, self._expected):
            for frame_index in maps.keys() & stored.keys():
                del stored[frame_index]
        self._packed.update(maps)
        for frame_index, packed in maps.items():
            self._edits[frame_index] = self._edits.get(frame_index, 0) + 1
            if packed.box.is_empty:
                del self._packed[frame_index]

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
        self._edits[frame_index] = self._edits.get(frame_index, 0) + 1
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
        self._edits[frame_index] = self._edits.get(frame_index, 0) + 1

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
