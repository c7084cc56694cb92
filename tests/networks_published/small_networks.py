"""The published networks on a trunk of a few channels, for laws that need no real features."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor, nn

from vos_core.backbones.trunk import TrunkFeatures
from vos_core.networks.aoc import Aoc
from vos_core.networks.cfbi import Cfbi
from vos_core.networks.cfbi_plus import CfbiPlus
from vos_core.networks.published import PublishedNetwork
from vos_core.networks.published_matching.reference import ScaleMatching
from vos_core.networks.published_records import FrameFeatures
from vos_core.networks.rpcm import Rpcm

SIZE = (33, 49)
NAMES = ("cfbi", "cfbi-plus", "rpcm", "aoc")


PLUS_SCALES = (
    ScaleMatching(32, (4, 8, 12, 16, 20, 24), global_atrous=2, local_atrous=2),
    ScaleMatching(64, (2, 4, 6, 8, 10, 12)),
    ScaleMatching(128, (2, 4, 6, 8, 10)),
)


class SmallTrunk(nn.Module):
    """Strided convolutions with the grids of a real trunk."""

    low_channels = 8
    mid_channels = 12
    out_channels = 16

    def __init__(self) -> None:
        super().__init__()
        self.low = nn.Conv2d(3, 8, 7, stride=4, padding=3)
        self.mid = nn.Conv2d(8, 12, 3, stride=2, padding=1)
        self.high = nn.Conv2d(12, 16, 3, stride=2, padding=1)

    def forward(self, image: Tensor) -> TrunkFeatures:
        low = torch.relu(self.low(image))
        mid = torch.relu(self.mid(low))
        return TrunkFeatures(low, mid, torch.relu(self.high(mid)))


@lru_cache(maxsize=4)
def build_exact(name: str) -> PublishedNetwork:
    """Build a small network in double precision, once; leave its weights alone."""
    return build_small(name).double()


def build_small(name: str, *, seed: int = 0) -> PublishedNetwork:
    """Build a network in evaluation mode whose every parameter has an effect."""
    torch.manual_seed(seed)
    trunk = SmallTrunk()
    if name == "cfbi-plus":
        network: PublishedNetwork = CfbiPlus(trunk, scales=PLUS_SCALES)
    else:
        kinds = {"cfbi": Cfbi, "rpcm": Rpcm, "aoc": Aoc}
        network = kinds[name](trunk)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    return network.eval()


def random_features(network: PublishedNetwork, seed: int) -> FrameFeatures:
    """Features of a random image."""
    image = torch.randn(1, 3, *SIZE, generator=torch.Generator().manual_seed(seed))
    image = image.to(network.foreground_bias.dtype)
    features: FrameFeatures = network.encode(image)
    return features


def random_labels(object_count: int, seed: int, *, absent: tuple[int, ...] = ()) -> Tensor:
    """Random blocky labels with some pixels of nobody; ``absent`` objects do not occur."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.randint(0, object_count + 1, (9, 13), generator=generator)
    labels = coarse.repeat_interleave(4, 0).repeat_interleave(4, 1)[: SIZE[0], : SIZE[1]].clone()
    labels[torch.rand(SIZE, generator=generator) < 0.05] = 255
    for label in absent:
        labels[labels == label] = 0
    return labels
