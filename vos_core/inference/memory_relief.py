"""What to do when a device has no memory left: smaller chunks first, then smaller inputs."""

from __future__ import annotations

import gc
from dataclasses import replace

import torch

from vos_core.errors import UserError
from vos_core.inference.device import give_back_freed_memory
from vos_core.inference.records import PropagatorOptions
from vos_core.matching.global_matching import shrink_chunks

SHORT_EDGES = (400, 336, 272, 208, 144)
"""Shorter sides of the input that are tried one after the other."""

_SIGNS = ("out of memory", "can't allocate memory", "cannot allocate memory", "not enough memory")


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that an allocation failed; torch has several ways to say so."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(sign in str(error).lower() for sign in _SIGNS)


def release_memory(device: torch.device) -> None:
    """Give back what nobody holds any more."""
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
    elif device.type == "mps":
        torch.mps.empty_cache()
    else:
        give_back_freed_memory()


class MemoryRelief:
    """How far a run has gone down after its device ran out of memory.

    Args:
        device: The device.
        frame_size: Native (H, W).
    """

    def __init__(self, device: torch.device, frame_size: tuple[int, int]) -> None:
        self._device, self._shorter = device, min(frame_size)
        self._has_small_chunks = False

    def go_down(self, options: PropagatorOptions) -> tuple[PropagatorOptions, str]:
        """The next thing to try.

        Args:
            options: What did not fit.

        Returns:
            The options to go on with, and what a person should know.

        Raises:
            UserError: If nothing smaller is left.
        """
        release_memory(self._device)
        name = str(self._device)
        if not self._has_small_chunks and shrink_chunks():
            self._has_small_chunks = True
            return options, f"Memory of {name} ran out: going on in smaller chunks, a bit slower."
        now = min(options.short_edge, self._shorter)
        lower = next((edge for edge in SHORT_EDGES if edge < now), None)
        if lower is None:
            raise UserError(
                f"memory of {name} is too small even for frames of {SHORT_EDGES[-1]} rows; close "
                "other programs, carry fewer objects at once, or choose another device"
            )
        text = (
            f"Memory of {name} ran out: the network goes on at {lower} rows instead of {now}. "
            "Masks keep the size of the video."
        )
        return replace(options, short_edge=lower, sizing="short-edge"), text
