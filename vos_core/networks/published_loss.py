"""Training loss of the published networks: cross-entropy of the hardest pixels."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

VOID = 255
FINAL_SHARE = 0.15


def hard_pixel_count(pixels: int, step: float, mining_steps: float) -> int:
    """How many of the hardest pixels count: all at step 0, 15 % from ``mining_steps`` on.

    ``int((0.15 r + (1 - r)) * pixels)`` with ``r = min(1, step / mining_steps)``. The papers state
    only the final 15 %; the ramp is the authors' code.
    """
    ramp = min(1.0, step / mining_steps)
    return int((ramp * FINAL_SHARE + (1.0 - ramp)) * pixels)


def hard_pixel_loss(
    logits: Tensor, label_map: Tensor, *, step: float, mining_steps: float
) -> Tensor:
    """Mean cross-entropy of the hardest pixels of one frame (CFBI, section 4.1).

    Args:
        logits: ``[L, h4, w4]``, objects joined; upsampled to the label map's size.
        label_map: int64 ``[H, W]``, 0..K; 255 costs nothing but is still counted as a pixel.
        step: Training step.
        mining_steps: Step from which only the final share counts.

    Returns:
        A single number.
    """
    size = (label_map.shape[-2], label_map.shape[-1])
    grown = F.interpolate(logits[None], size=size, mode="bilinear", align_corners=True)
    losses = F.cross_entropy(
        grown, label_map[None].long(), ignore_index=VOID, reduction="none"
    ).flatten()
    kept = hard_pixel_count(losses.numel(), step, mining_steps)
    hardest: Tensor = torch.topk(losses, kept).values
    return hardest.mean()
