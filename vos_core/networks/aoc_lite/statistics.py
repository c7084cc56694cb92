"""What an object's decoder takes from the whole frame: its norms and its calibrations.

Everything else in the decoder is local. So these values, kept from the last frame on which an
object was decoded whole, let it be decoded in a window of the next ones: a norm joins what it sees
in the window with what lay outside, a calibration is used again.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from vos_core.networks.aoc_lite.calibration import ObjectCalibration
from vos_core.networks.aoc_lite.records import ObjectMemory, OutsideMoments
from vos_core.networks.aoc_lite.windows import Window


class WholeFrame:
    """Statistics of the very maps that are decoded.

    Args:
        groups: int64 [n], the clip of each row.
        group_count: Number of clips.
    """

    def __init__(self, groups: Tensor, group_count: int) -> None:
        self._groups, self._group_count = groups, group_count

    def normalise(self, norm: nn.GroupNorm, maps: Tensor) -> Tensor:
        """Return [n, C, h, w] normalised."""
        result: Tensor = norm(maps)
        return result

    def calibrate(self, calibration: ObjectCalibration, maps: Tensor, guidance: Tensor) -> Tensor:
        """Return [n, C, h16, w16] calibrated."""
        result: Tensor = calibration(maps, guidance, self._groups, self._group_count)
        return result


class Recorded:
    """The same for some objects of one clip, kept for frames to come.

    Args:
        others: Memories of the clip's other objects, which calibrations compare with.
        windows: Where objects lie, by row; an object without a window is nowhere.
        grid: (h16, w16) of the frame.
    """

    def __init__(
        self,
        others: Sequence[ObjectMemory],
        windows: Mapping[int, Window],
        grid: tuple[int, int],
    ) -> None:
        self._others, self._windows, self._grid = others, windows, grid
        self._outside: list[list[OutsideMoments]] = []
        self._inputs: list[Tensor] = []
        self._vectors: list[Tensor] = []

    def normalise(self, norm: nn.GroupNorm, maps: Tensor) -> Tensor:
        """Return [n, C, h, w] normalised."""
        result, means, variances = _group_norm(norm, maps)
        cells = maps.shape[-2] * maps.shape[-1]
        stride = 16 if tuple(maps.shape[-2:]) == self._grid else 8
        outside = []
        for row, (mean, variance) in enumerate(zip(means, variances, strict=True)):
            window = self._windows.get(row)
            moments = OutsideMoments(mean, variance, cells)
            if window is not None:
                inside = maps[(row, slice(None), *window.at(stride))].float()
                grouped = inside.unflatten(0, (norm.num_groups, -1)).flatten(1)
                moments = _without(moments, grouped, inside[0].numel() / cells)
            outside.append(moments)
        self._outside.append(outside)
        return result

    def calibrate(self, calibration: ObjectCalibration, maps: Tensor, guidance: Tensor) -> Tensor:
        """Return [n, C, h16, w16] calibrated."""
        place = len(self._inputs)
        self._inputs.append(maps)
        others = (other.inputs[place] for other in self._others)
        largest = functools.reduce(torch.maximum, (*maps, *others))
        vector = calibration.vector(maps, calibration.merge(largest[None]), guidance)
        self._vectors.append(vector)
        return maps * (1 + vector[..., None, None]).to(maps.dtype)

    def memories(self, areas: Sequence[float]) -> list[ObjectMemory]:
        """One memory for each object, with the area of its previous mask."""
        return [
            ObjectMemory(
                outside=tuple(moments[row] for moments in self._outside),
                inputs=tuple(maps[row] for maps in self._inputs),
                vectors=tuple(vectors[row] for vectors in self._vectors),
                area=area,
            )
            for row, area in enumerate(areas)
        ]


class Remembered:
    """Statistics of windows, joined with what is remembered of the frame around them.

    Args:
        memories: One for each row.
    """

    def __init__(self, memories: Sequence[ObjectMemory]) -> None:
        self._outside = list(zip(*(memory.outside for memory in memories), strict=True))
        self._vectors = list(zip(*(memory.vectors for memory in memories), strict=True))

    def normalise(self, norm: nn.GroupNorm, maps: Tensor) -> Tensor:
        """Return [n, C, h, w] normalised."""
        result, mean, variance = _group_norm(norm, maps)
        outside = self._outside.pop(0)
        share = maps.shape[-2] * maps.shape[-1] / outside[0].cells
        other, other_variance = (
            torch.stack(parts) for parts in zip(*(own[:2] for own in outside), strict=True)
        )
        joined = share * mean + (1 - share) * other
        spread = variance + (mean - joined).square()
        other_spread = other_variance + (other - joined).square()
        joined_variance = share * spread + (1 - share) * other_spread
        # from the window's own norm to that of the frame, in one pass
        deviation, joined_deviation = (v.add(norm.eps).sqrt() for v in (variance, joined_variance))
        channels = maps.shape[1] // norm.num_groups
        ratio = (deviation / joined_deviation).repeat_interleave(channels, 1)
        offset = ((mean - joined) / joined_deviation).repeat_interleave(channels, 1)
        shift = norm.bias * (1 - ratio) + norm.weight * offset
        scale, shift = (part.to(maps.dtype)[..., None, None] for part in (ratio, shift))
        return torch.addcmul(shift, result, scale)

    def calibrate(self, calibration: ObjectCalibration, maps: Tensor, guidance: Tensor) -> Tensor:
        """Return [n, C, h16, w16] calibrated."""
        vector = torch.stack(self._vectors.pop(0))
        return maps * (1 + vector[..., None, None]).to(maps.dtype)


Statistics = WholeFrame | Recorded | Remembered


def _without(whole: OutsideMoments, inside: Tensor, share: float) -> OutsideMoments:
    """Moments of the frame less [groups, n] values that make up such a share of it."""
    variance, mean = torch.var_mean(inside, dim=1, correction=0)
    rest = max(1.0 - share, 1e-6)
    other = (whole.mean - share * mean) / rest
    spread = variance + (mean - whole.mean).square()
    other_spread = (whole.variance - share * spread) / rest
    return OutsideMoments(
        other, (other_spread - (other - whole.mean).square()).clamp(min=0), whole.cells
    )


def _group_norm(norm: nn.GroupNorm, maps: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Normalise [n, C, h, w]; also float32 [n, groups] mean and variance before."""
    count, channels, height, width = maps.shape
    result, mean, reciprocal = torch.native_group_norm(
        maps,
        norm.weight.float(),
        norm.bias.float(),
        count,
        channels,
        height * width,
        norm.num_groups,
        norm.eps,
    )
    return result, mean.float(), reciprocal.float().pow(-2) - norm.eps
