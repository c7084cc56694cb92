"""A small `aoc-lite` and small synthetic videos, so that propagation is tested in milliseconds."""

from __future__ import annotations

import functools

import numpy as np
import torch
import torch.nn.functional as F

from vos_core.data.spec import Clip
from vos_core.inference import Propagator
from vos_core.networks.aoc_lite import AocLite, Features, State, StepResult

SIZE = 97  # 16 n + 1: the network's input is the frame itself
COLOURS = ((220, 60, 40), (40, 90, 220), (230, 200, 30), (60, 190, 90))


def build_tiny_network(seed: int = 0) -> AocLite:
    """`AocLite` with narrow layers and random weights."""
    torch.manual_seed(seed)
    return AocLite(
        backbone_width=0.25,
        backbone_depth=0.3,
        embedding_widths=(8, 16, 16),
        decoder_widths=(8, 16, 16),
        key_channels=8,
    )


def shake_zero_starts(network: AocLite, scale: float = 0.05) -> AocLite:
    """Give the layers that start at zero (gates, calibration, filter) random values."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in network.parameters():
            if not parameter.any():
                parameter += torch.randn(parameter.shape, generator=generator) * scale
    return network


@functools.lru_cache(maxsize=4)
def tiny_propagator(seed: int = 0) -> Propagator:
    """A propagator with random weights on the processor in float32."""
    network = shake_zero_starts(build_tiny_network(seed))
    return propagator_of(network)


def propagator_of(network: AocLite) -> Propagator:
    """A propagator on the processor in float32."""
    return Propagator(network, device=torch.device("cpu"), dtype=torch.float32, model_name="tiny")


def moving_squares(
    frame_count: int,
    *,
    objects: int = 1,
    seed: int = 0,
    size: tuple[int, int] = (SIZE, SIZE),
    side: int = 28,
) -> tuple[np.ndarray, np.ndarray]:
    """Coloured squares that drift and bounce over a fixed grainy background.

    Args:
        frame_count: T.
        objects: 1..4 squares with ids 1, 2, ...; later ones cover earlier ones.
        seed: Places, directions, grain.
        size: (H, W).
        side: Side of each square.

    Returns:
        (uint8 [T, H, W, 3] frames, uint8 [T, H, W] label maps).
    """
    rng = np.random.default_rng(seed)
    height, width = size
    background = rng.integers(90, 150, (height // 4 + 1, width // 4 + 1, 3))
    background = background.repeat(4, 0).repeat(4, 1)[:height, :width]
    frames = np.empty((frame_count, height, width, 3), np.uint8)
    label_maps = np.zeros((frame_count, height, width), np.uint8)
    reach = np.array([height - side, width - side])
    places = rng.uniform(0, 1, (objects, 2)) * reach
    speeds = rng.uniform(2, 5, (objects, 2)) * rng.choice([-1, 1], (objects, 2))
    for time in range(frame_count):
        picture = background.astype(np.int64)
        for channel in range(objects):
            row, column = places[channel].astype(int)
            square = (slice(row, row + side), slice(column, column + side))
            picture[square] = COLOURS[channel]
            label_maps[time][square] = channel + 1
            places[channel] += speeds[channel]
            outside = (places[channel] < 0) | (places[channel] > reach)
            speeds[channel][outside] *= -1
            places[channel] = np.clip(places[channel], 0, reach)
        grain = rng.integers(-10, 11, picture.shape)
        frames[time] = np.clip(picture + grain, 0, 255)
    return frames, label_maps


class SquareClips:
    """Training clips of moving squares (the protocol of `vos_core.training`'s clip source)."""

    def __init__(self, frame_count: int = 4, max_objects: int = 2) -> None:
        self.frame_count, self.max_objects = frame_count, max_objects

    def sample(self, rng: np.random.Generator, progress: float) -> Clip:
        """Make one clip; independent of `progress`."""
        objects = int(rng.integers(1, self.max_objects + 1))
        seed = int(rng.integers(1 << 30))
        images, label_maps = moving_squares(self.frame_count, objects=objects, seed=seed)
        return Clip(images, label_maps, objects, "video")


class ColourNetwork(AocLite):
    """Real references and matching on plain colours; decided by "nearer to me than to others".

    Follows coloured squares without any training, so that tests can tell right masks from wrong.
    """

    def __init__(self) -> None:
        torch.manual_seed(0)
        super().__init__(
            backbone_width=0.25,
            backbone_depth=0.3,
            embedding_widths=(8, 16, 16),
            decoder_widths=(8, 16, 16),
            key_channels=3,
        )
        with torch.no_grad():
            self.matching.scale8.log_scale += 6.0

    def encode(self, images: torch.Tensor) -> Features:
        """Colours in 0..1 at strides 4, 8 and 16 in the place of embeddings."""
        colours = F.avg_pool2d(images / 255, 3, stride=1, padding=1, count_include_pad=False)
        at4, at8, at16 = (colours[..., ::step, ::step].contiguous() for step in (4, 8, 16))
        return Features(at4, at8, at16, at8, at16, at16)

    def step(self, target: Features, state: State) -> StepResult:
        """Logit 20 (background distance - foreground distance) of global matching."""
        maps = self.matching(target, state.references, state.previous, state.probabilities)
        logits = 20 * (maps.stride8[:, 1] - maps.stride8[:, 0])
        grown = F.interpolate(logits[None], target.grid(4), mode="bilinear", align_corners=True)
        return StepResult(grown[0], maps.cluster_index)


@functools.lru_cache(maxsize=1)
def colour_propagator() -> Propagator:
    """A propagator that follows colours."""
    return propagator_of(ColourNetwork())


def overlap(first: np.ndarray, second: np.ndarray) -> float:
    """Intersection over union of two boolean masks; 1 when both are empty."""
    union = int((first | second).sum())
    return int((first & second).sum()) / union if union else 1.0
