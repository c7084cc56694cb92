"""The propagator: carries masks from reference frames through a video, one frame per step."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from vos_core.errors import UserError
from vos_core.inference.branch import Branch
from vos_core.inference.device import choose_device, choose_dtype, keep_freed_memory
from vos_core.inference.frame_input import label_map_at, logits_of
from vos_core.inference.records import FrameResult, PropagatorOptions
from vos_core.inference.route import Route
from vos_core.networks.aoc_lite import AocLite, Features, stride4_probabilities
from vos_core.networks.presets import build_network
from vos_core.ops.aggregation import reliability_map
from vos_core.ops.resize import resize_bilinear
from vos_core.weights.files import load_network_weights
from vos_core.weights.registry import find_weights, verify_weights

ReadFrame = Callable[[int], np.ndarray]
MODES = ("base", "mf")
NOBODY = 255
CLUSTERS = 16


class Propagator:
    """A network on a device, ready to start propagations.

    Attributes:
        model_name: Name of the weights.
        device_name: "cpu", "cuda:0", ...
        dtype_name: "float32", "bfloat16" or "float16".
    """

    def __init__(
        self, network: AocLite, *, device: torch.device, dtype: torch.dtype, model_name: str
    ) -> None:
        self.device, self.dtype = device, dtype
        network = network.to(device=device, dtype=dtype)
        network.matching.float()
        self.network = network.to(memory_format=torch.channels_last).eval()  # type: ignore[call-overload]
        self.network.requires_grad_(False)
        self.model_name = model_name
        self.device_name = str(device)
        self.dtype_name = str(dtype).removeprefix("torch.")

    @staticmethod
    def load(model: str = "aoc-lite", device: str = "auto", dtype: str = "auto") -> Propagator:
        """Load weights onto a device.

        Args:
            model: Name of shipped weights, or the path of a safetensors file for `aoc-lite`.
            device: "auto", "cuda", "mps", "cpu", or a numbered CUDA device.
            dtype: "auto", "float32", "bfloat16" or "float16".

        Raises:
            WeightsError: If the weights are missing, damaged or for another network.
            DeviceError: If the device or type is not there.
        """
        keep_freed_memory()
        chosen = choose_device(device)
        chosen_dtype = choose_dtype(chosen, dtype)
        if model.endswith(".safetensors"):
            name, path = "aoc-lite", Path(model)
        else:
            record = find_weights(model)
            verify_weights(record)
            name, path = record.network, record.path
        network = build_network(name)
        load_network_weights(network, path, name)
        return Propagator(network, device=chosen, dtype=chosen_dtype, model_name=model)

    def start(
        self,
        read_frame: ReadFrame,
        references: Mapping[int, np.ndarray],
        targets: Sequence[int],
        *,
        object_ids: Sequence[int] | None = None,
        mode: str | None = None,
        options: PropagatorOptions | None = None,
    ) -> Propagation:
        """Prepare a propagation; the first frame is computed by the first `Propagation.step`.

        Args:
            read_frame: Gives frame i as uint8 [H, W, 3] RGB.
            references: Frame index to uint8 [H, W] label map: what a person made.
            targets: Frames to segment, in visiting order.
            object_ids: Objects to carry; None takes all that the references show.
            mode: Overrides the mode of `options`.
            options: How to run.

        Raises:
            UserError: If no reference shows an object, or the references differ in size.
        """
        chosen = options or PropagatorOptions()
        if (mode or chosen.mode) not in MODES:
            raise UserError(f"unknown mode {mode!r}; choose one of {', '.join(MODES)}")
        route = Route(references, targets, object_ids)
        return Propagation(self, read_frame, route, chosen, mode or chosen.mode)


class Propagation:
    """A running propagation: a generator with a place in the video (see `Propagator.start`)."""

    def __init__(
        self,
        propagator: Propagator,
        read_frame: ReadFrame,
        route: Route,
        options: PropagatorOptions,
        mode: str,
    ) -> None:
        self._propagator, self._read_frame, self._route = propagator, read_frame, route
        self._options, self._mode = options, mode
        self._automatic: dict[int, np.ndarray] = {}
        self._since_automatic = 0
        self._object_ids: tuple[int, ...] = ()
        flips = (False, True) if options.flip else (False,)
        self._branches = [
            Branch(
                propagator.network,
                route.size,
                short_edge=options.short_edge * scale,
                flip=flip,
                device=propagator.device,
            )
            for scale in options.scales
            for flip in flips
        ]
        self._frames: dict[int, np.ndarray] = {}

    @property
    def targets_left(self) -> int:
        """Frames that `step` has still to visit."""
        return self._route.targets_left

    def correct(self, index: int, label_map: np.ndarray) -> None:
        """Take a person's mask as a reference before the next step.

        A frame ahead is used when it is reached; from a frame already passed the propagation goes
        on anew.

        Raises:
            UserError: If the map has another size than the frames.
        """
        self._route.correct(index, label_map)
        self._automatic.clear()
        for branch in self._branches:
            branch.forget(index)

    def close(self) -> None:
        """Drop everything; further steps give None."""
        self._route.clear()
        self._branches.clear()
        self._frames.clear()
        self._automatic.clear()

    @torch.inference_mode()
    def step(self) -> FrameResult | None:
        """Segment the next target frame; None when there is none left."""
        started = time.perf_counter()
        leg = self._route.next_leg()
        if leg is None:
            return None
        target, anchor, object_ids = leg
        self._frames.clear()
        marks = [started]
        frame = self._frame(target)
        marks.append(time.perf_counter())
        if not object_ids:
            # nothing that a reference behind this frame has shown: an empty frame, and certain
            result = self._empty(target, started)
            self._route.done(target)
            return result
        self._prepare(anchor, object_ids)
        features = [branch.encode(target, frame) for branch in self._branches]
        marks.append(time.perf_counter())
        logits, clusters = self._segment(features)
        probabilities = stride4_probabilities(logits)
        for branch, own in zip(self._branches, features, strict=True):
            branch.absorb(own, probabilities)
        self._grow_pool(target, features, probabilities)
        marks.append(time.perf_counter())
        result = self._finish(target, logits, probabilities, clusters, marks)
        self._route.done(target)
        return result

    def _frame(self, index: int) -> np.ndarray:
        if index not in self._frames:
            frame = self._read_frame(index)
            if frame.shape[:2] != self._route.size:
                rows, columns = self._route.size
                raise UserError(
                    f"frame {index} is {frame.shape[1]}x{frame.shape[0]} pixels, the masks are "
                    f"{columns}x{rows}; all frames of a sequence must have one size"
                )
            self._frames[index] = frame
        return self._frames[index]

    def _features(self, branch: Branch, index: int) -> Features:
        if branch.has_features(index):
            return branch.encode(index, np.empty(0))
        return branch.encode(index, self._frame(index))

    def _prepare(self, anchor: int | None, object_ids: tuple[int, ...]) -> None:
        """Bring references up to date; start from the anchor if there is one or objects changed."""
        if object_ids != self._object_ids:
            self._automatic.clear()
            for branch in self._branches:
                branch.forget_all()
            anchor = self._route.anchor() if anchor is None else anchor
        people = self._route.references
        everyone = people | self._automatic
        order = sorted(everyone)
        for branch in self._branches:
            for index in order:
                if not branch.has_digest(index, object_ids):
                    features = self._features(branch, index)
                    branch.digest(index, features, everyone[index], object_ids)
            if anchor is not None:
                features = self._features(branch, anchor)
                branch.begin(order, object_ids, features, people[anchor])
            else:
                branch.use_references(order, object_ids)
        self._object_ids = object_ids

    def _segment(self, features: list[Features]) -> tuple[Tensor, Tensor]:
        results = [branch.step(own) for branch, own in zip(self._branches, features, strict=True)]
        if len(results) == 1:
            return results[0].logits.float(), results[0].cluster_index
        grid = features[0].grid(4)
        mean = sum(
            resize_bilinear(stride4_probabilities(result.logits)[None], grid)[0]
            for result in results
        ) / len(results)
        return logits_of(torch.as_tensor(mean)), results[0].cluster_index

    def _grow_pool(self, target: int, features: list[Features], probabilities: Tensor) -> None:
        """Every few frames the result itself becomes a reference, without its doubtful pixels."""
        self._since_automatic += 1
        if self._mode != "mf" or self._since_automatic < self._options.interval:
            return
        self._since_automatic = 0
        best, channels = probabilities.max(0)
        table = torch.tensor([0, *self._object_ids], device=channels.device)
        labels = table[channels].masked_fill(best < self._options.min_probability, NOBODY)
        self._automatic[target] = labels.to(torch.uint8).cpu().numpy()
        while len(self._automatic) > self._options.max_automatic:
            oldest = next(iter(self._automatic))
            del self._automatic[oldest]
            for branch in self._branches:
                branch.forget(oldest)
        for branch, own in zip(self._branches, features, strict=True):
            branch.digest(target, own, self._automatic[target], self._object_ids)

    def _empty(self, target: int, started: float) -> FrameResult:
        labels = np.zeros(self._route.size, np.uint8)
        reliable = np.full(self._route.size, 255, np.uint8)
        labels.setflags(write=False)
        reliable.setflags(write=False)
        return FrameResult(target, labels, reliable, {}, None, time.perf_counter() - started)

    def _finish(
        self,
        target: int,
        logits: Tensor,
        probabilities: Tensor,
        cluster_index: Tensor,
        marks: list[float],
    ) -> FrameResult:
        size = self._route.size
        ids = torch.tensor([0, *self._object_ids], dtype=torch.uint8, device=logits.device)
        label_map = ids[label_map_at(logits, size).long()].cpu().numpy()
        reliability = reliability_map(probabilities)
        channels = probabilities.argmax(0)
        grown = resize_bilinear(reliability[None, None] * 255, size)[0, 0]
        reliability_u8 = grown.round().to(torch.uint8).cpu().numpy()
        by_object = {}
        for channel, object_id in enumerate(self._object_ids, start=1):
            own = channels == channel
            value = reliability[own].mean() if own.any() else 1 - probabilities[channel].max()
            by_object[object_id] = float(value)
        clusters = _cluster_map(channels, cluster_index)
        for array in (label_map, reliability_u8, clusters):
            array.setflags(write=False)
        now = time.perf_counter()
        spans = [after - before for before, after in zip(marks, [*marks[1:], now], strict=True)]
        stages = dict(zip(("read", "encode", "segment", "finish"), spans, strict=True))
        return FrameResult(
            target, label_map, reliability_u8, by_object, clusters, now - marks[0], stages
        )


def _cluster_map(channels: Tensor, cluster_index: Tensor) -> np.ndarray:
    """uint8 [h8, w8]: ``1 + (16 * channel + proxy) % 255`` of each pixel's own label."""
    own = channels[::2, ::2]  # strides 4 and 8 nest
    proxy = cluster_index.gather(0, own[None])[0] % CLUSTERS
    values = 1 + (CLUSTERS * own + proxy) % 255
    result: np.ndarray = values.to(torch.uint8).cpu().numpy()
    return result
