"""Folders of mask pictures: which file is which frame, which folder is which video."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from annotator.exchange.errors import (
    ExchangeError,
    SeveralVideosError,
    UnknownFormatError,
)
from annotator.exchange.found import RawMask
from vos_core.media.label_maps import read_raw_mask

_NUMBER = re.compile(r"(\d+)$")

MaskReaders = dict[int, Callable[[], RawMask]]


def frame_number(name: str) -> int | None:
    """Return the digits at the end of a file's name without suffix; None without any."""
    match = _NUMBER.search(name)
    return int(match[1]) if match and match[1].isascii() else None


def pictures_in(folder: Path) -> list[Path]:
    """PNG files of a folder, by name.

    Raises:
        ExchangeError: the folder cannot be read.
    """
    try:
        return sorted(
            path
            for path in folder.iterdir()
            if path.suffix.lower() == ".png" and not path.name.startswith(".")
        )
    except OSError as error:
        raise ExchangeError(f"{folder} cannot be read: {error.strerror or error}") from error


def numbered_masks(files: Iterable[Path]) -> tuple[MaskReaders, tuple[str, ...]]:
    """Assign pictures to frames by the number at the end of their names.

    Returns:
        Frame number -> reader, and notes on files that were left out.

    Raises:
        ExchangeError: two files have the same number.
    """
    readers: MaskReaders = {}
    named: dict[int, Path] = {}
    strange = []
    for path in files:
        number = frame_number(path.stem)
        if number is None:
            strange.append(path.name)
            continue
        if number in named:
            raise ExchangeError(
                f"{named[number]} and {path} are both masks of frame {number}; keep one of them"
            )
        named[number] = path
        readers[number] = partial(read_raw_mask, path)
    if not strange:
        return readers, ()
    listed = ", ".join(strange[:3]) + (" …" if len(strange) > 3 else "")
    return readers, (f"left out, because no frame number ends their names: {listed}",)


def subfolders(folder: Path) -> list[Path]:
    """Folders in a folder that are not hidden, by name; none when it cannot be read."""
    try:
        return sorted(
            path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")
        )
    except OSError:
        return []


def choose_sequence(names: Iterable[str], wanted: str, where: Path) -> str:
    """Choose one of several videos: the wanted one, or the only one.

    Raises:
        UnknownFormatError: there is none.
        SeveralVideosError: it cannot be told which.
    """
    known = list(names)
    if wanted in known:
        return wanted
    if len(known) == 1:
        return known[0]
    if not known:
        raise UnknownFormatError(f"{where} holds no masks")
    raise SeveralVideosError(where, known, wanted)
