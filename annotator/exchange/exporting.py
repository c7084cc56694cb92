"""An export from beginning to end: masks, check, sidecar."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from annotator.exchange.errors import ExchangeError
from annotator.exchange.formats.base import ExchangeFormat, Written
from annotator.exchange.options import ExportOptions
from annotator.exchange.provenance import write_provenance
from annotator.exchange.source import ExportSource, Progress
from annotator.model.document import Document
from vos_core.media.atomic import remove_leftovers


@dataclass(frozen=True)
class ExportReport(Written):
    """What an export left, sidecar included.

    Attributes:
        format_key: of the format.
        was_interrupted: whether an earlier export to the same place had not come to its end.
    """

    format_key: str = ""
    was_interrupted: bool = False

    @property
    def text_on_interruption(self) -> str:
        """What was taken over from an earlier export, in a sentence; may be empty."""
        if self.kept_count:
            what = self.counted if self.kept_count != 1 else self.counted.removesuffix("s")
            return f"{self.kept_count} {what} were there already, whole and right."
        if self.was_interrupted:
            return "An earlier export to this place was interrupted; it was made anew."
        return ""


def no_progress(_done: int, _total: int) -> None:
    """Tell nobody how far it is."""


def run_export(
    chosen: ExchangeFormat,
    source: ExportSource,
    target: Path,
    options: ExportOptions,
    progress: Progress = no_progress,
) -> ExportReport:
    """Write masks, read them back, and put the provenance beside them.

    Args:
        chosen: format.
        source: masks.
        target: folder or file.
        options: choices; those that the format does not know are not used.
        progress: hears how far it is; what it raises stops the export.

    Raises:
        ExchangeError: it cannot be exported so.
        MediaError: a file cannot be written, or did not read back.
    """
    if not chosen.writes:
        raise ExchangeError(f"{chosen.title} can be read only, not written")
    if chosen.target == "file" and target.is_dir():
        raise ExchangeError(f"{target} is a folder; {chosen.title} is one file, *{chosen.suffix}")
    if chosen.target == "file" and not target.suffix:
        target = target.with_name(target.name + chosen.suffix_for(options))
    was_interrupted = chosen.target == "file" and remove_leftovers(target)
    written = chosen.write(source, target, options, progress)
    write_provenance(written.sidecar, source, written.id_map)
    return ExportReport(**vars(written), format_key=chosen.key, was_interrupted=was_interrupted)


def text_on_stop(chosen: ExchangeFormat) -> str:
    """What an export that was stopped leaves, in a sentence."""
    if chosen.target == "folder":
        return "Nothing is in its place yet; exporting again goes on where it ended."
    went = "goes on where it ended" if chosen.resumes else "begins anew"
    return f"No half file was left; one that was there before stays. Exporting again {went}."


def notes_before(chosen: ExchangeFormat, document: Document) -> list[str]:
    """Tell before an export what a reader of it would stumble over.

    Args:
        chosen: format.
        document: of which only the tables are looked at.
    """
    notes = []
    for record in document.objects:
        frames = document.cells.frames_of(record.object_id)
        if not frames:
            notes.append(f"{record.name} has no mask in any frame.")
        elif frames[0] > 0 and chosen.key.startswith("davis"):
            notes.append(
                f"{record.name} first appears in frame {frames[0]}: the DAVIS evaluation expects "
                "every object in frame 0."
            )
    if not len(document.objects):
        notes.append("There is no object yet: the masks will be empty.")
    return notes
