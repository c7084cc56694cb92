"""Actions of the tool menu: painting."""

from __future__ import annotations

from annotator.views.action_specs.record import ActionSpec

_A = ActionSpec

ACTIONS: tuple[ActionSpec, ...] = (
    _A(
        "tool.brush",
        "&Brush",
        ("R", "Shift+B"),
        "mdi6.brush",
        "Paint the chosen object; the right button erases",
        True,
        "tool",
    ),
    _A("tool.eraser", "&Eraser", ("E",), "mdi6.eraser", "Erase the chosen object", True, "tool"),
    _A(
        "tool.cluster",
        "&Cluster brush",
        ("K",),
        "mdi6.hexagon-multiple",
        "A brush that keeps to the proxy clusters that its middle passes; the right button erases",
        True,
        "tool",
    ),
    _A(
        "tool.polygon",
        "&Polygon",
        ("P",),
        "mdi6.vector-polygon",
        "Click corners, drag them, click an edge for one more; Enter or double click fills",
        True,
        "tool",
        begins_section=True,
    ),
    _A(
        "tool.lasso", "&Lasso", ("O",), "mdi6.lasso", "Draw around an area to fill it", True, "tool"
    ),
    _A(
        "tool.rectangle",
        "Rec&tangle",
        ("U",),
        "mdi6.rectangle-outline",
        "Drag a rectangle to fill it; Shift makes a square, Ctrl begins in the middle",
        True,
        "tool",
    ),
    _A(
        "tool.ellipse",
        "Ellip&se",
        ("Shift+U",),
        "mdi6.ellipse-outline",
        "Drag an ellipse to fill it; Shift makes a circle, Ctrl begins in the middle",
        True,
        "tool",
    ),
    _A(
        "tool.live_wire",
        "Live-&wire",
        ("W",),
        "mdi6.magnet",
        "Click along an object: the line between follows its edge; Enter or double click fills",
        True,
        "tool",
    ),
    _A(
        "tool.fill",
        "&Fill",
        ("G",),
        "mdi6.format-color-fill",
        "Fill the connected area under the pointer",
        True,
        "tool",
        begins_section=True,
    ),
    _A(
        "tool.refine",
        "Refine in a bo&x (GrabCut)",
        ("Shift+G",),
        "mdi6.auto-fix",
        "Drag a box around a rough mask, or around nothing yet: the mask follows the picture",
        True,
        "tool",
    ),
    _A(
        "tool.pick",
        "P&ick",
        ("I",),
        "mdi6.eyedropper",
        "Choose the object under the pointer",
        True,
        "tool",
    ),
    _A(
        "tool.protect",
        "P&rotect other objects",
        ("Shift+P",),
        "mdi6.shield-outline",
        "Painting leaves the pixels of other objects alone",
        True,
        begins_section=True,
    ),
    _A(
        "tool.square",
        "S&quare brush",
        ("Shift+R",),
        "mdi6.square-outline",
        "Brush and eraser are square; off: round",
        True,
    ),
    _A(
        "tool.pressure",
        "Pe&n pressure",
        (),
        "mdi6.draw-pen",
        "The pressure of a pen sets the size of the brush; its other end erases always",
        True,
    ),
    _A(
        "tool.smaller",
        "Smaller brush",
        ("[",),
        "mdi6.minus",
        "Brush one step smaller (also Alt+wheel)",
    ),
    _A(
        "tool.larger", "Larger brush", ("]",), "mdi6.plus", "Brush one step larger (also Alt+wheel)"
    ),
    _A(
        "tool.cancel",
        "Cancel",
        ("Esc",),
        None,
        "Drop the stroke in hand; else pause the propagation",
    ),
)
