"""Writing masks in a thread of its own, so that the window goes on."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, QThread, Signal

from annotator.model.label_maps import PackedMap
from vos_core.media import MediaError, export_davis_results

_log = logging.getLogger(__name__)


class _InterruptedError(Exception):
    """The window closes."""


class ExportThread(QThread):
    """Writes label maps in DAVIS form once, then ends."""

    exported = Signal(object)
    """`vos_core.media.DavisExport`."""
    failed = Signal(str)

    def __init__(
        self,
        folder: Path,
        maps: Sequence[PackedMap],
        *,
        sequence: str,
        object_ids: Sequence[int],
        renumber: bool,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._folder = folder
        self._maps = maps
        self._sequence = sequence
        self._object_ids = tuple(object_ids)
        self._renumber = renumber

    def run(self) -> None:
        """Write everything; in the thread."""
        try:
            result = export_davis_results(
                self._folder,
                self._unpacked(),
                sequence=self._sequence,
                object_ids=self._object_ids,
                renumber=self._renumber,
            )
        except _InterruptedError:
            return
        except MediaError as error:
            self.failed.emit(str(error))
        except Exception as error:  # the window must hear of it, whatever it is
            _log.exception("the export failed")
            self.failed.emit(f"The export failed: {error}")
        else:
            self.exported.emit(result)

    def _unpacked(self) -> Iterator[np.ndarray]:
        for packed in self._maps:
            if self.isInterruptionRequested():
                raise _InterruptedError
            yield packed.unpack()
