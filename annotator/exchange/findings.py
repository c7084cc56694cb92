"""Sentences on what an import found, and the mends that are offered for it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from annotator.exchange.examination import SPECK_PIXELS, Examination
from annotator.exchange.found import FoundMasks
from annotator.exchange.provenance import Provenance
from annotator.exchange.values import ValueTable

VALUES, VOID, SMOOTH, SPECKS, SIZE = "values", "void", "smooth", "specks", "size"
KEEP_THIN = "keep-thin"
SHIFT, LEAVE_OUT, RENUMBER = "shift", "leave-out", "renumber"
KEEP, REPLACE, PROVENANCE = "keep", "replace", "provenance"

MENDS: dict[str, str] = {
    VALUES: "give each colour (or large value) an object id",
    VOID: "make 255 background, or object 1 in black and white masks",
    SMOOTH: "give smoothed edges to the nearest object or the background",
    KEEP_THIN: "take thin lines as objects of their own",
    SPECKS: f"remove pieces of fewer than {SPECK_PIXELS} pixels",
    SIZE: "resize to the size of the frames, without making new ids",
    SHIFT: "count frames from 0 instead of from the first number",
    LEAVE_OUT: "leave masks of frames out that do not exist",
    RENUMBER: "number objects from 1 without gaps",
    KEEP: "leave alone what a person made: these frames, or these masks when adding or merging",
    REPLACE: "replace masks that a person made",
    PROVENANCE: "take over names, colours, states and reliability from the sidecar",
}
"""Every mend there is: key -> what it does."""


@dataclass(frozen=True)
class Mend:
    """A way to make something right.

    Attributes:
        key: its name on the command line.
        text: what it does here.
        is_recommended: whether most people would want it.
    """

    key: str
    text: str
    is_recommended: bool = True


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, or worth knowing.

    Attributes:
        text: what, in a sentence.
        mends: alternatives; at most one of them is needed.
        is_fault: whether masks cannot be imported before it is mended.
    """

    text: str
    mends: tuple[Mend, ...] = ()
    is_fault: bool = False

    @property
    def with_mends(self) -> str:
        """The text, and which mends to say on the command line."""
        if not self.mends:
            return self.text
        offers = " or ".join(f"--mend {mend.key} ({mend.text})" for mend in self.mends)
        return f"{self.text}: {offers}"


def judge(
    found: FoundMasks,
    seen: Mapping[int, Examination],
    values: ValueTable,
    *,
    frame_count: int,
    size: tuple[int, int],
    person_frames: Collection[int],
    protected: Collection[str],
    provenance: Provenance | None,
    sidecar_fault: str = "",
) -> list[Finding]:
    """Put into words what was found.

    Args:
        found: the masks.
        seen: frame number -> what was counted in its mask.
        values: what values mean.
        frame_count: of the target.
        size: (height, width) of its frames.
        person_frames: its frames with masks that a person made.
        protected: names of its locked objects.
        provenance: from the sidecar.
        sidecar_fault: why the sidecar cannot be read; empty when it can.
    """
    findings = [
        *_of_values(seen, values),
        *_of_sizes(seen, size),
        *_of_frames(seen, frame_count),
        *_of_specks(seen),
        *_of_id_gaps(values),
        *_of_person(seen, person_frames),
    ]
    if protected:
        findings.append(Finding(f"locked, so they keep their masks: {', '.join(protected)}"))
    findings += [Finding(note) for note in found.notes]
    if provenance is not None:
        findings.append(
            Finding(
                f"a sidecar tells who made these masks (written {provenance.written})",
                (Mend(PROVENANCE, "take over names, colours, states and reliability"),),
            )
        )
    if sidecar_fault:
        findings.append(Finding(f"the sidecar is left aside: {sidecar_fault}"))
    return findings


