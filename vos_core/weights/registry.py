"""The weights that the project ships: where they are, and whether they are whole."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from vos_core.errors import WeightsError
from vos_core.resource_files import resource_path
from vos_core.weights.files import file_digest


@dataclass(frozen=True)
class WeightsRecord:
    """One shipped weights file as its card describes it.

    Attributes:
        name: Name that `--model` takes.
        network: Preset that the tensors belong to.
        path: The safetensors file.
        sha256: Digest that the file must have.
        summary: One line for lists.
    """

    name: str
    network: str
    path: Path
    sha256: str
    summary: str


def shipped_weights() -> list[WeightsRecord]:
    """Every weights file that has a card beside it in the resources folder.

    Raises:
        WeightsError: If a card cannot be read.
    """
    folder = resource_path("weights")
    records = []
    for card in sorted(folder.glob("*.json")) if folder.is_dir() else []:
        try:
            values = json.loads(card.read_text(encoding="utf-8"))
            records.append(
                WeightsRecord(
                    name=values["name"],
                    network=values["network"],
                    path=card.with_suffix(".safetensors"),
                    sha256=values["sha256"],
                    summary=values["summary"],
                )
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise WeightsError(f"{card}: the weights card cannot be read: {error!r}") from error
    return records


def find_weights(name: str) -> WeightsRecord:
    """The shipped weights of that name.

    Raises:
        WeightsError: If there are none; the message lists what there is.
    """
    records = shipped_weights()
    for record in records:
        if record.name == name:
            return record
    known = ", ".join(record.name for record in records) or "none"
    raise WeightsError(f"there are no weights named {name!r}; installed: {known}")


def verify_weights(record: WeightsRecord) -> None:
    """Compare a file's SHA-256 with its card's.

    Raises:
        WeightsError: If the file is missing or differs.
    """
    if not record.path.is_file():
        raise WeightsError(f"{record.path}: the weights file is missing; install the project again")
    digest = file_digest(record.path)
    if digest != record.sha256:
        raise WeightsError(
            f"{record.path}: damaged or replaced: its SHA-256 is {digest[:16]}..., "
            f"its card says {record.sha256[:16]}...; install the project again"
        )
