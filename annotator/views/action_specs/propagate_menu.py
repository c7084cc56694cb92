"""Actions of the propagate menu: carrying masks."""

from __future__ import annotations

from annotator.views.action_specs.record import ActionSpec

_A = ActionSpec

ACTIONS: tuple[ActionSpec, ...] = (
    _A(
        "propagate.forward",
        "&Forward",
        ("F",),
        "mdi6.arrow-right-bold-outline",
        "Carry the masks from here to the end of the video",
    ),
    _A(
        "propagate.backward",
        "&Backward",
        ("B",),
        "mdi6.arrow-left-bold-outline",
        "Carry the masks from here to the start of the video",
    ),
    _A(
        "propagate.both",
        "Bot&h ways",
        ("Shift+F",),
        "mdi6.arrow-left-right-bold-outline",
        "Carry the masks from here to both ends",
    ),
    _A(
        "propagate.to_verified",
        "Forward to the next &verified frame",
        ("Ctrl+Shift+F",),
        "mdi6.arrow-collapse-right",
        "Carry the masks from here up to the next frame that is verified, and no further",
    ),
    _A(
        "propagate.back_to_verified",
        "Backward to the verified frame be&fore",
        ("Ctrl+Shift+B",),
        "mdi6.arrow-collapse-left",
        "Carry the masks from here back to the verified frame before, and no further",
    ),
    _A(
        "propagate.both_sides",
        "Join &references from both sides",
        (),
        "mdi6.arrow-expand-horizontal",
        "Predict frames between two references from both and join the answers: slower, better",
        True,
        begins_section=True,
    ),
    _A(
        "propagate.memory",
        "&Learn from own results (MF)",
        (),
        "mdi6.brain",
        "Every few frames a result becomes a reference for the frames after it",
        True,
    ),
    _A(
        "propagate.chosen_only",
        "Only the &chosen objects",
        (),
        "mdi6.account-check-outline",
        "Carry the chosen object alone, or those chosen on the timeline; every other mask stays",
        True,
    ),
    _A(
        "propagate.pause",
        "&Pause or go on",
        ("Ctrl+Space",),
        "mdi6.pause",
        "Pause after the frame in hand; again to go on",
        True,
        begins_section=True,
    ),
    _A("propagate.stop", "&Stop", ("Ctrl+.",), "mdi6.stop", "Stop and keep what is done"),
    _A(
        "propagate.follow",
        "F&ollow the run",
        ("Ctrl+Shift+Space",),
        "mdi6.target",
        "Show each frame as it is made; going to a frame or painting ends it",
        True,
    ),
    _A(
        "propagate.promote",
        "&Use this frame as a reference",
        ("Ctrl+R",),
        "mdi6.star-plus-outline",
        "The network learns from the masks of this frame, whoever made them",
        begins_section=True,
    ),
    _A(
        "propagate.exclude",
        "E&xclude this frame from the references",
        ("Ctrl+Shift+R",),
        "mdi6.star-off-outline",
        "The network does not get to see this frame's masks; again to let it count",
        True,
    ),
    _A(
        "propagate.give_up",
        "Let propagation replace the &masks of this excluded frame",
        (),
        "mdi6.star-remove-outline",
        "What a person made here counts as propagated from now on, and the next run replaces it",
    ),
    _A(
        "propagate.network",
        "&Network and device…",
        (),
        "mdi6.chip",
        "Choose the network that carries the masks, and where it runs",
        begins_section=True,
    ),
)
