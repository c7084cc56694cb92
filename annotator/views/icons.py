"""Icons by name from the icon font, with an empty icon where the font cannot be loaded."""

from __future__ import annotations

import logging
from functools import lru_cache

from PySide6.QtGui import QColor, QGuiApplication, QIcon, QPalette

_log = logging.getLogger(__name__)


@lru_cache(maxsize=512)
def _tinted_icon(name: str, colour: str, disabled: str) -> QIcon:
    try:
        import qtawesome
    except ImportError:  # pragma: no cover - the dependency is declared
        _log.warning("qtawesome is not installed: buttons show their text instead of icons")
        return QIcon()
    try:
        icon: QIcon = qtawesome.icon(name, color=colour, color_disabled=disabled)
    except Exception as error:  # the font loader raises bare Exceptions of its own
        _log.warning("the icon %s cannot be drawn: %s", name, error)
        return QIcon()
    return icon


def icon(name: str | None, *, accent: QColor | None = None) -> QIcon:
    """Return the icon of that name in the text colour of the palette in use.

    Args:
        name: Name in the icon font such as ``"mdi6.brush"``; ``None`` gives an empty icon.
        accent: Colour to use in place of the palette's text colour.
    """
    if name is None:
        return QIcon()
    palette = QGuiApplication.palette()
    colour = accent or palette.color(QPalette.ColorRole.ButtonText)
    disabled = palette.color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.ButtonText)
    return _tinted_icon(
        name, colour.name(QColor.NameFormat.HexArgb), disabled.name(QColor.NameFormat.HexArgb)
    )
