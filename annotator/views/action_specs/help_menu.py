"""Actions of the help menu: help."""

from __future__ import annotations

from annotator.views.action_specs.record import ActionSpec

_A = ActionSpec

ACTIONS: tuple[ActionSpec, ...] = (
    _A("help.keys", "&Keys and mouse", ("F1",), "mdi6.keyboard-outline", "The sheet of all keys"),
    _A(
        "help.rebind",
        "&Change keys…",
        (),
        "mdi6.keyboard-settings-outline",
        "Give actions other keys",
    ),
    _A("help.about", "&About", (), None, "Version, model and device in use"),
)
