"""What ``vos benchmark`` times: a network with weights or without, plain or fast, in stages."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from vos_core.errors import UserError

if TYPE_CHECKING:
    import numpy as np

    from vos_core.inference import Propagator

SEED = 0
RANDOM_WEIGHTS = "random weights, seed 0: times are those of trained ones, masks are not"


class Column(NamedTuple):
    """A network to time.

    Attributes:
        propagator: The network on its device.
        weights: Where its weights come from, in words.
    """

    propagator: Propagator
    weights: str


def load_column(
    model: str, device: str, dtype: str, *, is_plain: bool, has_windows: bool | None = None
) -> Column:
    """Load a network to time; a published one whose weights were not imported gets random ones.

    Args:
        model: Name of weights or of a published network, or a weights file.
        device: Name of the device.
        dtype: Name of the number type; "auto" is what the network runs in by itself.
        is_plain: Take the plain form: matching by masked pairs and written-out windows, norms and
            gates as layers of their own.
        has_windows: Whether a network that can do so decodes several objects in windows; None: as
            it does by itself.

    Raises:
        UserError: If weights, device or type are not there, or windows are asked for of a network
            that has none, or of the plain form.
    """
    import torch

    from vos_core.cli.propagate import load_propagator
    from vos_core.inference import Propagator
    from vos_core.inference.device import choose_device, choose_dtype, keep_freed_memory
    from vos_core.networks.aoc_lite import AocLite
    from vos_core.networks.aoc_lite.window_decoding import WindowRules
    from vos_core.networks.published_engine import PublishedEngine
    from vos_core.networks.published_matching.written_out import WRITTEN_OUT
    from vos_core.networks.published_presets import PRESETS, build_published
    from vos_core.weights.published import find_published, load_imported, weights_folder

    is_missing = model in PRESETS and not (weights_folder() / f"{model}.safetensors").is_file()
    published = None if is_missing else find_published(model)
    if not is_missing and published is None:
        if dtype == "auto":
            propagator = load_propagator(model, device)
        else:
            propagator = Propagator.load(model, device, dtype)
        network = getattr(propagator, "network", None)
        if is_plain and isinstance(network, AocLite):
            network.matching.primitives = WRITTEN_OUT
            network.decoder.is_plain = True
            network.window_rules = None
        if has_windows is not None:
            if is_plain or not isinstance(network, AocLite):
                raise UserError("only the fast form of aoc-lite decodes objects in windows")
            network.window_rules = WindowRules(fewest=2) if has_windows else None
        return Column(propagator, f"weights {model}")
    if has_windows is not None:
        raise UserError(f"{model} has no windows; only aoc-lite decodes objects in windows")
    keep_freed_memory()
    chosen = choose_device(device)
    if dtype == "auto" and chosen.type == "cpu":
        dtype = "float32"  # in which the published numbers hold
    chosen_dtype = choose_dtype(chosen, dtype)
    if published is None:
        torch.manual_seed(SEED)
        built, weights = build_published(model, PRESETS[model].released), RANDOM_WEIGHTS
    else:
        built, weights = load_imported(*published), f"imported weights {published[0].name}"
    engine = PublishedEngine(built, device=chosen, dtype=chosen_dtype, is_plain=is_plain)
    made = Propagator(engine, device=chosen, dtype=chosen_dtype, model_name=model)
    return Column(made, weights)


class StageWatch:
    """Sums the time of chosen parts of a network; one part may lie within another."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def take(self) -> dict[str, float]:
        """Return the sums since the last call, and start anew."""
        taken, self.seconds = self.seconds, {}
        return taken

    def timed(self, name: str, function: Callable[..., Any], device: str) -> Callable[..., Any]:
        """Return the function with its time added under ``name``."""

        def call(*args: Any, **options: Any) -> Any:
            _wait(device)
            start = time.perf_counter()
            result = function(*args, **options)
            _wait(device)
            spent = time.perf_counter() - start
            self.seconds[name] = self.seconds.get(name, 0.0) + spent
            return result

        return call


def _wait(device: str) -> None:
    """Wait until an accelerator has done what it was asked for."""
    if device.startswith("cuda"):
        import torch

        torch.cuda.synchronize(device)


@contextmanager
def watching(propagator: Propagator) -> Iterator[StageWatch]:
    """Time matching and head of the propagator's network as long as the context lasts."""
    watch = StageWatch()
    network: Any = getattr(propagator, "network", None)
    parts: list[tuple[Any, str, str]] = []
    if hasattr(network, "decoder"):
        parts = [(network.matching, "forward", "matching"), (network.decoder, "forward", "head")]
    elif hasattr(network, "network"):
        inner = network.network
        parts = [(inner, "match", "matching"), (inner, "decide", "head")]
    try:
        for owner, method, name in parts:
            original = getattr(owner, method)
            setattr(owner, method, watch.timed(name, original, propagator.device_name))
        yield watch
    finally:
        for owner, method, _ in parts:
            owner.__dict__.pop(method, None)  # the class's own method is in force again


def first_logits(
    propagator: Propagator,
    first: tuple[np.ndarray, np.ndarray],
    second: np.ndarray,
    object_ids: tuple[int, ...],
) -> np.ndarray | None:
    """Segment one frame behind a given one.

    Args:
        propagator: The network; one that is only a stand-in has no logits.
        first: uint8 ``[H, W, 3]`` frame and its uint8 ``[H, W]`` label map.
        second: The frame to segment.
        object_ids: Objects in the label map.

    Returns:
        float32 logits at stride 4, or None.
    """
    network: Any = getattr(propagator, "network", None)
    if network is None:
        return None
    import torch

    from vos_core.inference.frame_input import frame_tensor, label_tensor
    from vos_core.ops.resize import network_size

    height, width = second.shape[:2]
    size = network_size(height, width)
    with torch.inference_mode():
        known, target = (
            network.encode(frame_tensor(frame, size, flip=False, device=propagator.device))
            for frame in (first[0], second)
        )
        labels = label_tensor(first[1], size, flip=False, device=propagator.device)
        state = network.begin([network.reference(known, labels, object_ids)], known, labels)
        logits: np.ndarray = network.step(target, state).logits.float().cpu().numpy()
        return logits
