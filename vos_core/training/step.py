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
from vos_core.training.losses import VOID, clip_loss, hard_pixel_share

OWN_REFERENCE_MIN_PROBABILITY = 0.8


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
    rngs: Sequence[np.random.Generator],
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
        rngs: One generator a clip for the choices made for it.
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
        running = _begin(network, features, clips, labels, config, rngs)
        for time in range(2, frame_count):
            for index, clip_run in enumerate(running):
                before = _frame(features, index, time - 1, frame_count)
                _add_reference(network, clip_run, before, labels[index][1], time)
            targets = Features(*(maps[time::frame_count] for maps in features))
            results = network.step_clips(
                targets,
                [clip_run.state for clip_run in running],
                drop_local=[clip_run.drops_local for clip_run in running],
            )
            scores = []
            for index, (result, clip_run) in enumerate(zip(results, running, strict=True)):
                loss, score = clip_loss(
                    result.logits,
                    labels[index][time],
                    kept_share=kept,
                    jaccard_weight=config.jaccard_weight,
                    absent_weight=config.absent_weight,
                )
                total = total + loss / (len(clips) * (frame_count - 2))
                scores.append(float(score))
                clip_run.state = network.absorb(
                    _frame(features, index, time, frame_count),
                    stride4_probabilities(result.logits.detach()),
                    clip_run.state,
                )
            jaccard.append(sum(scores) / len(scores))
    return StepOutcome(total, tuple(jaccard))


@dataclass
class _ClipRun:
    """One clip on its way through its frames."""

    state: State
    references: list[Reference]
    second: Reference | None
    joins_own: bool
    drops_local: bool


def _begin(
    network: AocLite,
    features: Features,
    clips: Sequence[Clip],
    labels: Sequence[Tensor],
    config: TrainingConfig,
    rngs: Sequence[np.random.Generator],
) -> list[_ClipRun]:
    """States before the first target, and the choices that each clip's later frames follow."""
    frame_count = len(clips[0].images)
    running: list[_ClipRun] = []
    for index, (clip, rng) in enumerate(zip(clips, rngs, strict=True)):
        ids = tuple(range(1, clip.object_count + 1))
        reference = network.reference(
            _frame(features, index, 0, frame_count), labels[index][0], ids
        )
        before = _frame(features, index, 1, frame_count)
        known = labels[index][1]
        if rng.random() < config.perturb_previous:
            disturbed = perturb_label_map(clip.label_maps[1], rng)
            known = torch.from_numpy(disturbed.astype(np.int64)).to(known.device)
        second: Reference | None = None
        if rng.random() < config.second_reference:
            second = network.reference(before, labels[index][1], ids)
        running.append(
            _ClipRun(
                state=network.begin([reference], before, known),
                references=[reference],
                second=second,
                joins_own=bool(rng.random() < config.own_reference),
                drops_local=clip.kind != "look_alikes" and rng.random() < config.drop_local,
            )
        )
    return running


def _add_reference(
    network: AocLite, clip_run: _ClipRun, before: Features, known: Tensor, time: int
) -> None:
    """Let a clip match against one more reference from this target on.

    At the second target that is the previous frame with its given mask; at the third it is the
    frame before with the network's own mask, doubtful pixels left out (as at test time in mode
    "mf").
    """
    if time == 3 and clip_run.second is not None:
        clip_run.references.append(clip_run.second)
    elif time == 4 and clip_run.joins_own:
        best, channels = clip_run.state.probabilities.max(0)
        channels = channels.masked_fill(best < OWN_REFERENCE_MIN_PROBABILITY, VOID)
        rows = torch.arange(known.shape[0], device=known.device) // 4
        columns = torch.arange(known.shape[1], device=known.device) // 4
        own = channels[rows[:, None], columns]
        clip_run.references.append(network.reference(before, own, clip_run.state.object_ids))
    else:
        return
    clip_run.state = clip_run.state.with_references(network.join(clip_run.references))
