"""Fixtures of the real window."""

from tests.support.annotated import scene
from tests.support.gui import (
    backend,
    driver,
    frames_folder,
    make_driver,
    nothing_left_behind,
    settings_path,
)

__all__ = [
    "backend",
    "driver",
    "frames_folder",
    "make_driver",
    "nothing_left_behind",
    "scene",
    "settings_path",
]
