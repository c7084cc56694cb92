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
        "propagate.network",
        "&Network and device…",
        (),
        "mdi6.chip",
        "Choose the network that carries the masks, and where it runs",
        begins_section=True,
    ),
)
