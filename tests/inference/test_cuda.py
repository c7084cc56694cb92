"""The same propagation on a CUDA device; skipped where there is none."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.support.tiny_network import ColourNetwork, colour_propagator, moving_squares, overlap
from vos_core.inference import Propagator, PropagatorOptions


@pytest.mark.gpu
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_cuda_device_gives_about_the_processors_masks(dtype: torch.dtype) -> None:
    frames, truth = moving_squares(8, objects=3, seed=4)
    device = torch.device("cuda")
    on_device = Propagator(ColourNetwork(), device=device, dtype=dtype, model_name="colours")
    options = PropagatorOptions(mode="mf", interval=2)
    runs = []
    for propagator in (colour_propagator(), on_device):
        propagation = propagator.start(
            lambda index: frames[index], {0: truth[0], 4: truth[4]}, range(8), options=options
        )
        results = []
        while (result := propagation.step()) is not None:
            results.append(result)
        runs.append(results)
    for one, other in zip(*runs, strict=True):
        assert isinstance(other.label_map, np.ndarray)
        for object_id in (1, 2, 3):
            masks = (one.label_map == object_id, other.label_map == object_id)
            assert overlap(*masks) > 0.95
