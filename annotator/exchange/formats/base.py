"""What a format is: a reader that only finds, a writer that checks what it wrote."""

from __future__ import annotations

from abc import ABC
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from annotator.exchange.errors import ExchangeError
from annotator.exchange.found import FoundMasks, ImportQuery
from annotator.exchange.options import ExportOptions
from annotator.exchange.source import ExportSource, Progress


@dataclass(frozen=True)
class Written:
    """What a writer left.

    Attributes:
        path: folder or file, as the person should be told.
        sidecar: where the provenance belongs.
        frame_count: how many frames' masks are in it.
        id_map: id in the project -> id in the files.
        warnings: what a reader may stumble over, each a sentence.
        kept_count: how much was there already, whole and right, from an earlier export.
        counted: what `kept_count` counts, in the plural.
    """

    path: Path
    sidecar: Path
    frame_count: int
    id_map: dict[int, int]
    warnings: tuple[str, ...] = ()
    kept_count: int = 0
    counted: str = "files"


class ExchangeFormat(ABC):
    """One format, read, written, or both.

    Attributes:
        key: its name on the command line.
        title: its name for people.
        summary: one sentence on what the files are.
        layout: what stands where, one line.
        target: whether an export is a folder or one file.
        suffix: of the file.
        reads, writes: which ways it goes.
        options: names of `OPTIONS` that its writer knows.
        resumes: whether an interrupted export goes on where it ended.
    """

    key: ClassVar[str]
    title: ClassVar[str]
    summary: ClassVar[str]
    layout: ClassVar[str]
    target: ClassVar[Literal["folder", "file"]] = "folder"
    suffix: ClassVar[str] = ""
    reads: ClassVar[bool] = True
    writes: ClassVar[bool] = True
    options: ClassVar[tuple[str, ...]] = ()
    resumes: ClassVar[bool] = False

    def default_target(self, parent: Path, sequence: str) -> Path:
        """Where an export goes unless the person chooses."""
        return parent / f"{sequence}-{self.key}{self.suffix}"

    def suffix_for(self, options: ExportOptions) -> str:
        """Suffix of the file with these choices."""
        return self.suffix

    def recognises(self, path: Path) -> bool:
        """Whether the files look like this format; never raises for what they hold."""
        return False

    def find(self, path: Path, query: ImportQuery) -> FoundMasks:
        """List the masks without judging them.

        Raises:
            ExchangeError: it is another format, or damaged.
        """
        raise ExchangeError(f"{self.title} can be written only, not read")

    def write(
        self, source: ExportSource, target: Path, options: ExportOptions, progress: Progress
    ) -> Written:
        """Write, and read back what was written.

        Raises:
            ExchangeError: something cannot be exported.
            MediaError: a file cannot be written, or did not read back.
        """
        raise ExchangeError(f"{self.title} can be read only, not written")
