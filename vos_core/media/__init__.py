"""Frames in, label maps in and out: the one place that both packages share. No torch, no Qt."""

from vos_core.media.davis import DavisExport, export_davis_results
from vos_core.media.errors import FrameSourceError, LabelMapError, MediaError, OutputError
from vos_core.media.frames import FrameSource, open_frames
from vos_core.media.label_maps import (
    encode_label_map,
    read_gray_map,
    read_label_map,
    write_gray_map,
    write_label_map,
)
from vos_core.media.overlay import OverlayVideoWriter, blend_label_map
from vos_core.media.palette import voc_palette

__all__ = [
    "DavisExport",
    "FrameSource",
    "FrameSourceError",
    "LabelMapError",
    "MediaError",
    "OutputError",
    "OverlayVideoWriter",
    "blend_label_map",
    "encode_label_map",
    "export_davis_results",
    "open_frames",
    "read_gray_map",
    "read_label_map",
    "voc_palette",
    "write_gray_map",
    "write_label_map",
]
