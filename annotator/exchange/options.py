"""Choices of a person for an export; dialog and command line come from this table."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ExportOptions:
    """How to write.

    Attributes:
        name: of the sequence in the files; the video's when empty.
        renumber: ids from 1 without gaps; else every object keeps its id.
        every: write each n-th frame only.
        with_frames: also write the frames, as the format lays them out.
        outlines: polygons instead of exact pixels.
        columns: pictures in a row of a contact sheet.
        pictures: how many frames a contact sheet shows.
    """

    name: str = ""
    renumber: bool = True
    every: int = 1
    with_frames: bool = False
    outlines: bool = False
    columns: int = 4
    pictures: int = 16


@dataclass(frozen=True)
class OptionSpec:
    """One choice.

    Attributes:
        name: attribute of `ExportOptions`.
        text: for a check box or the label of a field.
        tip: one sentence.
        lowest, highest: bounds of a number; a switch has none.
    """

    name: str
    text: str
    tip: str
    lowest: int | None = None
    highest: int | None = None

    @property
    def is_switch(self) -> bool:
        """Whether it is on or off."""
        return self.lowest is None


OPTIONS: dict[str, OptionSpec] = {
    spec.name: spec
    for spec in (
        OptionSpec(
            "renumber",
            "Renumber ids to 1 … N",
            "Benchmarks need ids without a gap; the project itself keeps its ids",
        ),
        OptionSpec(
            "every",
            "Every n-th frame",
            "Write frames 0, n, 2n and so on; YouTube-VOS annotates every 5th",
            1,
            1000,
        ),
        OptionSpec(
            "with_frames",
            "Write the frames too",
            "Frames as JPEG files where the format expects them",
        ),
        OptionSpec(
            "outlines",
            "Polygons instead of exact pixels",
            "For tools that cannot show masks; holes are filled",
        ),
        OptionSpec("columns", "Pictures in a row", "Columns of the sheet", 1, 20),
        OptionSpec("pictures", "Pictures", "How many frames the sheet shows", 1, 400),
    )
}
