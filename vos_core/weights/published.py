"""Import of the checkpoints that the authors of CFBI, CFBI+ and RPCM published."""

from __future__ import annotations

import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path

import platformdirs
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from vos_core.errors import WeightsError
from vos_core.networks.published import PublishedNetwork
from vos_core.networks.published_presets import PRESETS, build_published
from vos_core.weights.files import load_network_weights, save_network_weights
from vos_core.weights.published_keys import RULES, authors_key, map_keys

WRAPPERS = ("state_dict", "model", "net")
PREFIX = "module."
NAMED_AT_MOST = 50


DAMAGE = (
    RuntimeError,
    EOFError,
    OSError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    zipfile.BadZipFile,
)
"""What reading a file that is no checkpoint, or half of one, has been seen to raise."""


def read_checkpoint(path: Path) -> dict[str, Tensor]:
    """Read the tensors of a ``.pth`` file under the authors' names.

    Nothing in the file is executed: only tensors and plain containers are accepted. A wrapping
    ``state_dict`` and the prefix ``module.`` of data-parallel training are taken off; counters
    (``num_batches_tracked``) are left out.

    Raises:
        WeightsError: If the file is missing, truncated, holds code, or holds no tensors.
    """
    if not path.is_file():
        raise WeightsError(f"{path}: there is no such checkpoint file")
    try:
        content: object = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise WeightsError(
            f"{path}: refused, the file holds more than tensors or is damaged "
            f"({_first_line(error)}); a checkpoint of weights alone would be right"
        ) from error
    except DAMAGE as error:
        raise WeightsError(
            f"{path}: the checkpoint is damaged or incomplete ({_first_line(error)}); "
            f"copy or download it again"
        ) from error
    content = _unwrap(content)
    if not isinstance(content, Mapping) or not content:
        raise WeightsError(f"{path}: holds no state dict of tensors, so it is no checkpoint")
    tensors: dict[str, Tensor] = {}
    strangers = []
    for key, value in content.items():
        if not isinstance(key, str) or not isinstance(value, Tensor):
            strangers.append(str(key))
        elif not key.endswith("num_batches_tracked"):
            tensors[key.removeprefix(PREFIX)] = value
    if strangers:
        raise WeightsError(f"{path}: not a tensor: {_listed(strangers)}")
    return tensors


def convert_tensors(tensors: Mapping[str, Tensor], network: str, source: str) -> dict[str, Tensor]:
    """Rename the authors' tensors to ours and check each of them.

    A tensor that the authors list under several names is taken from the name that comes last, as
    when their own code loads the file.

    Args:
        tensors: By the authors' keys.
        network: One of the published presets.
        source: What to call the checkpoint in messages.

    Returns:
        A complete state dict of the network, float32.

    Raises:
        WeightsError: If a tensor is missing, unknown, of another shape, or not finite; the
            message names every one of them (up to fifty of each kind).
    """
    if network not in RULES:
        raise WeightsError(
            f"no checkpoints of {network!r} can be imported; of these they can: "
            f"{', '.join(sorted(RULES))}"
        )
    with torch.device("meta"):
        expected = build_published(network).state_dict()
    mapped = map_keys(tensors, network)
    renamed = {own: tensors[key] for key, own in mapped.items() if own is not None}
    unknown = [key for key, own in mapped.items() if own is None or own not in expected]
    missing = [authors_key(own, network) or own for own in expected if own not in renamed]
    misshapen = [
        f"{key} is {_shape(tensors[key])} instead of {_shape(expected[own])}"
        for key, own in mapped.items()
        if own in expected and tensors[key].shape != expected[own].shape
    ]
    damaged = [
        key
        for key, value in tensors.items()
        if not value.is_floating_point() or not bool(torch.isfinite(value).all())
    ]
    faults = [
        f"{title}: {_listed(names)}"
        for title, names in (
            ("missing", missing),
            ("unknown", unknown),
            ("misshapen", misshapen),
            ("not finite numbers", damaged),
        )
        if names
    ]
    if faults:
        raise WeightsError(f"{source}: does not fit the network {network!r}; {'; '.join(faults)}")
    return {own: renamed[own].to(torch.float32).clone() for own in expected}


