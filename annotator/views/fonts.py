"""Text where the system has no fonts, as in slim containers."""

from __future__ import annotations

import importlib.util
import logging
from pathlib import Path

from PySide6.QtGui import QFontDatabase, QGuiApplication

_log = logging.getLogger(__name__)

_ALIASES = {"Monospace", "Sans Serif", "Serif"}
"""Families that fontconfig names even when there is no font behind them."""


def ensure_fonts() -> bool:
    """Make sure that text can be drawn; False (and a warning) when it cannot.

    Where Qt finds no font at all, the ones that matplotlib carries are taken if it is installed.
    """
    if set(QFontDatabase.families()) - _ALIASES:
        return True
    families: list[str] = []
    for file in _matplotlib_fonts():
        number = QFontDatabase.addApplicationFont(str(file))
        families += QFontDatabase.applicationFontFamilies(number) if number >= 0 else []
    if families:
        font = QGuiApplication.font()
        font.setFamily(families[0])
        QGuiApplication.setFont(font)
        return True
    _log.warning(
        "this system has no fonts, text cannot be drawn: on Debian and Ubuntu, "
        "apt install fonts-dejavu-core"
    )
    return False


def _matplotlib_fonts() -> list[Path]:
    found = importlib.util.find_spec("matplotlib")
    if found is None or found.origin is None:
        return []
    folder = Path(found.origin).parent / "mpl-data" / "fonts" / "ttf"
    return sorted(folder.glob("DejaVuSans*.ttf"))
