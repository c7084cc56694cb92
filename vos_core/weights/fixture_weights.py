"""Deterministic weights from a manifest, so that parity is tested without a checkpoint."""

from __future__ import annotations

import json
import zlib
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from vos_core.errors import WeightsError


def generate_value(
    key: str, shape: tuple[int, ...], *, loc: float, scale: float, absolute: bool
) -> Tensor:
    """Draw one tensor from its name.

    ``value = loc + scale * n`` (``|n|`` if absolute) with n standard normal from PCG64 seeded by
    the name's CRC32; float64, then cast to float32.
    """
    generator = np.random.Generator(np.random.PCG64(zlib.crc32(key.encode())))
    noise = generator.standard_normal(shape)
    value = loc + scale * (np.abs(noise) if absolute else noise)
    return torch.from_numpy(np.asarray(value, dtype=np.float32))


def generate_weights(manifest: Path) -> dict[str, Tensor]:
    """Generate every tensor of a manifest under the authors' key.

    Tensors that are listed a second time get the later name's value under both names, as in a
    checkpoint; counters are left out.

    Args:
        manifest: JSON with ``entries`` of ``key``, ``shape``, ``kind``, ``loc``, ``scale``,
            ``abs`` and possibly ``overridden_by``.

    Raises:
        WeightsError: If the file is not such a manifest.
    """
    try:
        entries = json.loads(manifest.read_text(encoding="utf-8"))["entries"]
        weights: dict[str, Tensor] = {}
        later: dict[str, str] = {}
        for entry in entries:
            if entry["kind"] == "int":
                continue
            if entry.get("overridden_by"):
                later[entry["key"]] = entry["overridden_by"]
                continue
            weights[entry["key"]] = generate_value(
                entry["key"],
                tuple(entry["shape"]),
                loc=entry["loc"],
                scale=entry["scale"],
                absolute=entry["abs"],
            )
    except (OSError, UnicodeDecodeError) as error:
        raise WeightsError(f"cannot read the manifest {manifest}: {error}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise WeightsError(
            f"{manifest} is not a manifest of deterministic weights: it needs a list 'entries' "
            f"of key, shape, kind, loc, scale and abs ({error!r})"
        ) from error
    for key, target in later.items():
        while target in later:
            target = later[target]
        if target not in weights:
            raise WeightsError(f"{manifest}: {key} is overridden by {target}, which is missing")
        weights[key] = weights[target]
    return weights
