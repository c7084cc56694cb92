"""The one table of actions: menus, tool bars, keys, tool tips and the F1 sheet come from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class ActionSpec:
    """One thing that a person can ask for.

    Attributes:
        name: Permanent name, ``"menu.verb"``.
        text: What the menu says.
        keys: Key sequences in portable form; the first is shown.
        icon: Name in the icon font.
        tip: One sentence for the tool tip and the F1 sheet.
        checkable: Whether it is a switch.
        group: Actions of the same group exclude each other.
        begins_section: Whether a line stands above it in the menu.
    """

    name: str
    text: str
    keys: tuple[str, ...] = ()
    icon: str | None = None
    tip: str = ""
    checkable: bool = False
    group: str | None = None
    begins_section: bool = False

    @property
    def menu(self) -> str:
        """Name of the menu it stands in."""
        return self.name.partition(".")[0]


MENUS: Mapping[str, str] = {
    "file": "&File",
    "edit": "&Edit",
    "tool": "&Paint",
    "object": "&Object",
    "frame": "F&rame",
    "propagate": "&Propagate",
    "review": "Re&view",
    "view": "Vie&w",
    "help": "&Help",
}
"""Menu name to title, in the order of the menu bar."""

_A = ActionSpec

ACTIONS: tuple[ActionSpec, ...] = (
    _A(
        "file.open_video",
        "&Open video…",
        ("Ctrl+O",),
        "mdi6.movie-open-outline",
        "Open a video file; a project beside it is taken up again",
    ),
    _A(
        "file.open_folder",
        "Open &folder of frames or project…",
        ("Ctrl+Shift+O",),
        "mdi6.folder-open-outline",
        "Open a folder of images, or a saved project folder",
    ),
    _A(
        "file.open_sample",
        "Open the sa&mple",
        (),
        "mdi6.filmstrip",
        "Open the clip that comes along",
    ),
    _A(
        "file.save",
        "&Save now",
        ("Ctrl+S",),
        "mdi6.content-save-outline",
        "Write the project folder at once (it is also saved by itself after each change)",
        begins_section=True,
    ),
    _A(
        "file.export_davis",
        "&Export DAVIS masks…",
        ("Ctrl+E",),
        "mdi6.export",
        "Write every frame as a palette PNG in DAVIS form",
    ),
    _A(
        "file.close",
        "&Close video",
        ("Ctrl+W",),
        None,
        "Save and close the video",
        begins_section=True,
    ),
    _A("file.quit", "&Quit", ("Ctrl+Q",), None, "Save and leave", begins_section=True),
    _A(
        "edit.undo", "&Undo", ("Ctrl+Z",), "mdi6.undo", "Take back the last change, wherever it was"
    ),
    _A("edit.redo", "&Redo", ("Ctrl+Shift+Z", "Ctrl+Y"), "mdi6.redo", "Do it again"),
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
        "tool.polygon",
        "&Polygon",
        ("P",),
        "mdi6.vector-polygon",
        "Click corners; double click or Enter closes, Backspace takes back a corner",
        True,
        "tool",
    ),
    _A(
        "tool.lasso", "&Lasso", ("O",), "mdi6.lasso", "Draw around an area to fill it", True, "tool"
    ),
    _A(
        "tool.fill",
        "&Fill",
        ("G",),
        "mdi6.format-color-fill",
        "Fill the connected area under the pointer",
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
    _A("object.add", "&New object", ("Ctrl+N", "Ins"), "mdi6.plus", "Add an object and choose it"),
    _A("object.rename", "&Rename", ("F2",), "mdi6.rename-outline", "Rename the chosen object"),
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
        "object.delete",
        "&Delete object",
        ("Ctrl+Del",),
        "mdi6.trash-can-outline",
        "Delete the chosen object from every frame (undo brings it back)",
    ),
    _A("frame.next", "Next frame", ("Right", "D"), "mdi6.chevron-right", "One frame on"),
    _A("frame.previous", "Previous frame", ("Left", "A"), "mdi6.chevron-left", "One frame back"),
    _A("frame.forward_10", "10 frames on", ("Shift+Right",), None, "Ten frames on"),
    _A("frame.back_10", "10 frames back", ("Shift+Left",), None, "Ten frames back"),
    _A("frame.first", "First frame", ("Home", "Alt+Left"), "mdi6.skip-previous", "To the start"),
    _A("frame.last", "Last frame", ("End", "Alt+Right"), "mdi6.skip-next", "To the end"),
    _A(
        "frame.play", "Play or stop", ("Space",), "mdi6.play", "Play the video with its masks", True
    ),
    _A(
        "frame.next_reference",
        "Next reference",
        ("Ctrl+Right",),
        "mdi6.ray-end-arrow",
        "To the next frame that a person painted or corrected",
        begins_section=True,
    ),
    _A(
        "frame.previous_reference",
        "Previous reference",
        ("Ctrl+Left",),
        "mdi6.ray-start-arrow",
        "To the frame before that a person painted or corrected",
    ),
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
        "review.verify",
        "&Verify this frame",
        ("Y",),
        "mdi6.check-decagram-outline",
        "Mark the frame's masks as checked: no propagation changes them again",
        begins_section=True,
    ),
    _A(
        "review.unverify",
        "Take back verification",
        ("Shift+Y",),
        None,
        "Let propagation change this frame again",
    ),
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
    _A("help.keys", "&Keys and mouse", ("F1",), "mdi6.keyboard-outline", "The sheet of all keys"),
    _A("help.about", "&About", (), None, "Version, model and device in use"),
)
"""Every action of the window, in menu order."""

MOUSE: tuple[tuple[str, str], ...] = (
    ("Left button", "What the tool says (see the status line)"),
    ("Right button", "Erase with brush and eraser; take away with polygon and lasso"),
    ("Wheel", "Zoom at the pointer"),
    ("Alt + wheel", "Brush size"),
    ("Middle drag, Space + drag", "Move the picture"),
    ("1 … 9, 0", "Choose object 1 … 10"),
    ("Timeline: click or drag", "Go to a frame"),
    ("Timeline: Ctrl + wheel", "Zoom the timeline"),
)
"""Gestures that are not actions, for the F1 sheet."""