def fill_network(network: nn.Module, tensors: Mapping[str, Tensor], name: str, source: str) -> None:
    """Fill a published network from the authors' tensors, wholly or not at all.

    Raises:
        WeightsError: See :func:`convert_tensors`.
    """
    network.load_state_dict(convert_tensors(tensors, name, source))


def load_checkpoint(path: Path, name: str) -> PublishedNetwork:
    """Build a published network from the authors' checkpoint, with the released behaviour on.

    Raises:
        WeightsError: See :func:`read_checkpoint` and :func:`convert_tensors`.
    """
    tensors = convert_tensors(read_checkpoint(path), name, str(path))
    network = build_published(name, PRESETS[name].released)
    network.load_state_dict(tensors)
    return network.eval()


def weights_folder() -> Path:
    """Return the folder of the user's own that imported weights go to."""
    return Path(platformdirs.user_data_dir("vos-annotator"), "weights")


def imported_networks() -> dict[str, Path]:
    """Find the published networks whose weights have been imported: name to file, by name."""
    folder = weights_folder()
    files = {name: folder / f"{name}.safetensors" for name in sorted(PRESETS)}
    return {name: path for name, path in files.items() if path.is_file()}


def find_published(model: str) -> tuple[Path, str] | None:
    """Find the imported weights that a person means.

    Args:
        model: Name of a published network, or the path of a weights file.

    Returns:
        The file and the network it is for; None when the model is no published network's.

    Raises:
        WeightsError: If a published network is meant whose checkpoint was not imported, or the
            file is missing or damaged.
    """
    if model.endswith(".safetensors"):
        name = _network_of(Path(model))
        return (Path(model), name) if name in PRESETS else None
    if model not in PRESETS:
        return None
    path = weights_folder() / f"{model}.safetensors"
    if not path.is_file() and model not in RULES:
        raise WeightsError(
            f"there are no weights of {model}: its authors released none that their code can load; "
            f"give a .safetensors file of your own training, or put it at {path}"
        )
    if not path.is_file():
        raise WeightsError(
            f"no weights of {model} have been imported; with its authors' checkpoint at hand: "
            f"vos weights import CHECKPOINT --network {model}"
        )
    return path, model


def _network_of(path: Path) -> str:
    """Return the network that a weights file says it is for, "" where it says nothing."""
    if not path.is_file():
        raise WeightsError(f"{path}: there is no such weights file")
    try:
        with safe_open(path, framework="pt", device="cpu") as stream:
            return (stream.metadata() or {}).get("network", "")
    except (SafetensorError, OSError, ValueError) as error:
        raise WeightsError(
            f"{path}: the weights file is damaged ({error}); copy or download it again"
        ) from error


def load_imported(path: Path, name: str) -> PublishedNetwork:
    """Build a published network from imported weights, with the released behaviour on.

    Raises:
        WeightsError: If the file is missing, damaged, or does not fit.
    """
    network = build_published(name, PRESETS[name].released)
    load_network_weights(network, path, name)
    return network.eval()


def import_checkpoint(path: Path, name: str, target: Path) -> None:
    """Convert the authors' checkpoint to one of our weights files.

    The target appears whole or not at all.

    Args:
        path: A published ``.pth``.
        name: One of the published presets.
        target: The safetensors file to write.

    Raises:
        WeightsError: See :func:`read_checkpoint` and :func:`convert_tensors`.
    """
    tensors = convert_tensors(read_checkpoint(path), name, str(path))
    target.parent.mkdir(parents=True, exist_ok=True)
    save_network_weights(
        tensors, target, {"network": name, "origin": "published", "source": path.name}
    )


def _unwrap(content: object) -> object:
    for _ in range(2):
        if not isinstance(content, Mapping):
            return content
        inner = [content[name] for name in WRAPPERS if isinstance(content.get(name), Mapping)]
        if not inner:
            return content
        content = inner[0]
    return content


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:NAMED_AT_MOST])
    rest = len(names) - NAMED_AT_MOST
    return f"{shown} and {rest} more" if rest > 0 else shown


def _shape(tensor: Tensor) -> str:
    return "x".join(str(size) for size in tensor.shape) or "a single number"


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
