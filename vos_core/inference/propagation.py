"""A running propagation: carries masks through a video, one frame per step."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection

import numpy as np
import torch

from vos_core.errors import UserError
from vos_core.inference.branch import Branch, DigestKey, FeatureShare
from vos_core.inference.known_masks import without_background
from vos_core.inference.memory_relief import MemoryRelief, is_out_of_memory
from vos_core.inference.records import FrameResult, PropagatorOptions
from vos_core.inference.results import (
    empty_result,
    frame_result,
    with_person_pixels,
    with_times,
)
from vos_core.inference.route import Leg, Route
from vos_core.inference.segmented import Segmented, join_branches, own_reference
from vos_core.networks.contract import Features, PropagationNetwork

ReadFrame = Callable[[int], np.ndarray]


class Propagation:
    """A running propagation: a generator with a place in the video (see `Propagator.start`).

    Args:
        network: The network, in evaluation mode.
        device: Where to compute.
        read_frame: Gives frame i as uint8 [H, W, 3] RGB.
        route: References and targets.
        options: How to run; its mode is not looked at.
        is_growing: Whether own results become references (mode "mf").
        share: Features that other passes over the same video have made.
    """

    def __init__(
        self,
        network: PropagationNetwork,
        device: torch.device,
        read_frame: ReadFrame,
        route: Route,
        options: PropagatorOptions,
        *,
        is_growing: bool,
        share: FeatureShare | None = None,
    ) -> None:
        self._network, self._share = network, share
        self._read_frame, self._route, self._options = read_frame, route, options
        self._is_growing = is_growing
        self._automatic: dict[int, np.ndarray] = {}
        self._start: int | None = None
        self._object_ids: tuple[int, ...] = ()
        self._device = device
        self._size = (int(route.size[0]), int(route.size[1]))
        self._relief = MemoryRelief(device, self._size)
        self._notices: list[str] = []
        self._branches = self._make_branches()
        self._frames: dict[int, np.ndarray] = {}
        self._last: tuple[int, np.ndarray] | None = None
        self._has_lost_state = False

    def _make_branches(self) -> list[Branch]:
        options = self._options
        return [
            Branch(
                self._network,
                self._size,
                options=options,
                scale=scale,
                flip=flip,
                device=self._device,
                share=self._share,
            )
            for scale in options.scales
            for flip in ((False, True) if options.flip else (False,))
        ]

    @property
    def options(self) -> PropagatorOptions:
        """How it runs now; the input has shrunk when memory ran out."""
        return self._options

    def take_notices(self) -> list[str]:
        """What a person should know of the run so far; each is given once."""
        notices, self._notices = self._notices, []
        return notices

    @property
    def targets_left(self) -> int:
        """Frames that `step` has still to visit."""
        return self._route.targets_left

    def correct(
        self, index: int, label_map: np.ndarray, known: Collection[int] | None = None
    ) -> None:
        """Take a person's mask as a reference before the next step.

        A frame ahead is used when it is reached. If targets beyond the frame have been visited, the
        propagation goes on anew from it, so that `targets_left` grows.

        Args:
            index: Frame; a reference that is there already is replaced.
            label_map: uint8 [H, W].
            known: Ids that the map speaks of (see `Propagator.start`).

        Raises:
            UserError: If the map is no uint8 [H, W] of the frames' size.
        """
        changed = self._route.correct(index, label_map, known)
        for other in changed:
            self._forget(other)
        self._drop_automatic(index)

    def _drop_automatic(self, index: int) -> None:
        """Forget own results that a changed frame may prove wrong."""
        for other in list(self._automatic):
            is_before = (other - index) * self._route.direction < 0
            if not (is_before and self._options.keeps_backgrounds):
                del self._automatic[other]
                self._forget(other)

    def close(self) -> None:
        """Drop everything; further steps give None."""
        self._route.close()
        self._branches.clear()
        self._frames.clear()
        self._automatic.clear()

    def step(self) -> FrameResult | None:
        """Segment the next target frame; None when there is none left.

        When the device runs out of memory, the frame is tried again in smaller chunks, then at
        lower resolutions of the network; `take_notices` tells of it.

        Raises:
            UserError: If a frame has another size than the masks, or memory is too small for the
                lowest resolution. The propagation stays where it is, as it does when reading a
                frame fails.
        """
        while True:
            try:
                return self._step()
            except (MemoryError, RuntimeError) as error:
                if not is_out_of_memory(error):
                    raise
            # outside of the handler: the error's traceback holds the tensors that did not fit
            self._make_room()

    def _make_room(self) -> None:
        self._branches.clear()
        self._automatic.clear()
        if self._share is not None:
            self._share.clear()
        self._options, notice = self._relief.go_down(self._options)
        self._notices.append(notice)
        self._branches = self._make_branches()
        self._has_lost_state = True

    @torch.inference_mode()
    def _step(self) -> FrameResult | None:
        marks = [time.perf_counter()]
        leg = self._route.next_leg()
        if leg is None:
            return None
        self._frames.clear()
        frame = self._frame(leg.target)
        marks.append(time.perf_counter())
        if not leg.object_ids:
            # nothing that a reference behind this frame has shown: an empty frame, and certain
            result = empty_result(leg.target, self._size)
            self._route.done(leg.target)
            return with_times(result, [*marks, time.perf_counter()])
        self._prepare(leg)
        features = [branch.encode(leg.target, frame) for branch in self._branches]
        marks.append(time.perf_counter())
        segmented = self._segment(features)
        for branch, own in zip(self._branches, features, strict=True):
            branch.absorb(own, segmented.finest)
        if not leg.open_ids:
            self._grow_pool(leg.target, features, segmented)
        marks.append(time.perf_counter())
        result = frame_result(leg.target, segmented, leg.object_ids, self._size)
        if leg.open_ids:
            merged = self._route.complete(leg.target, result.label_map, leg.open_ids)
            self._forget(leg.target)
            result = with_person_pixels(result, merged, leg.open_ids)
        self._last = result.index, result.label_map
        self._route.done(leg.target)
        return with_times(result, [*marks, time.perf_counter()])

    def _frame(self, index: int) -> np.ndarray:
        if index not in self._frames:
            frame = self._read_frame(index)
            if frame.shape[:2] != self._size:
                rows, columns = self._size
                raise UserError(
                    f"frame {index} is {frame.shape[1]}x{frame.shape[0]} pixels, the masks are "
                    f"{columns}x{rows}; all frames of a sequence must have one size"
                )
            self._frames[index] = frame
        return self._frames[index]

    def _features(self, branch: Branch, index: int) -> Features:
        features = branch.known_features(index)
        return branch.encode(index, self._frame(index)) if features is None else features

    def _forget(self, index: int) -> None:
        for branch in self._branches:
            branch.forget(index)

    def _reference_keys(self, target: int, object_ids: tuple[int, ...]) -> list[DigestKey]:
        """What to match against: the background of a map only if it speaks of all objects.

        Where a map does not speak of an object, its background may contain it. If no map speaks of
        all objects, every background counts: matching needs one.
        """
        people = self._route.reference_indices
        if self._options.keeps_backgrounds:  # the authors know nothing of what comes later
            people = self._route.behind(target) or people
        speaks = {i: self._route.speaks_of(i, object_ids) for i in people}
        speaks |= {i: True for i in self._automatic if i not in speaks}
        chosen = self._nearest(target, list(speaks), object_ids)
        needs_all = self._options.keeps_backgrounds or not any(speaks[i] for i in chosen)
        return [DigestKey(i, object_ids, needs_all or speaks[i]) for i in sorted(chosen)]

    def _nearest(self, target: int, frames: list[int], object_ids: tuple[int, ...]) -> list[int]:
        """The references nearest to the target, and the nearest one of each object they lack."""
        limit = self._options.max_references
        if limit is None or len(frames) <= limit:
            return frames
        frames = sorted(frames, key=lambda i: (abs(i - target), i))
        chosen, others = frames[:limit], frames[limit:]
        missing = set(object_ids) - self._route.shown_by(chosen)
        for index in others:
            found = missing & self._route.shown_by([index])
            if found:
                chosen.append(index)
                missing -= found
        return chosen

    def _prepare(self, leg: Leg) -> None:
        """Bring references up to date; start from the anchor if there is one or objects changed."""
        anchor = leg.anchor
        if self._has_lost_state and anchor is None and leg.object_ids == self._object_ids:
            self._begin_from_last(leg)
            return
        if leg.object_ids != self._object_ids:
            if not self._options.keeps_backgrounds:
                self._automatic.clear()
            for branch in self._branches:
                branch.forget_all()
            anchor = self._route.anchor() if anchor is None else anchor
        if self._start is None:
            self._start = anchor
        keys = self._digested(leg)
        for branch in self._branches:
            if anchor is not None:
                features = self._features(branch, anchor)
                branch.begin(keys, features, self._route.label_map(anchor))
            else:
                branch.use_references(keys)
        self._object_ids, self._has_lost_state = leg.object_ids, False

    def _begin_from_last(self, leg: Leg) -> None:
        """Go on from the result before, after memory ran out and every state was dropped."""
        if self._last is None:
            raise RuntimeError("a propagation loses its state before its first result")
        keys, (index, label_map) = self._digested(leg), self._last
        for branch in self._branches:
            branch.begin(keys, self._features(branch, index), label_map)
        self._has_lost_state = False

    def _digested(self, leg: Leg) -> list[DigestKey]:
        """References for a frame, each digested by every branch."""
        keys = self._reference_keys(leg.target, leg.object_ids)
        for key in keys:
            for branch in self._branches:
                if not branch.has_digest(key):
                    branch.digest(
                        key,
                        self._features(branch, key.frame),
                        self._mask_of(key),
                        is_lasting=key.frame not in self._automatic,
                    )
            if key.frame != leg.target:
                self._frames.pop(key.frame, None)
        return keys

    def _mask_of(self, key: DigestKey) -> np.ndarray:
        if key.frame in self._automatic:
            return self._automatic[key.frame]
        label_map = self._route.label_map(key.frame)
        return label_map if key.has_background else without_background(label_map)

    def _segment(self, features: list[Features]) -> Segmented:
        results = [branch.step(own) for branch, own in zip(self._branches, features, strict=True)]
        return join_branches(
            self._network,
            results,
            grid=features[0].grid(4),
            frame_size=self._size if self._options.decide_at == "frame" else None,
            reference_frames=self._branches[0].reference_frames,
        )

    def _grow_pool(self, target: int, features: list[Features], segmented: Segmented) -> None:
        """Every few frames the result itself becomes a reference, without its doubtful pixels."""
        options = self._options
        if not self._is_growing or self._start is None:
            return
        if abs(target - self._start) % options.interval:
            return
        self._automatic[target] = own_reference(segmented.finest, self._object_ids, options)
        limit = options.max_automatic
        while limit is not None and len(self._automatic) > limit:
            oldest = next(iter(self._automatic))
            del self._automatic[oldest]
            self._forget(oldest)
        if target not in self._automatic:
            return
        key = DigestKey(target, self._object_ids, has_background=True)
        for branch, own in zip(self._branches, features, strict=True):
            branch.digest(key, own, self._automatic[target], is_lasting=False)
