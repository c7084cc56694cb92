"""Where the files live that the project ships beside its code (weights, sample masks).

In a checkout, and in an editable installation, they are in ``resources/`` at the top of the
repository; a wheel carries the same tree inside the package as ``vos_core/resources/``.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def resources_root() -> Path:
    """Return the folder that holds the shipped files, whichever way the project was installed."""
    packaged = _PACKAGE / "resources"
    return packaged if packaged.is_dir() else _PACKAGE.parent / "resources"


def resource_path(*parts: str) -> Path:
    """Return the path of one shipped file or folder; it may not exist.

    Args:
        parts: Path below the resources folder, for example ``("sample", "bikes", "00000.png")``.
    """
    return resources_root().joinpath(*parts)
