"""The trunk: tap shapes, what learns, import of published weights with folded norms."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from vos_core.backbones.efficientnet_lite import (
    BATCH_NORM_EPSILON,
    EfficientNetLite,
    InvertedResidual,
    import_published_lite,
    round_channels,
)


def test_lite0_taps() -> None:
    trunk = EfficientNetLite()
    assert trunk.tap_channels == [24, 40, 112, 320]
    with torch.no_grad():
        maps = trunk(torch.rand(1, 3, 65, 97) * 255)
    assert [tuple(tap.shape) for tap in maps] == [
        (1, 24, 17, 25),
        (1, 40, 9, 13),
        (1, 112, 5, 7),
        (1, 320, 3, 4),
    ]


def test_lite0_has_the_published_number_of_blocks_and_lite2_more() -> None:
    assert [len(stage) for stage in EfficientNetLite().stages] == [1, 2, 2, 3, 3, 4, 1]
    larger = EfficientNetLite(width=1.1, depth=1.2)
    assert [len(stage) for stage in larger.stages] == [1, 3, 3, 4, 4, 5, 1]


@pytest.mark.parametrize(
    ("channels", "width", "rounded"), [(32, 1.0, 32), (24, 1.1, 24), (40, 1.1, 48), (112, 1.1, 120)]
)
def test_round_channels(channels: int, width: float, rounded: int) -> None:
    assert round_channels(channels, width) == rounded


def test_a_fresh_trunk_tells_pictures_apart() -> None:
    # constant taps would leave nothing of the picture behind the first depthwise convolution
    trunk = EfficientNetLite(width=0.25, depth=0.3)
    with torch.no_grad():
        first, second = (trunk(torch.rand(1, 3, 33, 33) * 255) for _ in range(2))
    for one, other in zip(first, second, strict=True):
        assert float((one - other).abs().max()) > 1e-7


def test_inference_equals_training() -> None:
    trunk = EfficientNetLite(width=0.25, depth=0.3)
    images = torch.rand(1, 3, 49, 33) * 255
    learning = trunk(images)
    with torch.no_grad():
        inferred = trunk(images)
    for one, other in zip(learning, inferred, strict=True):
        torch.testing.assert_close(one.detach(), other, atol=1e-5, rtol=1e-4)


def published_block(block: InvertedResidual, index: int) -> dict[str, torch.Tensor]:
    tensors: dict[str, torch.Tensor] = {}

    def norm(name: str, channels: int) -> None:
        tensors[f"{name}.weight"] = torch.rand(channels) + 0.5
        tensors[f"{name}.bias"] = torch.randn(channels)
        tensors[f"{name}.running_mean"] = torch.randn(channels)
        tensors[f"{name}.running_var"] = torch.rand(channels) + 0.5

    name = f"_blocks.{index}"
    if block.expand is not None:
        tensors[f"{name}._expand_conv.weight"] = torch.randn_like(block.expand.weight)
        norm(f"{name}._bn0", block.expand.out_channels)
    tensors[f"{name}._depthwise_conv.weight"] = torch.randn_like(block.depthwise_weight)
    norm(f"{name}._bn1", len(block.depthwise_bias))
    tensors[f"{name}._project_conv.weight"] = torch.randn_like(block.project.weight)
    norm(f"{name}._bn2", block.project.out_channels)
    return tensors


def published_trunk(trunk: EfficientNetLite) -> dict[str, torch.Tensor]:
    tensors = {"_conv_stem.weight": torch.randn_like(trunk.stem.weight)}
    for part in ("weight", "bias", "running_mean", "running_var"):
        tensors[f"_bn0.{part}"] = torch.rand(32) + 0.5
    blocks = [block for stage in trunk.stages for block in stage]  # type: ignore[attr-defined]
    for index, block in enumerate(blocks):
        tensors |= published_block(block, index)
    return tensors


def test_folding_equals_convolution_then_norm() -> None:
    torch.manual_seed(0)
    trunk = EfficientNetLite(width=0.25, depth=0.3).double()
    published = {name: value.double() for name, value in published_trunk(trunk).items()}
    import_published_lite(trunk, published)
    images = torch.rand(1, 3, 33, 33, dtype=torch.float64) * 255
    maps = (images - 127) / 128

    def normed(value: torch.Tensor, name: str) -> torch.Tensor:
        parts = (published[f"{name}.{part}"] for part in ("running_mean", "running_var"))
        return F.batch_norm(
            value,
            *parts,
            published[f"{name}.weight"],
            published[f"{name}.bias"],
            eps=BATCH_NORM_EPSILON,
        )

    with torch.no_grad():
        stem = F.conv2d(maps, published["_conv_stem.weight"], stride=2, padding=1)
        expected = F.relu6(normed(stem, "_bn0"))
        taps, index = [], 0
        for stage in trunk.stages:
            for block in stage:  # type: ignore[attr-defined]
                name, before = f"_blocks.{index}", expected
                if block.expand is not None:
                    value = F.conv2d(expected, published[f"{name}._expand_conv.weight"])
                    expected = F.relu6(normed(value, f"{name}._bn0"))
                taps_of = published[f"{name}._depthwise_conv.weight"]
                value = F.conv2d(
                    expected,
                    taps_of,
                    stride=block.stride,
                    padding=taps_of.shape[-1] // 2,
                    groups=len(taps_of),
                )
                expected = F.relu6(normed(value, f"{name}._bn1"))
                value = F.conv2d(expected, published[f"{name}._project_conv.weight"])
                expected = normed(value, f"{name}._bn2")
                expected = expected + before if block.has_shortcut else expected
                index += 1
            taps.append(expected)
        result = trunk(images)
    for ours, position in zip(result, (1, 2, 4, 6), strict=True):
        scale = float(taps[position].abs().max())
        torch.testing.assert_close(ours / scale, taps[position] / scale, atol=1e-9, rtol=0)


def test_import_names_what_does_not_fit() -> None:
    trunk = EfficientNetLite(width=0.25, depth=0.3)
    published = published_trunk(trunk)
    misshapen = published | {"_blocks.1._project_conv.weight": torch.zeros(3, 3, 1, 1)}
    misshapen |= {
        f"_blocks.1._bn2.{part}": torch.ones(3)
        for part in ("weight", "bias", "running_mean", "running_var")
    }
    with pytest.raises(ValueError, match=r"_blocks\.1"):
        import_published_lite(trunk, misshapen)
    del published["_blocks.0._bn1.bias"]
    with pytest.raises(KeyError, match=r"_blocks\.0\._bn1\.bias"):
        import_published_lite(trunk, published)
