"""Every format there is: dialogs, command line and documents come from this list."""

from __future__ import annotations

from pathlib import Path

from annotator.exchange.errors import UnknownFormatError
from annotator.exchange.formats.base import ExchangeFormat
from annotator.exchange.formats.binary_png import BinaryPngs
from annotator.exchange.formats.coco import Coco
from annotator.exchange.formats.cvat import CvatVideo
from annotator.exchange.formats.davis import DavisResults, DavisTree
from annotator.exchange.formats.labelme import Labelme
from annotator.exchange.formats.pictures import ContactSheet, OverlayVideo
from annotator.exchange.formats.youtube_vis import YouTubeVis
from annotator.exchange.formats.youtube_vos import YouTubeVos

FORMATS: tuple[ExchangeFormat, ...] = (
    DavisResults(),
    DavisTree(),
    YouTubeVos(),
    YouTubeVis(),
    Coco(),
    CvatVideo(),
    Labelme(),
    BinaryPngs(),
    OverlayVideo(),
    ContactSheet(),
)
"""In the order in which a person should see them."""

_MOST_PARTICULAR_FIRST = (
    "youtube-vos",
    "youtube-vis",
    "coco",
    "labelme",
    "cvat",
    "binary",
    "davis-tree",
    "davis",
)


def format_of(key: str) -> ExchangeFormat:
    """Format by its name on the command line.

    Raises:
        UnknownFormatError: there is none of that name.
    """
    for each in FORMATS:
        if each.key == key:
            return each
    raise UnknownFormatError(
        f"there is no format {key}; there are {', '.join(each.key for each in FORMATS)}"
    )


def readers() -> list[ExchangeFormat]:
    """Formats that can be imported."""
    return [each for each in FORMATS if each.reads]


def writers() -> list[ExchangeFormat]:
    """Formats that can be exported."""
    return [each for each in FORMATS if each.writes]


def recognise(path: Path) -> ExchangeFormat:
    """Format of files, the most particular that fits.

    Raises:
        UnknownFormatError: there is nothing, or nothing that is known.
    """
    if not path.exists():
        raise UnknownFormatError(f"{path}: no such file or folder")
    order = {key: place for place, key in enumerate(_MOST_PARTICULAR_FIRST)}
    for each in sorted(readers(), key=lambda item: order[item.key]):
        if each.recognises(path):
            return each
    titles = ", ".join(each.title for each in readers())
    raise UnknownFormatError(f"{path} is of no format that can be imported: {titles}")
