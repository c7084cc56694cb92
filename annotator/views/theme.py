"""Dark, light and system colours of the window: Fusion with the platform's colour scheme."""

from __future__ import annotations

from enum import StrEnum

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication


class Theme(StrEnum):
    """Which colours the window takes."""

    DARK = "dark"
    LIGHT = "light"
    SYSTEM = "system"


_SCHEMES = {
    Theme.DARK: Qt.ColorScheme.Dark,
    Theme.LIGHT: Qt.ColorScheme.Light,
    Theme.SYSTEM: Qt.ColorScheme.Unknown,
}

ACCENT = QColor("#2f81f7")
"""Selection, progress and the current frame, in both schemes."""

_DARK = {
    QPalette.ColorRole.Window: "#23262b",
    QPalette.ColorRole.Base: "#1b1d21",
    QPalette.ColorRole.AlternateBase: "#23262b",
    QPalette.ColorRole.Button: "#2d3138",
    QPalette.ColorRole.WindowText: "#d7dae0",
    QPalette.ColorRole.Text: "#d7dae0",
    QPalette.ColorRole.ButtonText: "#d7dae0",
    QPalette.ColorRole.BrightText: "#ffffff",
    QPalette.ColorRole.PlaceholderText: "#7d838e",
    QPalette.ColorRole.ToolTipBase: "#2d3138",
    QPalette.ColorRole.ToolTipText: "#d7dae0",
    QPalette.ColorRole.Light: "#3a3f47",
    QPalette.ColorRole.Midlight: "#343941",
    QPalette.ColorRole.Mid: "#191b1f",
    QPalette.ColorRole.Dark: "#15171a",
    QPalette.ColorRole.Shadow: "#0d0e10",
}
_LIGHT = {
    QPalette.ColorRole.Window: "#f3f4f6",
    QPalette.ColorRole.Base: "#ffffff",
    QPalette.ColorRole.AlternateBase: "#f6f7f9",
    QPalette.ColorRole.Button: "#ffffff",
    QPalette.ColorRole.WindowText: "#1f2329",
    QPalette.ColorRole.Text: "#1f2329",
    QPalette.ColorRole.ButtonText: "#2b3038",
    QPalette.ColorRole.BrightText: "#000000",
    QPalette.ColorRole.PlaceholderText: "#868d98",
    QPalette.ColorRole.ToolTipBase: "#ffffff",
    QPalette.ColorRole.ToolTipText: "#1f2329",
    QPalette.ColorRole.Light: "#ffffff",
    QPalette.ColorRole.Midlight: "#e9ebef",
    QPalette.ColorRole.Mid: "#c9cdd4",
    QPalette.ColorRole.Dark: "#a9afb9",
    QPalette.ColorRole.Shadow: "#7d838e",
}


def apply_theme(app: QApplication, theme: Theme) -> None:
    """Give every window of the application the colours of one theme.

    Args:
        app: The running application.
        theme: Dark, light, or whatever the desktop asks for.
    """
    app.setStyle("Fusion")
    app.styleHints().setColorScheme(_SCHEMES[theme])
    dark = is_dark(app) if theme is Theme.SYSTEM else theme is Theme.DARK
    app.setPalette(_palette(dark))
    app.setStyleSheet(_style_sheet(dark))


def is_dark(app: QApplication) -> bool:
    """Say whether the desktop's colour scheme in use is dark."""
    return app.styleHints().colorScheme() is Qt.ColorScheme.Dark


def palette_is_dark(palette: QPalette) -> bool:
    """Say whether text of a palette is lighter than its ground."""
    window = palette.color(QPalette.ColorRole.Window).lightness()
    return palette.color(QPalette.ColorRole.WindowText).lightness() > window


