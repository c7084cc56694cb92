"""Actions of the view menu: what is shown."""

from __future__ import annotations

from annotator.views.action_specs.record import ActionSpec

_A = ActionSpec

ACTIONS: tuple[ActionSpec, ...] = (
    _A(
        "view.hidden",
        "&Hide everything over the frame",
        ("V",),
        "mdi6.eye-off-outline",
        "Hide masks and overlays, or show them again",
        True,
    ),
    _A(
        "view.masks",
        "&Masks",
        ("Ctrl+1",),
        "mdi6.layers-outline",
        "Show or hide all masks",
        True,
        begins_section=True,
    ),
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
        "Show which proxy of its object explains each pixel; point at one to hear of it",
        True,
    ),
    _A(
        "view.probability",
        "&Probability of the object",
        ("Ctrl+4",),
        "mdi6.percent-outline",
        "Show how likely each pixel belongs to the chosen object",
        True,
    ),
    _A(
        "view.embedding",
        "&Embedding",
        ("Ctrl+5",),
        "mdi6.palette-outline",
        "Show what the network sees as alike, as colours",
        True,
    ),
    _A(
        "view.difference",
        "&Difference to before the run",
        ("Ctrl+6",),
        "mdi6.compare",
        "Show what the last run changed",
        True,
    ),
    _A(
        "view.flicker",
        "F&licker",
        ("Ctrl+7",),
        "mdi6.flash-outline",
        "Show pixels whose label is unlike that of the frames beside",
        True,
    ),
    _A(
        "view.filter",
        "Reliability f&ilter",
        ("Ctrl+8",),
        "mdi6.filter-outline",
        "Show only the pixels that the reliability filter drops at its threshold",
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
