"""Frames in, label maps in and out: the one place that both packages share. No torch, no Qt."""

from vos_core.media.errors import FrameSourceError, LabelMapError, MediaError, OutputError

__all__ = ["FrameSourceError", "LabelMapError", "MediaError", "OutputError"]
