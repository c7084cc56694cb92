"""One training step: clips in, loss out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from vos_core.data.appearance import perturb_label_map
from vos_core.data.spec import Clip
from vos_core.networks.aoc_lite import (
    AocLite,
    Features,
    Reference,
    State,
    stride4_probabilities,
)
from vos_core.training.config import TrainingConfig
from vos_core.training.losses import clip_loss, hard_pixel_share


@dataclass(frozen=True)
class StepOutcome:
    """Loss to differentiate and the mean soft Jaccard per target position."""

    loss: Tensor
    jaccard: tuple[float, ...]


def _frame(features: Features, clip: int, time: int, frame_count: int) -> Features:
    return features.frame(clip * frame_count + time)


def training_step(
    network: AocLite,
    clips: Sequence[Clip],
    config: TrainingConfig,
    *,
    rng: np.random.Generator,
    progress: float,
    device: torch.device,
) -> StepOutcome:
    """Run the clips of one batch through the network in sequence.

    Frame 0 is the reference, frame 1 the previous frame with its (sometimes perturbed) mask, the
    others are targets; from the second target on the previous mask is the network's own prediction,
    without a gradient through time (CFBI, training).

    Args:
        network: In training mode.
        clips: Clips of equal size and length.
        config: Loss weights and shares.
        rng: Choices of this step.
        progress: Share of the run that is done.
        device: Where the network is.
    """
    frame_count = len(clips[0].images)
    images = torch.from_numpy(np.concatenate([clip.images for clip in clips])).to(device)
    images = images.permute(0, 3, 1, 2).float().contiguous(memory_format=torch.channels_last)
    labels = [torch.from_numpy(clip.label_maps.astype(np.int64)).to(device) for clip in clips]
    kept = hard_pixel_share(
        progress, final=config.hard_pixel_share, reached_at=config.hard_pixel_steps
    )
    total = torch.zeros((), device=device)
    jaccard: list[float] = []
    with torch.autocast(device.type, torch.bfloat16):
        features = network.encode(images)
        states, seconds, dropped = _begin(network, features, clips, labels, config, rng)
        for time in range(2, frame_count):
            if time == 3:
                states = [_joined(network, *pair) for pair in zip(states, seconds, strict=True)]
            targets = Features(*(maps[time::frame_count] for maps in features))
            results = network.step_clips(targets, states, drop_local=dropped)
            scores = []
            for index, result in enumerate(results):
                loss, score = clip_loss(
                    result.logits,
                    labels[index][time],
                    kept_share=kept,
                    jaccard_weight=config.jaccard_weight,
                )
                total = total + loss / (len(clips) * (frame_count - 2))
                scores.append(float(score))
                states[index] = network.absorb(
                    _frame(features, index, time, frame_count),
                    stride4_probabilities(result.logits.detach()),
                    states[index],
                )
            jaccard.append(sum(scores) / len(scores))
    return StepOutcome(total, tuple(jaccard))


def _begin(
    network: AocLite,
    features: Features,
    clips: Sequence[Clip],
    labels: Sequence[Tensor],
    config: TrainingConfig,
    rng: np.random.Generator,
) -> tuple[list[State], list[list[Reference] | None], list[bool]]:
    """States before the first target, references to join at the second, who lacks local maps."""
    frame_count = len(clips[0].images)
    states: list[State] = []
    seconds: list[list[Reference] | None] = []
    dropped: list[bool] = []
    for index, clip in enumerate(clips):
        ids = tuple(range(1, clip.object_count + 1))
        reference = network.reference(
            _frame(features, index, 0, frame_count), labels[index][0], ids
        )
        before = _frame(features, index, 1, frame_count)
        known = labels[index][1]
        if rng.random() < config.perturb_previous:
            disturbed = perturb_label_map(clip.label_maps[1], rng)
            known = torch.from_numpy(disturbed.astype(np.int64)).to(known.device)
        states.append(network.begin([reference], before, known))
        again: list[Reference] | None = None
        if rng.random() < config.second_reference:
            again = [reference, network.reference(before, labels[index][1], ids)]
        seconds.append(again)
        dropped.append(clip.kind != "look_alikes" and rng.random() < config.drop_local)
    return states, seconds, dropped


def _joined(network: AocLite, state: State, references: Sequence[Reference] | None) -> State:
    return state if references is None else state.with_references(network.join(references))
