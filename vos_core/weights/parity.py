"""Compares a network with recorded inputs and outputs of the authors' code, output by output."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from vos_core.errors import UserError
from vos_core.networks.published import PublishedNetwork, ReleasedBehaviour
from vos_core.networks.published_matching.reference import join_references
from vos_core.networks.published_records import (
    FrameFeatures,
    Memory,
    PreviousFrame,
    Segmentation,
)
from vos_core.networks.single_scale import SingleScaleNetwork

MEAN = (0.485, 0.456, 0.406)
DEVIATION = (0.229, 0.224, 0.225)
MAP_TOLERANCE = 1e-5
LOGIT_TOLERANCE = 1e-3
FEATURE_TOLERANCE = 1e-4
HALF_PRECISION = 1e-3
MIN_PIXELS = "TEST_GLOBAL_MATCHING_MIN_PIXEL"


class FixtureError(UserError):
    """A fixture cannot be read, or is not a fixture."""


@dataclass(frozen=True)
class OutputDifference:
    """How far one output is from the recorded one.

    Attributes:
        name: Name of the output in the fixture.
        largest: Largest absolute difference; infinity when shapes differ.
        tolerance: The most that is allowed.
        recorded: The recorded value, where it is one number.
    """

    name: str
    largest: float
    tolerance: float
    recorded: float | None = None

    @property
    def is_within(self) -> bool:
        """Whether the difference is within the tolerance (false for NaN)."""
        return self.largest <= self.tolerance


#: kind of output -> how its names begin
KINDS = {
    "features": ("f0_", "prehead"),
    "matching maps": ("global_", "local_", "ce_in"),
    "guidance": ("att_",),
    "memory": ("mem",),
    "logits": ("logit_",),
    "probabilities": ("prob_",),
    "loss": ("loss_",),
    "prediction": ("pred",),
    "gradient norm": ("grad ",),
}


def largest_by_kind(differences: Sequence[OutputDifference]) -> dict[str, tuple[int, float]]:
    """Number of outputs and largest difference of each kind that occurs, in the order of KINDS."""
    found: dict[str, tuple[int, float]] = {}
    for kind, beginnings in KINDS.items():
        own = [item.largest for item in differences if item.name.startswith(beginnings)]
        if own:
            found[kind] = len(own), max(own)
    return found


@dataclass(frozen=True)
class Fixture:
    """Recorded inputs and outputs of one case.

    Attributes:
        path: Where it was read.
        arrays: All arrays by name.
        meta: The record of how it was made: net, h, w, n_obj, steps, overrides.
    """

    path: Path
    arrays: Mapping[str, np.ndarray]
    meta: Mapping[str, object]

    @property
    def label_count(self) -> int:
        """Number of labels L, background included."""
        return int(str(self.meta["n_obj"])) + 1

    @property
    def steps(self) -> tuple[str, ...]:
        """Steps that were recorded, of A, B and C."""
        steps = self.meta["steps"]
        return tuple(str(step) for step in steps) if isinstance(steps, list) else ()

    @property
    def overrides(self) -> Mapping[str, object]:
        """Settings of the authors' code that differ from its defaults."""
        overrides = self.meta.get("overrides")
        return overrides if isinstance(overrides, Mapping) else {}

    @property
    def min_matching_pixels(self) -> int:
        """The authors' TEST_GLOBAL_MATCHING_MIN_PIXEL, 0 where it was not overridden."""
        return int(str(self.overrides.get(MIN_PIXELS, 0)))


