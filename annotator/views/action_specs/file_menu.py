"""Actions of the file menu: opening, saving, exchange."""

from __future__ import annotations

from annotator.views.action_specs.record import ActionSpec

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
        "file.import_masks",
        "&Import masks…",
        ("Ctrl+I",),
        "mdi6.import",
        "Look at masks made elsewhere, mend what is wrong with them, and take them over",
        begins_section=True,
    ),
    _A(
        "file.export_davis",
        "&Export masks…",
        ("Ctrl+E",),
        "mdi6.export",
        "Write the masks for DAVIS, YouTube-VOS, COCO, CVAT, labelme or as pictures",
    ),
    _A(
        "file.effort",
        "E&ffort so far…",
        (),
        "mdi6.timer-outline",
        "Steps, corrections and time of each object, from the log that is kept with the project",
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
)
