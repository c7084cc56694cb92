"""From a frame and a mask at native resolution to the network's input."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from torch import Tensor


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
