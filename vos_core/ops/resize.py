"""Resizing with aligned corners, and the rule that turns a frame size into a network size."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

GRID = 16


def network_size(
    height: int,
    width: int,
    *,
    short_edge: int = 480,
    long_edge: int = 1040,
    scale: float = 1.0,
) -> tuple[int, int]:
    """Size at which a network sees a frame: both sides of the form ``16 n + 1``.

    The frame is shrunk so that its shorter side is at most `short_edge` and its longer side at most
    `long_edge`, then multiplied by `scale`. Each side v becomes ``round((v - 1) / 16) * 16 + 1``
    (CFBI, evaluation protocol; round half to even).

    Args:
        height: Frame height, at least 1.
        width: Frame width, at least 1.
        short_edge: Longest allowed shorter side.
        long_edge: Longest allowed longer side.
        scale: Factor of multi-scale testing, above 0; more than 1 enlarges.

    Returns:
        (height, width) of the network input, each at least 17.

    Raises:
        ValueError: If a side is smaller than one pixel.
    """
    if height < 1 or width < 1:
        raise ValueError(f"a frame of {height} x {width} pixels has no content")
    factor = min(1.0, short_edge / min(height, width), long_edge / max(height, width)) * scale
    sides = (max(1, round((int(side * factor) - 1) / GRID)) * GRID + 1 for side in (height, width))
    rows, columns = sides
    return rows, columns


def long_edge_size(
    height: int, width: int, *, long_edge: int, scale: float = 1.0
) -> tuple[int, int]:
    """Size at which the authors of CFBI, CFBI+, AOC and RPCM run their networks.

    Only the longer side has a limit; the product with `scale` is cut to whole pixels, then each
    side v becomes ``round((v - 1) / 16) * 16 + 1`` (CFBI code, evaluation transforms).

    Args:
        height: Frame height, at least 1.
        width: Frame width, at least 1.
        long_edge: Longest allowed longer side at scale 1.
        scale: Factor of multi-scale testing, above 0.

    Returns:
        (height, width) of the network input, each at least 17.

    Raises:
        ValueError: If a side is smaller than one pixel.
    """
    if height < 1 or width < 1:
        raise ValueError(f"a frame of {height} x {width} pixels has no content")
    shrink = min(1.0, long_edge / max(height, width))
    rows, columns = (
        max(1, round((int(shrink * side * scale) - 1) / GRID)) * GRID + 1
        for side in (height, width)
    )
    return rows, columns


def resize_bilinear(maps: Tensor, size: tuple[int, int]) -> Tensor:
    """Resize [N, C, h, w] to [N, C, *size], bilinear with aligned corners."""
    if maps.shape[-2:] == torch.Size(size):
        return maps
    return F.interpolate(maps, size=size, mode="bilinear", align_corners=True)


def resize_labels(label_map: Tensor, size: tuple[int, int]) -> Tensor:
    """Resize an integer map [..., H, W] to [..., *size], nearest neighbour ``floor(i * in / out)``.

    (CFBI, ``F.interpolate(mode="nearest")``.) Labels never mix.
    """
    height, width = label_map.shape[-2:]
    if (height, width) == tuple(size):
        return label_map
    rows = torch.arange(size[0], device=label_map.device) * height // size[0]
    columns = torch.arange(size[1], device=label_map.device) * width // size[1]
    return label_map[..., rows[:, None], columns]
