"""Weights files in safetensors, read without executing anything and checked tensor by tensor."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from vos_core.errors import WeightsError
from vos_core.media.atomic import write_bytes_atomic


def file_digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def save_network_weights(
    tensors: Mapping[str, Tensor],
    path: Path,
    metadata: Mapping[str, str],
    *,
    dtype: torch.dtype | None = None,
) -> None:
    """Write tensors as one safetensors file, whole or not at all.

    Args:
        tensors: State dict.
        path: Target file.
        metadata: At least ``network``, the name of the preset the tensors belong to.
        dtype: Type to store floating tensors in; None keeps theirs.
    """
    stored = {
        name: (value.to(dtype) if dtype and value.is_floating_point() else value)
        .detach()
        .cpu()
        .contiguous()
        for name, value in tensors.items()
    }
    write_bytes_atomic(path, save(stored, dict(metadata)))


def read_weights(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Tensors and metadata of a safetensors file.

    Raises:
        WeightsError: If the file is missing or damaged.
    """
    with _opened(path) as stream:
        tensors = {name: stream.get_tensor(name) for name in stream.keys()}  # noqa: SIM118
        return tensors, dict(stream.metadata() or {})


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[Any]:
    if not path.is_file():
        raise WeightsError(f"{path}: there is no such weights file")
    try:
        with safe_open(path, framework="pt", device="cpu") as stream:
            yield stream
    except (SafetensorError, OSError, ValueError) as error:
        raise WeightsError(
            f"{path}: the weights file is damaged ({error}); copy or download it again"
        ) from error


def read_metadata(path: Path) -> dict[str, str]:
    """Metadata of a safetensors file, without its tensors.

    Raises:
        WeightsError: If the file is missing or damaged.
    """
    with _opened(path) as stream:
        return dict(stream.metadata() or {})


def load_network_weights(network: nn.Module, path: Path, name: str) -> dict[str, str]:
    """Fill a network from a weights file; nothing is changed unless everything fits.

    Args:
        network: Target; floating tensors are converted to its types.
        path: A safetensors file.
        name: The preset that the network was built from.

    Returns:
        The file's metadata.

    Raises:
        WeightsError: If the file is missing, damaged, for another network, or its tensors differ;
            the message names them.
    """
    tensors, metadata = read_weights(path)
    written_for = metadata.get("network", "")
    if written_for != name:
        owner = f"the network {written_for!r}" if written_for else "a network it does not name"
        raise WeightsError(f"{path}: these weights are for {owner}, not for {name!r}")
    own = network.state_dict()
    missing = sorted(set(own) - set(tensors))
    extra = sorted(set(tensors) - set(own))
    misshapen = [
        f"{key} is {tuple(tensors[key].shape)} instead of {tuple(own[key].shape)}"
        for key in sorted(set(own) & set(tensors))
        if own[key].shape != tensors[key].shape
    ]
    faults = [
        f"{title}: {', '.join(names[:5])}{' ...' if len(names) > 5 else ''}"
        for title, names in (("missing", missing), ("unknown", extra), ("misshapen", misshapen))
        if names
    ]
    if faults:
        raise WeightsError(f"{path}: does not fit the network {name!r}; {'; '.join(faults)}")
    network.load_state_dict(tensors)
    return metadata
