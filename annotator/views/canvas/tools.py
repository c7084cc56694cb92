"""The tools of the canvas, and what their left button does, in words."""

from __future__ import annotations

from enum import StrEnum


class Tool(StrEnum):
    """What the left button does on the canvas; the value names the action ``tool.VALUE``."""

    BRUSH = "brush"
    ERASER = "eraser"
    CLUSTER = "cluster"
    POLYGON = "polygon"
    LASSO = "lasso"
    RECTANGLE = "rectangle"
    ELLIPSE = "ellipse"
    LIVE_WIRE = "live_wire"
    FILL = "fill"
    REFINE = "refine"
    PICK = "pick"

    @property
    def needs_object(self) -> bool:
        """Whether it changes the chosen object."""
        return self is not Tool.PICK


_TEXTS = {
    Tool.BRUSH: "Drag: paint {name} · right button erases · [ ] or Alt+wheel: size",
    Tool.ERASER: "Drag: erase {name} · [ ] or Alt+wheel: size",
    Tool.CLUSTER: "Drag: paint {name} within the clusters passed · right button erases · [ ]: size",
    Tool.POLYGON: "Click: corner of {name} · double click or Enter fills · Esc drops",
    Tool.LASSO: "Drag: outline {name} · right button takes the area away",
    Tool.RECTANGLE: "Drag: rectangle of {name} · Shift: square · Ctrl: from its middle",
    Tool.ELLIPSE: "Drag: ellipse of {name} · Shift: circle · Ctrl: from its middle",
    Tool.LIVE_WIRE: "Click: begin an outline of {name} that follows edges · right: takes away",
    Tool.REFINE: "Drag a box: make the mask of {name} follow the picture inside it (GrabCut)",
    Tool.FILL: "Click: fill the area with {name} · right button clears it",
    Tool.PICK: "Click: choose the object under the pointer",
}


def left_button_text(tool: Tool, object_name: str | None, *, locked: bool = False) -> str:
    """Say what the left button would do now.

    Args:
        tool: Tool in hand.
        object_name: Name of the chosen object, ``None`` when there is none.
        locked: Whether that object refuses edits.
    """
    if tool.needs_object:
        if object_name is None:
            return "Add an object first ([object.add]), then paint it"
        if locked:
            return f"{object_name} is locked: unlock it ([object.lock]) to paint"
    return _TEXTS[tool].format(name=object_name)
