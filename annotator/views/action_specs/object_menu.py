"""Actions of the object menu: the chosen object."""

from __future__ import annotations

from annotator.views.action_specs.record import ActionSpec

_A = ActionSpec

ACTIONS: tuple[ActionSpec, ...] = (
    _A("object.add", "&New object", ("Ctrl+N", "Ins"), "mdi6.plus", "Add an object and choose it"),
    _A("object.rename", "&Rename", ("F2",), "mdi6.rename-outline", "Rename the chosen object"),
    _A(
        "object.category",
        "Cate&gory",
        ("Shift+F2",),
        "mdi6.tag-outline",
        "Type the class of the chosen object",
    ),
    _A("object.colour", "&Colour…", (), "mdi6.palette-outline", "Change the display colour"),
    _A("object.next", "Next object", (".",), None, "Choose the next object", begins_section=True),
    _A("object.previous", "Previous object", (",",), None, "Choose the object before"),
    _A(
        "object.show", "&Show or hide", ("H",), "mdi6.eye-outline", "Show or hide the chosen object"
    ),
    _A(
        "object.solo",
        "Show &alone",
        ("S",),
        "mdi6.eye-circle-outline",
        "Show only the chosen object, or all again",
    ),
    _A("object.lock", "&Lock or unlock", ("L",), "mdi6.lock-outline", "Keep the object from edits"),
    _A(
        "object.clear_frame",
        "&Clear in this frame",
        ("Del",),
        "mdi6.image-remove-outline",
        "Remove the chosen object's pixels from this frame",
        begins_section=True,
    ),
    _A(
        "object.clear_on",
        "Clear from this frame on",
        (),
        None,
        "Remove the chosen object's pixels from this frame and every later one",
    ),
    _A(
        "object.merge",
        "&Merge into…",
        ("M",),
        "mdi6.call-merge",
        "Give every pixel of the chosen object to another one",
        begins_section=True,
    ),
    _A(
        "object.swap_on",
        "S&wap from this frame on…",
        ("Shift+S",),
        "mdi6.swap-horizontal",
        "Exchange the chosen object with another one from this frame to the end",
    ),
    _A(
        "object.split",
        "S&plit in this frame",
        ("Ctrl+M",),
        "mdi6.call-split",
        "Make each separate piece of the chosen object an object of its own, in this frame",
    ),
    _A(
        "object.split_on",
        "Split from this frame on",
        ("Ctrl+Shift+M",),
        None,
        "Split the pieces seen here, and follow them through every later frame",
    ),
    _A(
        "object.renumber",
        "Renumber 1 … N",
        (),
        "mdi6.order-numeric-ascending",
        "Give the objects the ids 1 to N in the order of the list",
    ),
    _A(
        "object.delete",
        "&Delete object",
        ("Ctrl+Del",),
        "mdi6.trash-can-outline",
        "Delete the chosen object from every frame (undo brings it back)",
        begins_section=True,
    ),
)