def _of_values(seen: Mapping[int, Examination], values: ValueTable) -> list[Finding]:
    findings = []
    objects = sum(1 for object_id in values.ids.values() if object_id)
    if values.kind == "colours":
        if values.is_palette:
            text = f"the masks are coloured pictures in {objects} colours of the DAVIS palette"
            mend = "take each colour as the id that it has in the palette"
        else:
            text = f"the masks are coloured pictures in {objects} unknown colours"
            mend = f"number the colours as objects 1 to {objects}, black is background"
        findings.append(Finding(text, (Mend(VALUES, mend),), True))
    elif values.kind == "deep":
        highest = max(values.ids)
        findings.append(
            Finding(
                f"the masks have more than 8 bits a pixel, values up to {highest}",
                (Mend(VALUES, f"number the {objects} values as objects 1 to {objects}"),),
                True,
            )
        )
    if values.is_black_and_white:
        text = "the masks are black and white: 0 and 255 are the only values"
        findings.append(Finding(text, (Mend(VOID, "take white as object 1"),), True))
    elif values.void_pixels:
        text = (
            f'{values.void_pixels} pixels have the value 255, which means "do not judge" in '
            "benchmarks and is no object"
        )
        findings.append(Finding(text, (Mend(VOID, "make them background"),), True))
    if values.edges:
        count = sum(each.pixels.get(v, 0) for each in seen.values() for v in values.edges)
        noun = "colours" if values.kind == "colours" else "ids"
        mends = [Mend(SMOOTH, "give these pixels to the nearest object or the background")]
        if values.kind == "ids":
            mends.append(Mend(KEEP_THIN, "take them as objects, they are thin", False))
        findings.append(
            Finding(
                f"{len(values.edges)} {noun} ({count} pixels) occur only in thin lines: edges that "
                "were smoothed, by resizing or by a brush",
                tuple(mends),
                True,
            )
        )
    return findings


def _of_sizes(seen: Mapping[int, Examination], size: tuple[int, int]) -> list[Finding]:
    wrong: dict[tuple[int, int], list[int]] = {}
    for number, each in sorted(seen.items()):
        if (each.height, each.width) != size:
            wrong.setdefault((each.height, each.width), []).append(number)
    if not wrong:
        return []
    height, width = size
    listed = "; ".join(f"{w}x{h} in frames {_listed(frames)}" for (h, w), frames in wrong.items())
    is_same_shape = all(abs(h * width - w * height) <= max(w, h, *size) for h, w in wrong)
    text = f"masks of another size than the frames, which are {width}x{height}: {listed}"
    if not is_same_shape:
        text += "; their sides have another ratio, so they may belong to another video"
    mend = Mend(SIZE, "resize them, nearest pixel", is_same_shape)
    return [Finding(text, (mend,), True)]


def _of_frames(seen: Mapping[int, Examination], frame_count: int) -> list[Finding]:
    findings = []
    numbers = sorted(seen)
    outside = [number for number in numbers if number >= frame_count]
    if outside:
        mends = []
        if numbers[-1] - numbers[0] < frame_count:
            mends.append(Mend(SHIFT, f"take {numbers[0]} as frame 0"))
        mends.append(Mend(LEAVE_OUT, "leave them out", not mends))
        text = (
            f"{_count(len(outside), 'mask')} of frames that do not exist ({_listed(outside)}); "
            f"frames are 0 to {frame_count - 1}"
        )
        findings.append(Finding(text, tuple(mends), True))
    inside = [number for number in numbers if number < frame_count]
    missing = frame_count - len(inside)
    if missing and len(inside) > 1:
        findings.append(Finding(f"{_count(missing, 'frame')} without a mask stay as they are"))
    return findings


def _of_specks(seen: Mapping[int, Examination]) -> list[Finding]:
    specks = sum(each.specks for each in seen.values())
    if not specks:
        return []
    pixels = sum(each.speck_pixels for each in seen.values())
    frames = [number for number, each in seen.items() if each.specks]
    text = (
        f"{_count(specks, 'speck')} ({pixels} pixels) in {_count(len(frames), 'frame')}: pieces of "
        f"fewer than {SPECK_PIXELS} pixels apart from their object"
    )
    return [Finding(text, (Mend(SPECKS, "give them to what surrounds them", False),))]


def _of_id_gaps(values: ValueTable) -> list[Finding]:
    ids = sorted(set(values.ids.values()) - {0})
    if not ids or ids == list(range(1, len(ids) + 1)):
        return []
    text = f"ids with gaps: {_listed(ids)}"
    return [Finding(text, (Mend(RENUMBER, f"number them 1 to {len(ids)}", False),))]


def _of_person(seen: Mapping[int, Examination], person_frames: Collection[int]) -> list[Finding]:
    made = sorted(set(person_frames) & seen.keys())
    if not made:
        return []
    frames = f"frame {made[0]} holds" if len(made) == 1 else f"frames {_listed(made)} hold"
    text = f"{frames} masks that a person made"
    keep = Mend(KEEP, "leave these frames as they are (when adding or merging: these masks)")
    replace = Mend(REPLACE, "replace them; verified masks stay", False)
    return [Finding(text, (keep, replace), True)]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _listed(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers[:5])) + (" …" if len(numbers) > 5 else "")
