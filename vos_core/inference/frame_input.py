"""From a frame at native resolution to the network's input, and from logits back."""

from __future__ import annotations

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from vos_core.ops.aggregation import LOG_ODDS_LIMIT
from vos_core.ops.resize import resize_bilinear


def frame_tensor(
    frame: np.ndarray, size: tuple[int, int], *, flip: bool, device: torch.device
) -> Tensor:
    """Scale an RGB frame to the network's input.

    Args:
        frame: uint8 [H, W, 3].
        size: (height, width) of the input.
        flip: Mirror left to right.
        device: Where the result goes.

    Returns:
        float32 [1, 3, *size] in 0..255, channels last.
    """
    if frame.shape[:2] != size:
        shrinks = frame.shape[0] > size[0] and frame.shape[1] > size[1]
        method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        frame = cv2.resize(frame, (size[1], size[0]), interpolation=method)
    tensor = torch.from_numpy(np.array(frame)).to(device).permute(2, 0, 1)[None].float()
    if flip:
        tensor = tensor.flip(-1)
    return tensor.contiguous(memory_format=torch.channels_last)


def label_tensor(
    label_map: np.ndarray, size: tuple[int, int], *, flip: bool, device: torch.device
) -> Tensor:
    """Scale a map of ids to the network's input, taking the pixel at each centre; uint8 [*size]."""
    height, width = label_map.shape
    rows = (2 * np.arange(size[0]) + 1) * height // (2 * size[0])
    columns = (2 * np.arange(size[1]) + 1) * width // (2 * size[1])
    tensor = torch.from_numpy(label_map[rows[:, None], columns]).to(device)
    return tensor.flip(-1) if flip else tensor


def label_map_at(logits: Tensor, size: tuple[int, int]) -> Tensor:
    """Decide each native pixel's channel from stride-4 logits, object by object.

    The argmax of the soft aggregation needs the largest logit, its object, and the background's
    probability, which is a running product; so no [L, H, W] volume is built.

    Args:
        logits: float [O, h4, w4], one per object.
        size: (H, W) of the frame.

    Returns:
        uint8 [H, W] channels, 0 background.
    """
    best = torch.full(size, -torch.inf, device=logits.device)
    winner = torch.zeros(size, dtype=torch.uint8, device=logits.device)
    log_background = torch.zeros(size, device=logits.device)
    for channel, own in enumerate(logits, start=1):
        grown = F.interpolate(own[None, None].float(), size, mode="bilinear", align_corners=True)
        grown = grown[0, 0].clamp_(-LOG_ODDS_LIMIT, LOG_ODDS_LIMIT)
        closer = grown > best
        winner.masked_fill_(closer, channel)
        best = torch.maximum(best, grown)
        log_background -= F.softplus(grown)
    if len(logits) == 1:
        return winner.masked_fill_(best <= 0, 0)
    log_background.clamp_(max=-1e-6)
    background = log_background - torch.log(-torch.expm1(log_background))
    return winner.masked_fill_(background >= best, 0)


def likeliest_at(probabilities: Tensor, size: tuple[int, int]) -> Tensor:
    """Decide each native pixel's channel from probabilities that are already aggregated.

    Args:
        probabilities: float [O + 1, h, w].
        size: (H, W) of the frame.

    Returns:
        uint8 [H, W] channels, 0 background.
    """
    best = torch.full(size, -torch.inf, device=probabilities.device)
    winner = torch.zeros(size, dtype=torch.uint8, device=probabilities.device)
    for channel, own in enumerate(probabilities):
        grown = resize_bilinear(own[None, None].float(), size)[0, 0]
        winner.masked_fill_(grown > best, channel)
        best = torch.maximum(best, grown)
    return winner
