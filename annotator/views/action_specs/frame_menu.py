"""Actions of the frame menu: moving in time."""

from __future__ import annotations

from annotator.views.action_specs.record import ActionSpec

_A = ActionSpec

ACTIONS: tuple[ActionSpec, ...] = (
    _A("frame.next", "Next frame", ("Right", "D"), "mdi6.chevron-right", "One frame on"),
    _A("frame.previous", "Previous frame", ("Left", "A"), "mdi6.chevron-left", "One frame back"),
    _A("frame.forward_10", "10 frames on", ("Shift+Right",), None, "Ten frames on"),
    _A("frame.back_10", "10 frames back", ("Shift+Left",), None, "Ten frames back"),
    _A("frame.first", "First frame", ("Home", "Alt+Left"), "mdi6.skip-previous", "To the start"),
    _A("frame.last", "Last frame", ("End", "Alt+Right"), "mdi6.skip-next", "To the end"),
    _A(
        "frame.play", "Play or stop", ("Space",), "mdi6.play", "Play the video with its masks", True
    ),
    _A(
        "frame.next_reference",
        "Next reference",
        ("Ctrl+Right",),
        "mdi6.ray-end-arrow",
        "To the next frame that a person painted or corrected",
        begins_section=True,
    ),
    _A(
        "frame.previous_reference",
        "Previous reference",
        ("Ctrl+Left",),
        "mdi6.ray-start-arrow",
        "To the frame before that a person painted or corrected",
    ),
)
