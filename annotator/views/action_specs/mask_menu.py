"""Actions of the mask menu: the chosen object's mask in this frame as a whole."""

from __future__ import annotations

from annotator.views.action_specs.record import ActionSpec

_A = ActionSpec

ACTIONS: tuple[ActionSpec, ...] = (
    _A(
        "mask.grow",
        "&Grow",
        ("Ctrl+]",),
        "mdi6.arrow-expand-all",
        "Make the chosen object's mask larger all round, by the amount in the tool bar",
    ),
    _A(
        "mask.shrink",
        "&Shrink",
        ("Ctrl+[",),
        "mdi6.arrow-collapse-all",
        "Make the chosen object's mask smaller all round, by the amount in the tool bar",
    ),
    _A(
        "mask.smooth",
        "S&mooth",
        ("Ctrl+T",),
        "mdi6.blur",
        "Even out the mask's border over the amount in the tool bar",
    ),
    _A(
        "mask.islands",
        "Remove &islands",
        ("Ctrl+K",),
        "mdi6.broom",
        "Take away parts of fewer pixels than the tool bar says; the largest part stays",
        begins_section=True,
    ),
    _A(
        "mask.holes",
        "Fill &holes",
        ("Ctrl+H",),
        "mdi6.circle-double",
        "Fill what the chosen object encloses",
    ),
    _A(
        "mask.copy",
        "&Copy mask",
        ("Ctrl+C",),
        "mdi6.content-copy",
        "Keep the chosen object's mask of this frame, to paste it elsewhere",
        begins_section=True,
    ),
    _A(
        "mask.paste",
        "Paste m&ask",
        ("Ctrl+V",),
        "mdi6.content-paste",
        "Give the chosen object the copied mask here, in place of the one it has",
    ),
    _A(
        "mask.copy_previous",
        "Copy from the &previous frame",
        ("Ctrl+Shift+Left",),
        "mdi6.page-previous-outline",
        "Give the chosen object the mask it has one frame before",
    ),
    _A(
        "mask.copy_next",
        "Copy from the &next frame",
        ("Ctrl+Shift+Right",),
        "mdi6.page-next-outline",
        "Give the chosen object the mask it has one frame later",
    ),
)
