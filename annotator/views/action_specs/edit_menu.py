"""Actions of the edit menu: undo and redo."""

from __future__ import annotations

from annotator.views.action_specs.record import ActionSpec

_A = ActionSpec

ACTIONS: tuple[ActionSpec, ...] = (
    _A(
        "edit.undo", "&Undo", ("Ctrl+Z",), "mdi6.undo", "Take back the last change, wherever it was"
    ),
    _A("edit.redo", "&Redo", ("Ctrl+Shift+Z", "Ctrl+Y"), "mdi6.redo", "Do it again"),
    _A(
        "edit.copy_picture",
        "&Copy picture",
        ("Ctrl+Shift+C",),
        "mdi6.camera-outline",
        "Copy the frame with the masks and overlays that are shown, for another program",
        begins_section=True,
    ),
)
