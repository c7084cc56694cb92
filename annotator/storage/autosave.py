"""Saving by itself: each change goes to the journal at once and to the files a moment later."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from annotator.model.changes import ChangeSet
from annotator.model.document import Document
from annotator.storage.effects import effect_of, settings_effect
from annotator.storage.errors import ProjectError
from annotator.storage.journal import Journal, Record
from annotator.storage.saver import Saver
from annotator.storage.writer import SETTINGS, TABLES, ItemKey, ProjectWriter, Tables

_log = logging.getLogger(__name__)


class AutoSave:
    """Listens to a document and keeps a project folder up to date.

    Journal and saver are told under one lock, so that the moment at which the saver takes a batch
    divides both in the same place: what the journal holds from before is in the batch.

    Args:
        document: what is saved.
        writer: writes into the project folder; from now on in the saver's thread only.
        saved_journal: number of the last journal file whose content is in the folder.
        silence_s: seconds without a change before changes are written.
        gather: everything as items, for a save of the whole; called in the main thread.
        on_error: told in words what could not be written; from the saver's thread, or for the
            journal from the main thread or one of its own.
        on_saved: called in the saver's thread after each save.
    """

    def __init__(
        self,
        document: Document,
        writer: ProjectWriter,
        *,
        saved_journal: int,
        silence_s: float,
        gather: Callable[[], dict[ItemKey, Any]],
        on_error: Callable[[str], object] | None = None,
        on_saved: Callable[[], object] | None = None,
    ) -> None:
        self._document = document
        self._writer = writer
        self._gather = gather
        self._on_error = on_error
        self._folder = writer.paths.folder
        self._journal = Journal(
            writer.paths.journal, saved_generation=saved_journal, on_error=self._journal_failed
        )
        self._taken_generation = saved_journal
        self._needs_whole_save = False
        self._saver: Saver[ItemKey, Any] = Saver(
            self._write_batch,
            silence_s=silence_s,
            on_take=self._note_take,
            on_saved=on_saved,
            on_error=self._saving_failed,
        )
        self._connection = document.changed.connect(self._document_changed)

    @property
    def is_clean(self) -> bool:
        """Whether every change is in the files."""
        return self._saver.is_clean

    def submit(self, items: dict[ItemKey, Any]) -> None:
        """Have items written, without the journal."""
        self._saver.submit(items)

    def submit_change(self, change: ChangeSet) -> None:
        """Have a change written that the journal has already."""
        self._saver.submit(self._items_of(change))

    def take_up(self, change: ChangeSet) -> None:
        """Journal a change that was made before, and have it written."""
        if not change.is_empty:
            self._document_changed(change)

    def settings_changed(self, settings: dict[str, Any]) -> None:
        """Journal the project's settings and have them written."""
        self._record(lambda: settings_effect(settings), 0, {SETTINGS: settings})

    def save_whole(self) -> None:
        """Have everything written again."""
        self._needs_whole_save = False
        self._saver.submit(self._gather())

    def save_soon(self) -> None:
        """Write what is not written yet, now; returns at once."""
        if self._needs_whole_save:
            self.save_whole()
        self._saver.hurry()

    def settle(self, timeout_s: float) -> bool:
        """Write what is pending and wait for it; in any thread."""
        return self._saver.flush(timeout_s)

    def flush(self, timeout_s: float) -> bool:
        """Write what is not written yet and wait; False when something could not be."""
        if self._needs_whole_save:
            self.save_whole()
        return self._saver.flush(timeout_s)

    def close(self, timeout_s: float) -> bool:
        """Write what is left and end the threads; False when something could not be written."""
        self._connection.disconnect()
        if self._needs_whole_save:
            self.save_whole()
        is_saved = self._saver.close(timeout_s)
        self._journal.close()
        return is_saved

    def _document_changed(self, change: ChangeSet) -> None:
        if self._needs_whole_save:
            self.save_whole()
            return
        items = self._items_of(change)
        label_maps = {index: items["mask", index] for index in change.label_maps}
        make_record, nbytes = effect_of(self._document, change, label_maps)
        self._record(make_record, nbytes, items)

    def _record(
        self, make_record: Callable[[], Record], nbytes: int, items: dict[ItemKey, Any]
    ) -> None:
        with self._saver.lock:
            self._journal.append(make_record, nbytes)
            self._saver.submit(items)

    def _items_of(self, change: ChangeSet) -> dict[ItemKey, Any]:
        """Present values of what changed."""
        document = self._document
        items: dict[ItemKey, Any] = {}
        for index in change.label_maps:
            items["mask", index] = document.label_maps.snapshot(index)
        for index in change.reliability_maps:
            items["reliability", index] = document.reliability_maps.pack(index)
        for index, row in document.cells.rows(change.cells):
            items["cells", index] = row
        if change.objects or change.references:
            items[TABLES] = Tables.of(document)
        return items

    def _note_take(self) -> None:
        self._taken_generation = self._journal.begin_generation()

    def _write_batch(self, batch: dict[ItemKey, Any]) -> None:
        self._writer.write(batch, saved_journal=self._taken_generation)
        self._journal.drop_until(self._taken_generation)

    def _saving_failed(self, error: Exception) -> None:
        if isinstance(error, ProjectError):
            self._needs_whole_save = True
        self._tell(f"Not saved: {error}")

    def _journal_failed(self, error: OSError) -> None:
        self._tell(
            f"The journal of {self._folder} could not be written ({error.strerror or error}); a "
            "crash before the next save would lose the last changes"
        )

    def _tell(self, message: str) -> None:
        _log.warning("%s", message)
        if self._on_error is not None:
            self._on_error(message)
