"""Actions of the range menu: some objects over some frames, chosen on the timeline."""

from __future__ import annotations

from annotator.views.action_specs.record import ActionSpec

_A = ActionSpec

ACTIONS: tuple[ActionSpec, ...] = (
    _A(
        "range.start",
        "&Start here",
        ("Alt+[",),
        "mdi6.ray-start",
        "Select from this frame on, for the chosen object",
    ),
    _A(
        "range.end",
        "&End here",
        ("Alt+]",),
        "mdi6.ray-end",
        "Select up to this frame, for the chosen object",
    ),
    _A(
        "range.all_objects",
        "&All objects",
        ("Alt+A",),
        None,
        "Select the same frames of every object",
    ),
    _A(
        "range.all_frames",
        "All &frames",
        ("Ctrl+A",),
        None,
        "Select every frame of the chosen object",
    ),
    _A("range.none", "Select &nothing", ("Ctrl+Shift+A",), None, "Give the selection up"),
    _A(
        "range.verify",
        "&Verify",
        ("Ctrl+Alt+Y",),
        "mdi6.check-decagram-outline",
        "Mark the selected masks as checked",
        begins_section=True,
    ),
    _A(
        "range.unverify",
        "Take back verification",
        (),
        None,
        "Let propagation change the selected masks again",
    ),
    _A(
        "range.lock",
        "&Lock as it is",
        ("Ctrl+Alt+L",),
        "mdi6.lock-check-outline",
        "No propagation changes the selected cells, and empty ones stay empty",
    ),
    _A(
        "range.propagate",
        "&Propagate again",
        ("Ctrl+Alt+F",),
        "mdi6.refresh",
        "Carry the selected objects anew through the selected frames",
        begins_section=True,
    ),
    _A(
        "range.swap",
        "S&wap…",
        ("Ctrl+Alt+S",),
        "mdi6.swap-horizontal",
        "Exchange the selected object with another one in the selected frames",
    ),
    _A(
        "range.split",
        "S&plit",
        (),
        "mdi6.call-split",
        "Split the selected object by its pieces in the frame in view, in the selected frames",
    ),
    _A(
        "range.delete",
        "&Delete masks",
        ("Shift+Del",),
        "mdi6.eraser-variant",
        "Remove the selected objects from the selected frames",
        begins_section=True,
    ),
)
