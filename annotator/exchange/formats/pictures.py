"""Formats for looking at: a video and a sheet of pictures with the masks over the frames."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import cv2
import numpy as np
from PIL import Image

from annotator.exchange.errors import ExchangeError
from annotator.exchange.formats.base import ExchangeFormat, Written
from annotator.exchange.options import ExportOptions
from annotator.exchange.overlay_pieces import write_overlay
from annotator.exchange.provenance import sidecar_of
from annotator.exchange.source import ExportSource, Progress
from annotator.model.label_maps import ByteMap
from vos_core.media import OutputError, blend_label_map, open_frames
from vos_core.media.atomic import reason, replacing

_PICTURE_WIDTH = 480
_MARGIN = 8


class OverlayVideo(ExchangeFormat):
    """A video that any player shows."""

    key: ClassVar[str] = "overlay"
    title: ClassVar[str] = "Overlay video"
    summary: ClassVar[str] = "H.264 MP4 of the frames with the masks over them"
    layout: ClassVar[str] = "FILE.mp4"
    target: ClassVar = "file"
    suffix: ClassVar[str] = ".mp4"
    reads: ClassVar[bool] = False
    resumes: ClassVar[bool] = True

    def write(
        self, source: ExportSource, target: Path, options: ExportOptions, progress: Progress
    ) -> Written:
        """Write the video, open it again and look at its size and its number of frames."""
        kept = write_overlay(source, target, progress)
        with open_frames(target) as again:
            found = (again.frame_count, again.height, again.width)
        even = (source.height + source.height % 2, source.width + source.width % 2)
        if found != (source.frame_count, *even):
            raise OutputError(
                f"{target} reads back as {found[0]} frames of {found[2]} x {found[1]}, written "
                f"were {source.frame_count} of {even[1]} x {even[0]}"
            )
        ids = {object_id: object_id for object_id in source.object_ids}
        return Written(
            target,
            sidecar_of(target),
            source.frame_count,
            ids,
            kept_count=kept,
            counted="frames",
        )


class ContactSheet(ExchangeFormat):
    """One picture that shows the whole video at a glance."""

    key: ClassVar[str] = "sheet"
    title: ClassVar[str] = "Contact sheet"
    summary: ClassVar[str] = "one PNG of frames, evenly spaced, with the masks over them"
    layout: ClassVar[str] = "FILE.png"
    target: ClassVar = "file"
    suffix: ClassVar[str] = ".png"
    reads: ClassVar[bool] = False
    options: ClassVar[tuple[str, ...]] = ("pictures", "columns")

    def write(
        self, source: ExportSource, target: Path, options: ExportOptions, progress: Progress
    ) -> Written:
        """Write the sheet."""
        count = min(options.pictures, source.frame_count)
        if count < 1 or options.columns < 1:
            raise ExchangeError("a contact sheet needs at least one picture and one column")
        indices = np.linspace(0, source.frame_count - 1, count).round().astype(int).tolist()
        pictures = []
        with source.open_frames() as frames:
            for done, index in enumerate(indices, start=1):
                label_map = source.label_map(index)
                blended = blend_label_map(frames.read(index), label_map, palette=source.palette)
                pictures.append(_captioned(blended, index))
                progress(done, count)
        sheet = _laid_out(pictures, min(options.columns, count))
        try:
            with replacing(target) as temporary:
                Image.fromarray(sheet).save(temporary, "PNG")
        except ValueError as error:
            raise OutputError(f"cannot write {target}: {reason(error)}") from error
        ids = {object_id: object_id for object_id in source.object_ids}
        return Written(target, sidecar_of(target), count, ids)


def _captioned(picture: ByteMap, index: int) -> ByteMap:
    """Scale a picture and write its frame number into the corner."""
    scale = min(1.0, _PICTURE_WIDTH / picture.shape[1])
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    small = np.ascontiguousarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))
    font, place = cv2.FONT_HERSHEY_SIMPLEX, (6, size[1] - 8)
    for colour, thickness in (((0, 0, 0), 3), ((255, 255, 255), 1)):
        cv2.putText(small, f"{index:05d}", place, font, 0.5, colour, thickness, cv2.LINE_AA)
    return np.asarray(small, np.uint8)


def _laid_out(pictures: list[ByteMap], columns: int) -> ByteMap:
    height, width = pictures[0].shape[:2]
    rows = -(-len(pictures) // columns)
    step_y, step_x = height + _MARGIN, width + _MARGIN
    sheet = np.full((rows * step_y + _MARGIN, columns * step_x + _MARGIN, 3), 24, np.uint8)
    for place, picture in enumerate(pictures):
        y, x = _MARGIN + place // columns * step_y, _MARGIN + place % columns * step_x
        sheet[y : y + height, x : x + width] = picture
    return sheet
