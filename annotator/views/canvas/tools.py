"""The tools of the canvas and what their left button does, in words."""

from __future__ import annotations

from enum import StrEnum


class Tool(StrEnum):
    """What the left button does on the canvas."""

    BRUSH = "brush"
    ERASER = "eraser"
    POLYGON = "polygon"
    LASSO = "lasso"
    FILL = "fill"
    PICK = "pick"

    @property
    def strokes(self) -> bool:
        """Whether it paints along the pointer's way."""
        return self in (Tool.BRUSH, Tool.ERASER)

    @property
    def outlines(self) -> bool:
        """Whether it collects an outline to fill."""
        return self in (Tool.POLYGON, Tool.LASSO)


def left_button_text(tool: Tool, object_name: str | None, *, locked: bool = False) -> str:
    """Say what the left button would do now.

    Args:
        tool: Tool in hand.
        object_name: Name of the chosen object, ``None`` when there is none.
        locked: Whether that object refuses edits.
    """
    if tool is Tool.PICK:
        return "Click: choose the object under the pointer"
    if object_name is None:
        return "Add an object first (Ctrl+N), then paint it"
    if locked:
        return f"{object_name} is locked: unlock it (L) to paint"
    return {
        Tool.BRUSH: f"Drag: paint {object_name} · right button erases · [ ] or Alt+wheel: size",
        Tool.ERASER: f"Drag: erase {object_name} · [ ] or Alt+wheel: size",
        Tool.POLYGON: f"Click: corner of {object_name} · double click or Enter closes · Esc drops",
        Tool.LASSO: f"Drag: outline {object_name} · right button takes the area away",
        Tool.FILL: f"Click: fill the area with {object_name} · right button clears it",
    }[tool]
