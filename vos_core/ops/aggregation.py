"""From one logit per object to probabilities over all labels, and to their reliability."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

LOG_ODDS_LIMIT = 12.0


def soft_aggregate(logits: Tensor) -> Tensor:
    """Turn one logit per object into logits over background and objects.

    Each object's probability is ``p = sigmoid(logit)``; the background's is the product of all
    ``1 - p``. The log-odds of these L = O + 1 probabilities are the aggregated logits, whose
    softmax sums to one (STM, "soft aggregation"). Computed in float32 without forming small
    products: the background's log-probability is the sum of ``log sigmoid(-logit)``.

    Args:
        logits: [O, H, W] or [N, O, H, W], any floating type; O may be 0.

    Returns:
        float32 [..., O + 1, H, W] logits, background first.
    """
    clamped = logits.float().clamp(-LOG_ODDS_LIMIT, LOG_ODDS_LIMIT)
    log_background = -F.softplus(clamped).sum(dim=-3, keepdim=True)
    if logits.shape[-3] == 0:
        return log_background
    # log(p / (1 - p)) of the background; clamped away from p = 1 so that it stays finite
    log_background = log_background.clamp(max=-1e-6)
    background = log_background - torch.log(-torch.expm1(log_background))
    return torch.cat([background.clamp(-LOG_ODDS_LIMIT, LOG_ODDS_LIMIT), clamped], dim=-3)


def entropy_map(probabilities: Tensor) -> Tensor:
    """Shannon entropy of each pixel in nats, ``-sum p log(p + 1e-6)`` (RPCM, reliability filter).

    Args:
        probabilities: float [L, H, W], sums to 1 along L.

    Returns:
        float32 [H, W] in [0, log L], up to the 1e-6.
    """
    values = probabilities.float()
    return -(values * torch.log(values + 1e-6)).sum(dim=0)


def reliability_map(probabilities: Tensor) -> Tensor:
    """Reliability ``r = 1 - H / log L`` of the Shannon entropy H over L labels.

    (RPCM, "Reliability", the entropy of the aggregated probabilities; normalised by its largest
    value so that 1 means trust and 0 means that every label is equally likely.)

    Args:
        probabilities: float [L, H, W], sums to 1 along L.

    Returns:
        float32 [H, W] in [0, 1]; all ones when L is 1.
    """
    label_count = probabilities.shape[0]
    if label_count < 2:
        return torch.ones(probabilities.shape[1:], device=probabilities.device)
    return (1.0 - entropy_map(probabilities) / math.log(label_count)).clamp(0.0, 1.0)
