"""The propagator: a network on a device, ready to carry masks through videos."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from vos_core.inference.branch import FeatureShare
from vos_core.inference.device import choose_device, choose_dtype, keep_freed_memory
from vos_core.inference.propagation import Propagation, ReadFrame
from vos_core.inference.records import PropagatorOptions
from vos_core.inference.route import Route
from vos_core.networks.aoc_lite import AocLite
from vos_core.networks.contract import PropagationNetwork
from vos_core.networks.presets import build_network, sizes_from_metadata
from vos_core.networks.published_engine import PublishedEngine
from vos_core.weights.files import load_network_weights, read_metadata
from vos_core.weights.published import find_published, load_imported
from vos_core.weights.registry import find_weights, verify_weights


class Propagator:
    """A network on a device, ready to start propagations.

    Attributes:
        model_name: Name of the weights.
        device_name: "cpu", "cuda:0", ...
        dtype_name: "float32", "bfloat16" or "float16".
    """

    def __init__(
        self,
        network: PropagationNetwork,
        *,
        device: torch.device,
        dtype: torch.dtype,
        model_name: str,
    ) -> None:
        self.device, self.dtype = device, dtype
        if isinstance(network, AocLite):
            network = network.to(device=device, dtype=dtype)
            network.matching.float()
            network.to(memory_format=torch.channels_last).eval()  # type: ignore[call-overload]
            network.requires_grad_(False)
        self.network: PropagationNetwork = network
        self.model_name = model_name
        self.device_name = str(device)
        self.dtype_name = str(dtype).removeprefix("torch.")

    @staticmethod
    def load(model: str = "aoc-lite", device: str = "auto", dtype: str = "auto") -> Propagator:
        """Load weights onto a device.

        Args:
            model: Name of shipped weights, of a published network whose checkpoint was imported, or
                the path of a safetensors file.
            device: "auto", "cuda", "mps", "cpu", or a numbered CUDA device.
            dtype: "auto", "float32", "bfloat16" or "float16".

        Raises:
            WeightsError: If the weights are missing, damaged or for another network.
            DeviceError: If the device or type is not there.
        """
        keep_freed_memory()
        chosen = choose_device(device)
        chosen_dtype = choose_dtype(chosen, dtype)
        published = find_published(model)
        if published is not None:
            if dtype == "auto" and chosen.type == "cpu":
                chosen_dtype = torch.float32  # in which the published numbers hold
            engine = PublishedEngine(load_imported(*published), device=chosen, dtype=chosen_dtype)
            return Propagator(engine, device=chosen, dtype=chosen_dtype, model_name=model)
        if model.endswith(".safetensors"):
            name, path = "aoc-lite", Path(model)
        else:
            record = find_weights(model)
            verify_weights(record)
            name, path = record.network, record.path
        network = build_network(name, sizes_from_metadata(read_metadata(path)))
        load_network_weights(network, path, name)
        return Propagator(network, device=chosen, dtype=chosen_dtype, model_name=model)

    def start(
        self,
        read_frame: ReadFrame,
        references: Mapping[int, np.ndarray],
        targets: Sequence[int],
        *,
        object_ids: Sequence[int] | None = None,
        known: Mapping[int, Collection[int]] | None = None,
        mode: str | None = None,
        options: PropagatorOptions | None = None,
    ) -> Propagation:
        """Prepare a propagation; the first frame is computed by the first `Propagation.step`.

        Args:
            read_frame: Gives frame i as uint8 [H, W, 3] RGB.
            references: Frame index to uint8 [H, W] label map: what a person made.
            targets: Frames to segment, in visiting order.
            object_ids: Objects to carry; None takes all that the references show.
            known: For references that a person drew in part, the ids that the map speaks of, shown
                or said to be absent. Such a frame stays a target for the objects that travel to it
                and that it does not speak of: its result is the person's map completed by them.
                By default a map speaks of every object that has been shown on the way to it.
            mode: Overrides the mode of `options`.
            options: How to run.

        Raises:
            UserError: If no reference shows an object, or the references differ in size.
            ValueError: If the targets neither ascend nor descend.
        """
        chosen = options or PropagatorOptions()
        if mode is not None:
            chosen = replace(chosen, mode=mode)
        return self.begin(read_frame, Route(references, targets, object_ids, known), chosen)

    def begin(
        self,
        read_frame: ReadFrame,
        route: Route,
        options: PropagatorOptions,
        *,
        share: FeatureShare | None = None,
    ) -> Propagation:
        """Prepare one pass along a route.

        Args:
            read_frame: See `start`.
            route: References and targets.
            options: How to run.
            share: Features that other passes over the same video have made.
        """
        return Propagation(
            self.network,
            self.device,
            read_frame,
            route,
            options,
            is_growing=options.mode == "mf",
            share=share,
        )
