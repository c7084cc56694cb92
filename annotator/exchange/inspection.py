"""Looks at every mask before an import, and says what is wrong and how it can be mended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass, field, replace

from annotator.exchange.errors import DamagedFileError, MendNeededError
from annotator.exchange.examination import (
    Examination,
    examine,
    fill_from_nearest,
    ids_of_values,
)
from annotator.exchange.exporting import no_progress
from annotator.exchange.findings import Finding, Mend, judge
from annotator.exchange.found import FoundMasks
from annotator.exchange.parallel import in_order
from annotator.exchange.provenance import Provenance, read_provenance
from annotator.exchange.source import Progress
from annotator.exchange.values import ValueTable
from annotator.model.document import Document
from vos_core.media import MediaError
from vos_core.media.label_maps import VOID


@dataclass(frozen=True)
class ImportTarget:
    """What masks are imported into.

    Attributes:
        frame_count, height, width: of the frames.
        person_frames: frames with masks that a person made.
        protected: names of locked objects.
        objects: ids and names of its objects, in list order.
    """

    frame_count: int
    height: int
    width: int
    person_frames: frozenset[int] = frozenset()
    protected: tuple[str, ...] = ()
    objects: tuple[tuple[int, str], ...] = ()

    @classmethod
    def of(cls, document: Document) -> ImportTarget:
        """Take it from a document."""
        made = document.cells.person_frames()
        locked = tuple(record.name for record in document.objects if record.locked)
        objects = tuple((record.object_id, record.name) for record in document.objects)
        return cls(
            document.frame_count,
            document.height,
            document.width,
            frozenset(made),
            locked,
            objects,
        )


@dataclass(frozen=True)
class ImportReport:
    """What was found in files, before anything is changed.

    Attributes:
        found: the masks.
        target: what they are for.
        sizes: (height, width) -> number of masks.
        values: what each value in the files becomes.
        pixels: object id -> pixels in all frames.
        frames_of: object id -> number of frames that show it.
        first_frame_of: object id -> first frame, as the files number them, that shows it.
        findings: faults and notes, with mends.
        provenance: what the sidecar says; None without one.
    """

    found: FoundMasks
    target: ImportTarget
    sizes: Counter[tuple[int, int]]
    values: ValueTable
    pixels: dict[int, int]
    frames_of: dict[int, int]
    first_frame_of: dict[int, int]
    findings: tuple[Finding, ...]
    provenance: Provenance | None = field(default=None)

    @property
    def mends(self) -> tuple[Mend, ...]:
        """Every mend that is offered."""
        return tuple(mend for finding in self.findings for mend in finding.mends)

    @property
    def recommended(self) -> frozenset[str]:
        """Keys of the mends that a person would most likely want."""
        return frozenset(mend.key for mend in self.mends if mend.is_recommended)

    def unmended(self, accepted: Iterable[str]) -> list[Finding]:
        """Faults for which no mend was accepted."""
        keys = set(accepted)
        return [
            finding
            for finding in self.findings
            if finding.is_fault and not keys & {mend.key for mend in finding.mends}
        ]

    def check(self, accepted: Iterable[str]) -> None:
        """Refuse an import that faults stand against.

        Raises:
            MendNeededError: they are told, with the mends that are offered.
        """
        open_faults = self.unmended(accepted)
        if open_faults:
            raise MendNeededError("; ".join(finding.with_mends for finding in open_faults))


def warnings_of_davis(report: ImportReport) -> list[str]:
    """What the DAVIS 2017 evaluation would stumble over, in sentences."""
    warnings = []
    numbers = sorted(report.found.masks)
    missing = sorted(set(range(numbers[-1] + 1)) - set(numbers))
    if missing:
        warnings.append(
            f"there is no mask of frame {missing[0]} ({len(missing)} are missing); the DAVIS "
            "evaluation expects one for every frame from 0"
        )
    ids = sorted(report.pixels)
    if ids and ids != list(range(1, len(ids) + 1)):
        warnings.append(
            f"the ids are {', '.join(map(str, ids[:12]))}; the DAVIS evaluation counts "
            f"{ids[-1]} objects and scores those that are missing as perfect"
        )
    warnings += [
        f"object {object_id} first appears in frame {first}; the DAVIS evaluation expects every "
        "object in frame 0"
        for object_id, first in sorted(report.first_frame_of.items())
        if first != numbers[0]
    ]
    return warnings


def inspect(
    found: FoundMasks, target: ImportTarget, progress: Progress = no_progress
) -> ImportReport:
    """Look at every mask.

    Args:
        found: by a reader.
        target: what they are for.
        progress: hears how many masks are done; what it raises stops the work.

    Raises:
        DamagedFileError: a mask cannot be read.
        MediaError: likewise.
    """
    if not found.masks:
        raise DamagedFileError(f"{found.path} holds no mask")
    seen: dict[int, Examination] = {}
    numbers = sorted(found.masks)

    def look(number: int) -> tuple[int, Examination]:
        return number, examine(found.masks[number]())

    _in_threads(look, numbers, seen, progress)
    provenance, sidecar_fault = None, ""
    if found.sidecar is not None:
        try:
            provenance = read_provenance(found.sidecar)
        except (DamagedFileError, MediaError) as error:
            sidecar_fault = str(error)
    declared = set(found.declared_ids)
    if provenance is not None:
        declared |= {record.object_id for record in provenance.objects}
    values = ValueTable.of(seen.values(), declared)
    if values.kind != "ids":  # only now it is known which pixels belong together

        def look_again(number: int) -> tuple[int, Examination]:
            label_map = ids_of_values(found.masks[number](), values.ids, unknown=VOID)
            pieces = examine(fill_from_nearest(label_map, label_map == VOID))
            first = seen[number]
            return number, replace(first, specks=pieces.specks, speck_pixels=pieces.speck_pixels)

        _in_threads(look_again, numbers, seen, progress)
    pixels: dict[int, int] = {}
    frames_of: dict[int, int] = {}
    first_frame_of: dict[int, int] = {}
    for number, examination in sorted(seen.items()):
        shown = set()
        for value, count in examination.pixels.items():
            object_id = values.ids.get(value, 0)
            if object_id:
                pixels[object_id] = pixels.get(object_id, 0) + count
                shown.add(object_id)
        for object_id in shown:
            frames_of[object_id] = frames_of.get(object_id, 0) + 1
            first_frame_of.setdefault(object_id, number)
    sizes = Counter((each.height, each.width) for each in seen.values())
    findings = judge(
        found,
        seen,
        values,
        frame_count=target.frame_count,
        size=(target.height, target.width),
        person_frames=target.person_frames,
        protected=target.protected,
        provenance=provenance,
        sidecar_fault=sidecar_fault,
    )
    return ImportReport(
        found,
        target,
        sizes,
        values,
        pixels,
        frames_of,
        first_frame_of,
        tuple(findings),
        provenance,
    )


def _in_threads(
    look: Callable[[int], tuple[int, Examination]],
    numbers: list[int],
    seen: dict[int, Examination],
    progress: Progress,
) -> None:
    with closing(in_order(look, numbers, name="inspect")) as results:
        for done, (number, examination) in enumerate(results, start=1):
            seen[number] = examination
            progress(done, len(numbers))