def _palette(dark: bool) -> QPalette:
    palette = QPalette()
    for role, colour in (_DARK if dark else _LIGHT).items():
        palette.setColor(role, QColor(colour))
    faded = QColor("#666c76" if dark else "#a4aab4")
    for role in (
        QPalette.ColorRole.Text,
        QPalette.ColorRole.WindowText,
        QPalette.ColorRole.ButtonText,
    ):
        palette.setColor(QPalette.ColorGroup.Disabled, role, faded)
    palette.setColor(QPalette.ColorRole.Highlight, ACCENT)
    palette.setColor(QPalette.ColorRole.HighlightedText, QColor("#ffffff"))
    palette.setColor(QPalette.ColorRole.Accent, ACCENT)
    palette.setColor(QPalette.ColorRole.Link, ACCENT)
    return palette


def _style_sheet(dark: bool) -> str:
    line = "#15171a" if dark else "#d5d9e0"
    hover = "#3a404a" if dark else "#e6e9ee"
    checked = "#24436e" if dark else "#cfe1fd"
    field = "#1b1d21" if dark else "#ffffff"
    edge = "#3d434d" if dark else "#c5cad3"
    faint = "#8b929e" if dark else "#6b727d"
    return f"""
    QMainWindow::separator {{ background: {line}; width: 4px; height: 4px; }}
    QToolBar {{ border: 0; padding: 3px; spacing: 2px; }}
    QToolBar#toolOptions, QToolBar#mainToolBar {{ border-bottom: 1px solid {line}; }}
    QToolBar#toolsBar {{ border-right: 1px solid {line}; padding: 4px; spacing: 4px; }}
    QToolBar::separator {{ background: {edge}; width: 1px; height: 1px; margin: 5px; }}
    QToolButton {{ border: 0; border-radius: 5px; padding: 5px; }}
    QToolButton:hover {{ background: {hover}; }}
    QToolButton:pressed, QToolButton:checked {{ background: {checked}; }}
    QToolButton::menu-indicator {{ image: none; }}
    QDockWidget {{ titlebar-close-icon: none; font-weight: 600; }}
    QDockWidget::title {{ padding: 6px 8px; border-bottom: 1px solid {line}; text-align: left; }}
    QStatusBar {{ border-top: 1px solid {line}; }}
    QStatusBar::item {{ border: 0; }}
    QLineEdit, QComboBox {{ background: {field}; border: 1px solid {edge};
        border-radius: 4px; padding: 3px 5px; min-height: 18px; }}
    QSpinBox QLineEdit, QTableView QLineEdit {{ border: 0; padding: 0 2px; min-height: 0;
        background: {field}; border-radius: 0; }}
    QLineEdit:focus, QComboBox:focus {{ border-color: {ACCENT.name()}; }}
    QPushButton {{ border: 1px solid {edge}; border-radius: 5px; padding: 5px 12px;
        background: palette(button); }}
    QPushButton:hover {{ background: {hover}; }}
    QPushButton:disabled {{ color: {faint}; }}
    QPushButton:default {{ background: {ACCENT.name()}; border-color: {ACCENT.name()};
        color: white; }}
    QProgressBar {{ border: 0; border-radius: 4px; background: {edge}; max-height: 8px;
        min-height: 8px; }}
    QProgressBar::chunk {{ border-radius: 4px; background: {ACCENT.name()}; }}
    QTableView, QListView#historyList {{ border: 0; outline: 0; background: palette(base); }}
    QTableView::item, QListView#historyList::item {{ padding: 2px 3px; }}
    QListView#historyList::item {{ padding: 3px 8px; }}
    QTableView::item:selected, QListView#historyList::item:selected {{ background: {checked};
        color: palette(text); }}
    QLabel[faint="true"] {{ color: {faint}; }}
    QToolTip {{ border: 1px solid {edge}; padding: 4px; }}
    QGraphicsView {{ border: 0; }}
    QDialogButtonBox {{ dialogbuttonbox-buttons-have-icons: 0; }}
    QMessageBox {{ dialogbuttonbox-buttons-have-icons: 0; }}
    """
