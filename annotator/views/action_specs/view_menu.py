"""Actions of the view menu: what is shown."""

from __future__ import annotations

from annotator.views.action_specs.record import ActionSpec

_A = ActionSpec

ACTIONS: tuple[ActionSpec, ...] = (
    _A("view.masks", "&Masks", ("V",), "mdi6.layers-outline", "Show or hide all masks", True),
    _A("view.contours", "&Contours", ("X",), "mdi6.vector-square", "Outline every object", True),
    _A(
        "view.reliability",
        "&Reliability map",
        ("Ctrl+2",),
        "mdi6.gradient-horizontal",
        "Show what the network was sure of",
        True,
    ),
    _A(
        "view.clusters",
        "Proxy &clusters",
        ("Ctrl+3",),
        "mdi6.hexagon-multiple-outline",
        "Show which proxy of its object explains each pixel",
        True,
    ),
    _A(
        "view.fit",
        "&Fit in window",
        ("Ctrl+F",),
        "mdi6.fit-to-page-outline",
        "Show the whole frame",
        begins_section=True,
    ),
    _A("view.actual_size", "&Actual size", ("Ctrl+0",), "mdi6.numeric-1-box-outline", "100 %"),
    _A("view.zoom_in", "Zoom in", ("Ctrl++", "Ctrl+="), "mdi6.magnify-plus-outline", "Nearer"),
    _A("view.zoom_out", "Zoom out", ("Ctrl+-",), "mdi6.magnify-minus-outline", "Further"),
    _A(
        "view.dark",
        "Dark colours",
        (),
        None,
        "Dark window",
        True,
        "theme",
        begins_section=True,
    ),
    _A("view.light", "Light colours", (), None, "Light window", True, "theme"),
    _A("view.system", "Colours of the desktop", (), None, "As the desktop says", True, "theme"),
    _A("view.full_screen", "Full screen", ("F11",), None, "Use the whole screen", True),
)
