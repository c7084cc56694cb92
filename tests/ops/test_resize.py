"""Network sizes, nested grids and nearest-neighbour labels."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from vos_core.ops.resize import network_size, resize_bilinear, resize_labels


@pytest.mark.parametrize(
    ("frame", "size"),
    [
        ((480, 854), (481, 849)),  # the benchmark's own size
        ((720, 1280), (481, 849)),
        ((1080, 1920), (481, 849)),
        ((360, 640), (353, 641)),  # 359 / 16 = 22.4 -> 22, never enlarged
        ((272, 640), (273, 641)),
        ((480, 1200), (417, 1041)),  # the longer side limits: scale 1040 / 1200
        ((854, 480), (849, 481)),
        ((481, 849), (481, 849)),
        ((144, 176), (145, 177)),
        ((1, 1), (17, 17)),
        ((9, 10000), (17, 1041)),
    ],
)
def test_size_table(frame: tuple[int, int], size: tuple[int, int]) -> None:
    assert network_size(*frame) == size


def test_half_is_rounded_to_even() -> None:
    # (v - 1) / 16 = 2.5 -> 2 and 3.5 -> 4, as numpy's round does
    assert network_size(41, 57) == (33, 65)


@given(st.integers(1, 3000), st.integers(1, 3000), st.sampled_from([240, 360, 480, 624]))
def test_sides_nest_and_stay_within_half_a_step(height: int, width: int, short: int) -> None:
    long = short * 1040 // 480
    rows, columns = network_size(height, width, short_edge=short, long_edge=long)
    scale = min(1.0, short / min(height, width), long / max(height, width))
    for side, frame in ((rows, height), (columns, width)):
        assert (side - 1) % 16 == 0
        assert side >= 17
        if frame * scale >= 17:
            assert abs(side - frame * scale) <= 9 + 1


@pytest.mark.parametrize("frame", [(0, 5), (5, 0), (-1, 3)])
def test_an_empty_frame_is_refused(frame: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="no content"):
        network_size(*frame)


@pytest.mark.parametrize("side", [17, 33, 353, 481, 849])
def test_strided_convolutions_reach_the_nested_grids(side: int) -> None:
    maps = torch.zeros(1, 1, side, side)
    weight = torch.ones(1, 1, 3, 3)
    for stride in (2, 4, 8, 16):
        maps = F.conv2d(maps, weight, stride=2, padding=1)
        assert maps.shape[-2:] == ((side - 1) // stride + 1,) * 2


def test_aligned_corners_keep_the_nested_points() -> None:
    coarse = torch.randn(1, 2, 5, 7)
    fine = resize_bilinear(coarse, (17, 25))
    torch.testing.assert_close(fine[..., ::4, ::4], coarse)
    assert resize_bilinear(coarse, (5, 7)) is coarse


def test_a_ramp_is_reproduced() -> None:
    ramp = torch.linspace(0, 1, 5).view(1, 1, 1, 5).expand(1, 1, 3, 5)
    grown = resize_bilinear(ramp, (3, 9))
    torch.testing.assert_close(grown[0, 0, 1], torch.linspace(0, 1, 9))


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 40), st.integers(1, 40))
def test_labels_by_floor(height: int, width: int, rows: int, columns: int) -> None:
    labels = torch.arange(height * width).view(height, width)
    resized = resize_labels(labels, (rows, columns))
    for row in range(rows):
        for column in range(columns):
            source = labels[row * height // rows, column * width // columns]
            assert resized[row, column] == source


def test_labels_never_mix_and_keep_their_type() -> None:
    labels = torch.tensor([[0, 7], [255, 3]], dtype=torch.uint8)
    resized = resize_labels(labels, (5, 5))
    assert resized.dtype == torch.uint8
    assert set(resized.flatten().tolist()) == {0, 3, 7, 255}