def read_fixture(path: Path) -> Fixture:
    """Read a fixture.

    Raises:
        FixtureError: If the file is missing, damaged or holds something else.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        meta = json.loads(str(arrays.pop("meta")))
    except (OSError, ValueError, zipfile.BadZipFile, EOFError) as error:
        raise FixtureError(f"{path} cannot be read as a fixture: {error}") from error
    except KeyError as error:
        raise FixtureError(f"{path} is no fixture: it has no array {error}") from error
    needed = {"n_obj", "net"} - set(meta)
    if needed or "images" not in arrays or "masks" not in arrays:
        raise FixtureError(f"{path} is no fixture: it lacks images, masks or {sorted(needed)}")
    return Fixture(path=path, arrays=arrays, meta=meta)


def normalise(image: np.ndarray) -> Tensor:
    """Turn ``[H, W, 3]`` uint8 planes into a network input ``[1, 3, H, W]`` float32."""
    planes = (image.astype(np.float64) / 255.0 - MEAN) / DEVIATION
    return torch.from_numpy(planes.astype(np.float32).transpose(2, 0, 1).copy())[None]


@torch.inference_mode()
def compare(network: PublishedNetwork, fixture: Fixture) -> list[OutputDifference]:
    """Run the recorded steps and compare every recorded output.

    The network's behaviour is that of the recording for the time of the comparison: with a
    minimum of matching pixels, the authors' code also changes the guidance vector's labels.

    Args:
        network: The network, filled with the fixture's weights, in evaluation mode.
        fixture: What to compare with.

    Raises:
        FixtureError: If the fixture was recorded with settings that are not known here, or
            records no output.
    """
    unknown = sorted(set(fixture.overrides) - {MIN_PIXELS})
    if unknown:
        raise FixtureError(f"{fixture.path} was recorded with unknown settings: {unknown}")
    before = network.behaviour
    minimum = fixture.min_matching_pixels
    network.behaviour = ReleasedBehaviour(
        min_matching_pixels=minimum,
        guidance_uses_atrous_labels=minimum > 0,
        largest_window_first=True,
        nobody_is_background=True,
    )
    try:
        differences = [item for item in _compare(network, fixture) if item is not None]
    finally:
        network.behaviour = before
    if not differences:
        raise FixtureError(f"{fixture.path} records no output to compare with")
    return differences


def _compare(network: PublishedNetwork, fixture: Fixture) -> Iterator[OutputDifference | None]:
    arrays = fixture.arrays
    features = [network.encode(normalise(image)) for image in arrays["images"]]
    masks = [torch.from_numpy(mask.astype(np.int64)) for mask in arrays["masks"]]
    yield from _frame_differences(network, features[0], fixture)
    label_count = fixture.label_count
    second_mask = masks[1]
    if "ref_mask1" in arrays:
        second_mask = torch.from_numpy(arrays["ref_mask1"].astype(np.int64))
    first = network.digest(features[0], masks[0], label_count)
    second = network.digest(features[1], second_mask, label_count)
    plan = {
        "A": (first, 0, 1),
        "B": (first, 1, 2),
        "C": (join_references([first, second]), 1, 2),
    }
    memory: Memory | None = None
    for step in fixture.steps:
        reference, previous_index, target = plan[step]
        previous = PreviousFrame(features[previous_index], masks[previous_index])
        result = network(features[target], reference, previous, memory)
        if step == "A":
            memory = result.memory
            inputs = network.stage_inputs(features[target], previous, result.matching)
            for index, stage in enumerate(inputs):
                if stage is not None:
                    means = stage.write_out().mean(dim=(2, 3))
                    yield _difference(fixture, f"ce_in{index}_chmean", means, MAP_TOLERANCE)
        yield from _step_differences(network, result, step, fixture)


def _frame_differences(
    network: PublishedNetwork, features: FrameFeatures, fixture: Fixture
) -> Iterator[OutputDifference | None]:
    """Compare the first frame's backbone maps and embeddings."""
    backbone = network.extract(normalise(fixture.arrays["images"][0]))
    named = {
        "decoder": backbone.decoded,
        "aspp": backbone.aspp,
        "low": backbone.low,
        "mid": backbone.mid,
    }
    named |= {f"emb{index}": value for index, value in enumerate(features.embeddings)}
    for name, value in named.items():
        yield _difference(fixture, f"f0_{name}_ch16", value[0, ::16], FEATURE_TOLERANCE)
        means = value[0].mean(dim=(1, 2))
        yield _difference(fixture, f"f0_{name}_chmean", means, FEATURE_TOLERANCE)


def _step_differences(
    network: PublishedNetwork, result: Segmentation, step: str, fixture: Fixture
) -> Iterator[OutputDifference | None]:
    """Compare one step's maps, guidance, memory, logits and probabilities."""
    for index, maps in enumerate(result.matching.maps):
        for name, value in (
            ("global_fg", maps.global_foreground),
            ("local_fg", maps.local_foreground),
            ("global_bg", maps.global_background),
            ("local_bg", maps.local_background),
        ):
            full = f"{name}_s{index}_{step}"
            if full in fixture.arrays:
                # of step C only the first local window is recorded
                kept = value[:, : fixture.arrays[full].shape[1]]
                yield _difference(fixture, full, kept, MAP_TOLERANCE)
    yield _difference(fixture, f"att_{step}", result.matching.guidance, MAP_TOLERANCE)
    if isinstance(network, SingleScaleNetwork):
        head = network.head_features(result.matching)[:, ::8]
        yield _difference(fixture, f"prehead_out_ch8_{step}", head, FEATURE_TOLERANCE)
    if result.memory is not None:
        for index, value in enumerate(result.memory):
            yield _difference(fixture, f"mem{index}_{step}_ch16", value[:, ::16], LOGIT_TOLERANCE)
    yield _difference(fixture, f"logit_{step}", result.logits, LOGIT_TOLERANCE)
    size = fixture.arrays["masks"].shape[-2:]
    full_size = F.interpolate(
        result.logits[None], size=(size[0], size[1]), mode="bilinear", align_corners=True
    )
    probabilities = full_size[0].softmax(dim=0)
    yield _difference(fixture, f"prob_{step}", probabilities, HALF_PRECISION)


def _difference(
    fixture: Fixture, name: str, value: Tensor, tolerance: float
) -> OutputDifference | None:
    """Compare one output; None where it is not on record."""
    if name not in fixture.arrays:
        return None
    expected = torch.from_numpy(fixture.arrays[name].astype(np.float32))
    if expected.shape != value.shape:
        return OutputDifference(name, float("inf"), tolerance)
    return OutputDifference(name, float((expected - value).abs().max()), tolerance)
