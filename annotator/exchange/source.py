"""What is exported: a project's masks and what is known of them, as values that do not change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from annotator.exchange.errors import ExchangeError
from annotator.exchange.parallel import Result, in_order
from annotator.model.cells import ByteArray
from annotator.model.document import Document
from annotator.model.label_maps import ByteMap, PackedMap
from annotator.model.objects import ObjectRecord
from annotator.model.sequence import FrameSequence
from vos_core.media import FrameSource, MediaError, open_frames
from vos_core.media.label_map_folder import LazyLabelMap

Progress = Callable[[int, int], object]
"""Hears (steps done, steps in all); what it raises stops the work."""


@dataclass(frozen=True)
class ExportSource:
    """The masks of one sequence, for a thread of their own.

    Attributes:
        sequence: name of the video.
        frame_count, height, width, frames_per_second: of the frames.
        objects: records in list order.
        maps: a label map a frame, packed or a plain array that nobody writes to.
        states: uint8 [T, 256], `CellState` values.
        reliability_codes: uint8 [T, 256].
        frames_path: video or folder, for formats that show or copy frames; None when it is gone.
        fingerprint: digest by which the frames are recognised; may be empty.
        stored_masks: folder of palette PNGs named by frame that may hold exactly these maps.
        network: what made the propagated masks, in words; None when nobody knows.
    """

    sequence: str
    frame_count: int
    height: int
    width: int
    frames_per_second: float
    objects: tuple[ObjectRecord, ...]
    maps: tuple[ByteMap | PackedMap, ...]
    states: ByteArray
    reliability_codes: ByteArray
    frames_path: Path | None = None
    fingerprint: str = ""
    stored_masks: Path | None = None
    network: str | None = None

    @classmethod
    def of(
        cls,
        document: Document,
        sequence: FrameSequence,
        *,
        has_frames: bool = True,
        fingerprint: str = "",
        stored_masks: Path | None = None,
        network: str | None = None,
    ) -> ExportSource:
        """Take a document as it is now; call it where the document lives.

        Args:
            document: what was annotated.
            sequence: its frames.
            has_frames: whether they can be read.
            fingerprint: as in the class.
            stored_masks: as in the class.
            network: as in the class.
        """
        return cls(
            sequence.name,
            document.frame_count,
            document.height,
            document.width,
            sequence.frames_per_second,
            document.objects.records,
            tuple(document.label_maps.snapshot(i) for i in range(document.frame_count)),
            document.cells.states.copy(),
            document.cells.reliability_codes.copy(),
            sequence.path if has_frames else None,
            fingerprint,
            stored_masks,
            network,
        )

    @property
    def object_ids(self) -> tuple[int, ...]:
        """Ids of all objects, ascending."""
        return tuple(sorted(record.object_id for record in self.objects))

    @property
    def palette(self) -> ByteArray:
        """Colours of the objects on the screen, uint8 [256, 3]."""
        colours = np.zeros((256, 3), np.uint8)
        for record in self.objects:
            colours[record.object_id] = record.colour
        return colours

    def label_map(self, frame_index: int) -> ByteMap:
        """Object ids of a frame, uint8 [H, W]; not to be written to."""
        stored = self.maps[frame_index]
        return stored.unpack() if isinstance(stored, PackedMap) else stored

    def lazy_map(self, frame_index: int) -> LazyLabelMap:
        """Label map that is unpacked where it is written."""
        masks = self.stored_masks
        stored = None if masks is None else masks / f"{frame_index:05d}.png"
        return LazyLabelMap(partial(self.label_map, frame_index), stored)

    def each_frame(
        self, work: Callable[[ByteMap], Result], progress: Progress, *, steps: int = 1
    ) -> Iterator[tuple[int, Result]]:
        """Do something with every label map in threads; results in order, telling how far it is.

        Args:
            work: called in a thread.
            progress: hears it, in this thread.
            steps: how many times over the whole work goes through the frames.
        """

        def one(index: int) -> Result:
            return work(self.label_map(index))

        with closing(in_order(one, range(self.frame_count), name="frames")) as results:
            for index, result in enumerate(results):
                yield index, result
                progress(index + 1, steps * self.frame_count)

    def open_frames(self) -> FrameSource:
        """Open the frames themselves.

        Raises:
            ExchangeError: they are gone.
        """
        if self.frames_path is None:
            raise ExchangeError(
                f"the frames of {self.sequence} are gone; this format shows them, so say first "
                "where they are"
            )
        try:
            return open_frames(self.frames_path)
        except MediaError as error:
            raise ExchangeError(str(error)) from error
