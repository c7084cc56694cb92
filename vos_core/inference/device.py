"""Choosing where and in which number type to compute."""

from __future__ import annotations

import ctypes
import functools
import os
from pathlib import Path

import torch

from vos_core.errors import DeviceError

DEVICES = ("auto", "cuda", "mps", "cpu")
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


def available_devices() -> tuple[str, ...]:
    """Kinds of device that torch can use here, the one that "auto" takes first."""
    return tuple(kind for kind, there in _availability().items() if there)


def _availability() -> dict[str, bool]:
    return {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }


def choose_device(name: str = "auto") -> torch.device:
    """The device of that name; "auto" takes CUDA, then MPS, then the processor.

    Raises:
        DeviceError: If the name is unknown or the machine has no such device.
    """
    available = _availability()
    if name == "auto":
        return torch.device(next(kind for kind, there in available.items() if there))
    kind = name.split(":")[0]
    if kind not in available:
        raise DeviceError(f"there is no device named {name!r}; choose one of {', '.join(DEVICES)}")
    there = ", ".join(kind for kind, found in available.items() if found)
    if not available[kind]:
        raise DeviceError(f"this machine has no {kind} device that torch can use; it has: {there}")
    try:
        device = torch.device(name)
    except RuntimeError:
        raise DeviceError(f"{name!r} is no device; write for instance {kind} or {kind}:0") from None
    if kind == "cuda" and device.index is not None and device.index >= torch.cuda.device_count():
        raise DeviceError(f"{name}: this machine has {torch.cuda.device_count()} CUDA device(s)")
    return device


@functools.lru_cache(maxsize=1)
def processor_multiplies_bfloat16() -> bool:
    """Whether the processor multiplies bfloat16 (AVX-512 BF16, AMX, SVE BF16)."""
    info = Path("/proc/cpuinfo")
    if not info.is_file():
        return False
    flags = info.read_text(encoding="utf-8", errors="replace")
    return any(flag in flags for flag in ("avx512_bf16", "amx_bf16", " bf16"))


def choose_dtype(device: torch.device, name: str = "auto") -> torch.dtype:
    """The number type of that name; "auto" takes bfloat16 where the device is fast at it.

    Raises:
        DeviceError: If the name is unknown.
    """
    if name != "auto":
        if name not in DTYPES:
            raise DeviceError(
                f"unknown number type {name!r}; choose one of auto, {', '.join(DTYPES)}"
            )
        return DTYPES[name]
    if device.type == "cuda":
        return (
            torch.bfloat16
            if torch.cuda.is_bf16_supported(including_emulation=False)
            else torch.float16
        )
    if device.type == "cpu" and processor_multiplies_bfloat16():
        return torch.bfloat16
    return torch.float32


def keep_freed_memory() -> None:
    """Ask the C library to keep freed blocks, once, before torch allocates.

    glibc gives every freed block over 128 KB back to the system, and page faults then cost more
    than the arithmetic of an element-wise pass. Does nothing on other systems or when the
    environment already sets the policy.
    """
    library = _c_library()
    if library is None or os.environ.get("MALLOC_MMAP_MAX_"):
        return
    mmap_max, trim_threshold, top_pad = -4, -1, -2
    library.mallopt(mmap_max, 0)
    library.mallopt(trim_threshold, 2**31 - 1)
    library.mallopt(top_pad, 64 * 2**20)


def give_back_freed_memory() -> None:
    """Give the system back what `keep_freed_memory` has kept and nobody uses.

    Takes some tens of milliseconds, and as long again for pages that are wanted anew: for now and
    then. Does nothing on other systems.
    """
    library = _c_library()
    if library is not None:
        library.malloc_trim(0)


@functools.lru_cache(maxsize=1)
def _c_library() -> ctypes.CDLL | None:
    """The GNU C library; None where there is another one."""
    if not Path("/proc/self/maps").is_file():
        return None
    try:
        library = ctypes.CDLL("libc.so.6")
    except OSError:
        return None
    has_all = all(hasattr(library, name) for name in ("mallopt", "malloc_trim"))
    return library if has_all else None
