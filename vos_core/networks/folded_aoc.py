"""AOC's head with calibrations folded into weights: same result as the plain one, less work.

A calibration compares all labels, so blocks are run one after the other for all labels, where the
other networks run label by label. What it does to a map is a factor per channel, which is folded
into the convolution behind it. The map "union less own" is never formed: products with it are
differences of products, and those with the union exist once for all labels.

The plain form is :class:`vos_core.networks.aoc.CalibrationGate` before every block.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vos_core.networks.aoc_lite.calibration import ObjectCalibration
from vos_core.networks.blocks.ensembler import Ensembler
from vos_core.networks.blocks.object_decoder import ObjectDecoder, ObjectLogits
from vos_core.networks.folded_decoder import (
    SharedSkip,
    apply_filters,
    run_first_convolution,
    run_second_convolution,
    run_skip,
)
from vos_core.networks.folded_head import gate_scale, run_aspp, run_block, run_joined_block
from vos_core.networks.folded_rows import as_rows, matrix
from vos_core.networks.shared_input import SharedInput
from vos_core.ops.product import product


def calibration_scales(
    calibration: ObjectCalibration, maps: Sequence[Tensor], guidance: Tensor
) -> Tensor:
    """Factors of a calibration, ``[L, C]`` (AOC, equations 5 to 8).

    Args:
        calibration: Its weights.
        maps: Per label ``[1, C, h, w]``.
        guidance: ``[L, G]``.
    """
    rows = [as_rows(own) for own in maps]
    largest = functools.reduce(torch.maximum, rows)
    union = product(largest, matrix(calibration.merge.weight), calibration.merge.bias)
    own, others = calibration.own, calibration.others
    weights = torch.cat([matrix(own.confidence.weight), matrix(others.confidence.weight)])
    union_dots = union @ weights[1]
    own_sums, others_sums = [], []
    for label_rows in rows:
        dots = label_rows @ weights.T
        confidences = torch.stack(
            [
                own.weigh(dots[:, 0]),
                others.weigh(union_dots - dots[:, 1]),
            ]
        )
        sums = confidences @ label_rows
        own_sums.append(sums[0])
        others_sums.append(confidences[1] @ union - sums[1])
    count = len(rows[0])
    parts = [
        own.linear(torch.stack(own_sums) / count),
        others.linear(torch.stack(others_sums) / count),
        calibration.guidance(guidance),
    ]
    return 1 + torch.tanh(calibration.mix(torch.cat(parts, dim=1)))


def gate_scales(gate: nn.Module, maps: Sequence[Tensor], guidance: Tensor) -> Tensor:
    """Factors ``[L, C]`` of any of AOC's gates for all labels' maps."""
    calibration = getattr(gate, "calibration", None)
    if isinstance(calibration, ObjectCalibration):
        return calibration_scales(calibration, maps, guidance)
    return torch.stack([gate_scale(gate, own[None]) for own in guidance])


def run_calibrated(
    ensembler: Ensembler,
    decoder: ObjectDecoder,
    joined: SharedInput,
    low: SharedSkip,
    guidance: Tensor,
) -> ObjectLogits:
    """Run ensembler and decoder for all labels.

    Args:
        ensembler: Its weights; only its first stage has an input.
        decoder: Its weights.
        joined: The first stage's input.
        low: Backbone features.
        guidance: ``[L, G]``.

    Returns:
        Foreground and background logits, each ``[L, h4, w4]``.
    """
    labels = range(len(guidance))
    (first, first_gate), *pairs = ensembler.gated_blocks()
    scales = gate_scales(first_gate, (), guidance)
    x = [run_joined_block(first, scales[label], None, joined, label) for label in labels]
    skips: list[Tensor] = []
    for block, gate in pairs:
        scales = gate_scales(gate, x, guidance)
        x = [run_block(block, scales[label], x[label]) for label in labels]
        if not skips:  # the first stage's output, all that is needed of it later
            skips = [run_skip(decoder, own, low) for own in x]
    scales = gate_scales(ensembler.aspp_gate, x, guidance)
    x = [run_aspp(ensembler.aspp, scales[label], x[label]) for label in labels]
    return _decode(decoder, x, skips, guidance)


def _decode(
    decoder: ObjectDecoder, x: list[Tensor], skips: list[Tensor], guidance: Tensor
) -> ObjectLogits:
    labels = range(len(guidance))
    size = skips[0].shape[-2:]
    grown = [
        torch.cat([F.interpolate(own, size, mode="bicubic", align_corners=True), skip], dim=1)
        for own, skip in zip(x, skips, strict=True)
    ]
    scales = gate_scales(decoder.gate1, grown, guidance)
    grown.clear()
    y = [run_first_convolution(decoder, x[o], skips[o], scales[o]) for o in labels]
    scales = gate_scales(decoder.gate2, y, guidance)
    y = [run_second_convolution(decoder, y[o], scales[o]) for o in labels]
    own = [apply_filters(decoder, y[o], guidance[o : o + 1]) for o in labels]
    return ObjectLogits(*(torch.stack(maps) for maps in zip(*own, strict=True)))
