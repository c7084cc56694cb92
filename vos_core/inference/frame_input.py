"""From a frame and a mask at native resolution to the network's input."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from torch import Tensor

from vos_core.inference.records import PropagatorOptions
from vos_core.ops.resize import long_edge_size, network_size

LONG_EDGE_FACTOR = 1040 / 480
LONG_EDGE_SINGLE, LONG_EDGE_SEVERAL = 1040, 800


def input_size(
    frame_size: tuple[int, int], options: PropagatorOptions, scale: float
) -> tuple[int, int]:
    """(height, width) of the network's input for frames of that size.

    Args:
        frame_size: Native (H, W).
        options: Its sizing, short edge and number of scales count.
        scale: The scale of the branch.
    """
    if options.sizing == "long-edge":
        limit = LONG_EDGE_SINGLE if len(options.scales) == 1 else LONG_EDGE_SEVERAL
        return long_edge_size(*frame_size, long_edge=limit, scale=scale)
    return network_size(
        *frame_size,
        short_edge=options.short_edge,
        long_edge=int(options.short_edge * LONG_EDGE_FACTOR),
        scale=scale,
    )


def frame_tensor(
    frame: np.ndarray,
    size: tuple[int, int],
    *,
    flip: bool,
    device: torch.device,
    is_bicubic: bool = False,
) -> Tensor:
    """Scale an RGB frame to the network's input.

    Args:
        frame: uint8 [H, W, 3].
        size: (height, width) of the input.
        flip: Mirror left to right.
        device: Where the result goes.
        is_bicubic: Resample as the authors of the published networks do, in floating point; values
            may leave 0..255 a little.

    Returns:
        float32 [1, 3, *size] in 0..255, channels last.
    """
    if frame.shape[:2] != size and is_bicubic:
        frame = cv2.resize(
            frame.astype(np.float32), (size[1], size[0]), interpolation=cv2.INTER_CUBIC
        )
    elif frame.shape[:2] != size:
        shrinks = frame.shape[0] > size[0] and frame.shape[1] > size[1]
        method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        frame = cv2.resize(frame, (size[1], size[0]), interpolation=method)
    tensor = torch.from_numpy(np.array(frame)).to(device).permute(2, 0, 1)[None].float()
    if flip:
        tensor = tensor.flip(-1)
    return tensor.contiguous(memory_format=torch.channels_last)


def label_tensor(
    label_map: np.ndarray, size: tuple[int, int] | None, *, flip: bool, device: torch.device
) -> Tensor:
    """Scale a map of ids to the network's input, taking the pixel at each centre.

    Args:
        label_map: uint8 [H, W].
        size: (height, width) of the input; None leaves the map as it is.
        flip: Mirror left to right.
        device: Where the result goes.

    Returns:
        uint8 [*size].
    """
    size = label_map.shape[:2] if size is None else size
    height, width = label_map.shape
    rows = (2 * np.arange(size[0]) + 1) * height // (2 * size[0])
    columns = (2 * np.arange(size[1]) + 1) * width // (2 * size[1])
    tensor = torch.from_numpy(label_map[rows[:, None], columns]).to(device)
    return tensor.flip(-1) if flip else tensor
