"""Turning a run's averaged weights into a shipped file with its card."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from vos_core.media.atomic import write_text_atomic
from vos_core.weights.files import file_digest, read_weights, save_network_weights


def release_weights(source: Path, folder: Path, name: str, card: Mapping[str, Any]) -> Path:
    """Store weights in half precision with a JSON card that holds their digest.

    Args:
        source: Averaged weights of a run (safetensors).
        folder: Where shipped weights live.
        name: Name of the release, which is also the file's stem.
        card: At least ``summary``; everything that a reader should know: data and its terms,
            recipe, date, scores.

    Returns:
        Path of the weights file.

    Raises:
        WeightsError: If the source cannot be read.
    """
    tensors, metadata = read_weights(source)
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{name}.safetensors"
    save_network_weights(tensors, target, metadata, dtype=torch.float16)
    values = {
        "name": name,
        "network": metadata["network"],
        "sha256": file_digest(target),
        "bytes": target.stat().st_size,
        "stored_as": "float16",
        "steps": int(metadata.get("steps", 0)),
        **card,
    }
    write_text_atomic(
        target.with_suffix(".json"), json.dumps(values, indent=2, ensure_ascii=False) + "\n"
    )
    return target
