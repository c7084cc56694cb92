"""Actions of the review menu: checking."""

from __future__ import annotations

from annotator.views.action_specs.record import ActionSpec

_A = ActionSpec

ACTIONS: tuple[ActionSpec, ...] = (
    _A(
        "review.next_doubtful",
        "&Next doubtful frame",
        ("N",),
        "mdi6.alert-circle-outline",
        "To the frame with the least reliability that nobody has verified",
    ),
    _A(
        "review.previous_doubtful",
        "Previous doubtful frame",
        ("Shift+N",),
        None,
        "Back to the doubtful frame before",
    ),
    _A(
        "review.verify",
        "&Verify this frame",
        ("Y",),
        "mdi6.check-decagram-outline",
        "Mark the frame's masks as checked: no propagation changes them again",
        begins_section=True,
    ),
    _A(
        "review.unverify",
        "Take back verification",
        ("Shift+Y",),
        None,
        "Let propagation change this frame again",
    ),
)
