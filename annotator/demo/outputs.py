"""What the demo leaves behind."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from annotator.model.document import Document
from annotator.storage.session import FOLDER_SUFFIX
from vos_core.media import OverlayVideoWriter, blend_label_map, open_frames, write_gray_map
from vos_core.media.atomic import write_text_atomic

REPORT_NAME = "report.json"


def cut_clip(clip: Path, folder: Path, frame_count: int) -> Iterator[int]:
    """Write the first frames of a clip as a folder of PNGs; yields after each one.

    Args:
        clip: Video file.
        folder: Made when missing.
        frame_count: At most so many.
    """
    from PIL import Image

    folder.mkdir(parents=True, exist_ok=True)
    with open_frames(clip) as source:
        for index in range(min(frame_count, source.frame_count)):
            Image.fromarray(source.read(index)).save(folder / f"{index:05d}.png", compress_level=1)
            yield index


def write_reliability(document: Document, folder: Path) -> Iterator[int]:
    """Write the reliability map of every frame (white where a person made the masks)."""
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(document.frame_count):
        values = document.reliability_map(index)
        if values is None:
            values = np.full((document.height, document.width), 255, np.uint8)
        write_gray_map(folder / f"{index:05d}.png", values)
        yield index


def write_overlay_video(document: Document, frames: Path, path: Path) -> Iterator[int]:
    """Write frames with their masks laid over as a video; yields after each frame."""
    palette = np.zeros((256, 3), np.uint8)
    for record in document.objects:
        palette[record.object_id] = record.colour
    with (
        open_frames(frames) as source,
        OverlayVideoWriter(
            path, document.height, document.width, source.frames_per_second
        ) as writer,
    ):
        for index in range(document.frame_count):
            writer.write(
                blend_label_map(source.read(index), document.label_map(index), palette=palette)
            )
            yield index


def clear_earlier_results(out: Path, clip_name: str) -> None:
    """Remove what an earlier demo left in its folder, and nothing else.

    Args:
        out: Folder of the demo; left alone unless it has a report of a demo.
        clip_name: Name of the sample.
    """
    try:
        report = json.loads((out / REPORT_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return
    if not isinstance(report, dict) or "gui_tick_gap" not in report:
        return
    names = ("masks", "reliability", "screenshots", clip_name, f"{clip_name}{FOLDER_SUFFIX}")
    for name in names:
        shutil.rmtree(out / name, ignore_errors=True)
    for name in ("overlay.mp4", REPORT_NAME):
        (out / name).unlink(missing_ok=True)


def write_report(path: Path, report: dict[str, object]) -> None:
    """Write the measurements as JSON."""
    write_text_atomic(path, json.dumps(report, indent=2) + "\n")
