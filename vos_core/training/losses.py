"""Losses over one clip's objects: bootstrapped cross-entropy and soft Jaccard."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from vos_core.ops.aggregation import soft_aggregate
from vos_core.ops.resize import resize_bilinear

VOID = 255
# Pixels (of the loss's grid) of an absent object at which half of its penalty is due.
ABSENT_PIXELS = 32.0


def hard_pixel_share(progress: float, *, final: float, reached_at: float) -> float:
    """Share of pixels that the bootstrapped cross-entropy keeps: from 1 down to `final`.

    (CFBI, training: linear over the first part of the run.)

    Args:
        progress: Share of the run that is done, 0..1.
        final: Share kept in the end.
        reached_at: Progress at which `final` is reached.
    """
    ramp = min(1.0, progress / reached_at) if reached_at > 0 else 1.0
    return ramp * final + 1.0 - ramp


def clip_loss(
    logits: Tensor,
    labels: Tensor,
    *,
    kept_share: float,
    jaccard_weight: float,
    absent_weight: float = 0.0,
) -> tuple[Tensor, Tensor]:
    """Loss of one target frame at half resolution.

    Args:
        logits: [O, h4, w4], one per object.
        labels: int64 [H, W], 0..O or 255.
        kept_share: Share of hardest pixels that the cross-entropy averages.
        jaccard_weight: Weight of ``1 - soft intersection over union``, averaged over the objects
            that the frame shows.
        absent_weight: Weight of the share ``m / (m + 32)`` of the mass m of pixels given to an
            object that the frame does not show, averaged over such objects: the benchmark's J is 0
            however few they are, and the cross-entropy hardly sees them.

    Returns:
        (loss, mean soft Jaccard without gradient); a frame without any object has Jaccard 1.
    """
    target = labels[::2, ::2]
    grown = resize_bilinear(logits[None].float(), (target.shape[0], target.shape[1]))[0]
    aggregated = soft_aggregate(grown)
    known = target != VOID
    losses = F.cross_entropy(
        aggregated[None], target[None], ignore_index=VOID, reduction="none"
    ).flatten()
    kept = max(1, int(kept_share * losses.numel()))
    loss = losses.mean() if kept >= losses.numel() else losses.topk(kept).values.mean()
    probabilities = aggregated.softmax(0)[1:] * known
    truth = torch.stack([target == channel + 1 for channel in range(len(logits))]).float()
    both = (probabilities * truth).sum((1, 2))
    either = (probabilities + truth).sum((1, 2)) - both
    shown = truth.sum((1, 2)) > 0
    if absent_weight > 0 and not shown.all():
        mass = either[~shown]
        loss = loss + absent_weight * (mass / (mass + ABSENT_PIXELS)).mean()
    if not shown.any():
        return loss, loss.new_ones(())
    jaccard = (both[shown] / either[shown].clamp(min=1e-6)).mean()
    return loss + jaccard_weight * (1 - jaccard), jaccard.detach()
