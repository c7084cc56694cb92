"""The one table of actions: menus, tool bars, keys, tool tips and the F1 sheet come from it."""

from __future__ import annotations

from collections.abc import Mapping

from annotator.views.action_specs import (
    edit_menu,
    file_menu,
    frame_menu,
    help_menu,
    mask_menu,
    object_menu,
    propagate_menu,
    range_menu,
    review_menu,
    tool_menu,
    view_menu,
)
from annotator.views.action_specs.record import ActionSpec

__all__ = ["ACTIONS", "MENUS", "MOUSE", "ActionSpec"]

MENUS: Mapping[str, str] = {
    "file": "&File",
    "edit": "&Edit",
    "tool": "&Paint",
    "mask": "&Mask",
    "object": "&Object",
    "frame": "F&rame",
    "range": "Ra&nge",
    "propagate": "&Propagate",
    "review": "Re&view",
    "view": "Vie&w",
    "help": "&Help",
}
"""Menu name to title, in the order of the menu bar."""

ACTIONS: tuple[ActionSpec, ...] = (
    *file_menu.ACTIONS,
    *edit_menu.ACTIONS,
    *tool_menu.ACTIONS,
    *mask_menu.ACTIONS,
    *object_menu.ACTIONS,
    *frame_menu.ACTIONS,
    *range_menu.ACTIONS,
    *propagate_menu.ACTIONS,
    *review_menu.ACTIONS,
    *view_menu.ACTIONS,
    *help_menu.ACTIONS,
)
"""Every action of the window, in menu order."""

MOUSE: tuple[tuple[str, str], ...] = (
    ("Left button", "What the tool says (see the status line)"),
    ("Right button", "Erase with brushes; take the area away with outlines and fill"),
    ("Pen", "Pressure sets the size of the brush, the other end erases"),
    ("Wheel", "Zoom at the pointer"),
    ("Alt + wheel", "Brush size"),
    ("Middle drag, Space + drag", "Move the picture"),
    ("1 … 9, 0", "Choose object 1 … 10"),
    ("Timeline: click; drag on the ruler", "Go to a frame"),
    ("Timeline: drag over cells", "Select objects and frames (Shift + click extends)"),
    ("Timeline: right button", "What can be done with the selection"),
    ("Timeline: Ctrl + wheel", "Zoom time; Shift + wheel moves in time, the wheel in rows"),
)
"""Gestures that are not actions, for the F1 sheet."""
