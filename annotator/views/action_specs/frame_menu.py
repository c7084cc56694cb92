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
        "frame.go_to",
        "&Go to frame…",
        ("Ctrl+G",),
        "mdi6.counter",
        "Type the number of a frame; Enter goes there, Esc stays",
    ),
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
    _A(
        "frame.next_drawn",
        "Next drawn frame",
        ("Ctrl+D",),
        None,
        "To the next frame in which the chosen object was drawn or corrected",
        begins_section=True,
    ),
    _A(
        "frame.previous_drawn",
        "Previous drawn frame",
        ("Ctrl+Shift+D",),
        None,
        "To the frame before in which the chosen object was drawn or corrected",
    ),
    _A(
        "frame.next_unverified",
        "Next unverified frame",
        ("Q",),
        "mdi6.check-circle-outline",
        "To the next frame with a mask that nobody has verified",
    ),
    _A(
        "frame.previous_unverified",
        "Previous unverified frame",
        ("Shift+Q",),
        None,
        "To the frame before with a mask that nobody has verified",
    ),
    _A(
        "frame.bookmark",
        "&Bookmark",
        ("Ctrl+B",),
        "mdi6.bookmark-outline",
        "Bookmark this frame, or take its bookmark away",
        begins_section=True,
    ),
    _A(
        "frame.next_bookmark",
        "Next bookmark",
        ("Ctrl+Down",),
        None,
        "To the next bookmark",
    ),
    _A(
        "frame.previous_bookmark",
        "Previous bookmark",
        ("Ctrl+Up",),
        None,
        "To the bookmark before",
    ),
    _A(
        "frame.timeline_in",
        "Widen the timeline",
        ("Alt+=",),
        None,
        "Fewer frames on the timeline, around the one in view (also Ctrl+wheel)",
        begins_section=True,
    ),
    _A(
        "frame.timeline_out",
        "Narrow the timeline",
        ("Alt+-",),
        None,
        "More frames on the timeline",
    ),
    _A("frame.timeline_all", "Whole timeline", ("Alt+0",), None, "Every frame on the timeline"),
)
