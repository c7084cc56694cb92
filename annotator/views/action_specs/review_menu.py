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
        "review.suggest",
        "&Suggest a frame to correct",
        ("J",),
        "mdi6.lightbulb-on-outline",
        "To the frame whose correction should mend most, with the reason",
    ),
    _A(
        "review.mode",
        "Step through what is &left",
        ("Ctrl+J",),
        "mdi6.clipboard-check-outline",
        "Go from doubtful place to doubtful place; the bar shows how much is left",
        True,
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
        "review.verify_object",
        "Verify the chosen &object here",
        ("Alt+Y",),
        None,
        "Mark the chosen object's mask in this frame as checked",
    ),
    _A(
        "review.unverify",
        "Take back verification",
        ("Shift+Y",),
        None,
        "Let propagation change this frame again",
    ),
    _A(
        "review.accept_run",
        "&Accept the run here",
        ("Alt+G",),
        None,
        "What the last run made around this frame no longer counts as different",
        begins_section=True,
    ),
    _A(
        "review.accept_object",
        "Accept the chosen object",
        ("Alt+Shift+G",),
        None,
        "What the last run made of the chosen object no longer counts as different, over the "
        "chosen range or in every frame",
    ),
    _A(
        "review.put_back",
        "&Put this stretch back",
        ("Alt+B",),
        "mdi6.undo-variant",
        "All objects as before the last run, over the chosen range or the frames around this one",
    ),
    _A(
        "review.put_back_object",
        "Put the chosen object back",
        ("Alt+Shift+B",),
        None,
        "The chosen object as before the last run, over the chosen range or in every frame",
    ),
    _A(
        "review.show_former",
        "Show the masks before the run",
        ("Shift+V",),
        "mdi6.swap-horizontal",
        "Flip between the masks of now and those before the last run",
        True,
    ),
    _A(
        "review.hold_former",
        "&Compare with the masks as they are now",
        ("Alt+Shift+V",),
        None,
        "The difference of all further runs is to these masks, not to those before each run",
        True,
    ),
    _A(
        "review.take_cluster",
        "Give the selected &cluster to the object",
        ("Alt+C",),
        None,
        "The pixels of the cluster clicked last become the chosen object's",
        begins_section=True,
    ),
)
