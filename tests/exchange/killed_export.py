"""An export in a process of its own that stops dead where the test wants it to.

    python -m tests.exchange.killed_export PROJECT FORMAT TARGET STEP [moving]

It says "here" and waits to be killed after STEP steps of progress, or, with ``moving``, just before
the STEP-th file takes its place.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from annotator.cli.exchange import sequence_of
from annotator.exchange import overlay_pieces
from annotator.exchange.exporting import run_export
from annotator.exchange.options import ExportOptions
from annotator.exchange.registry import format_of
from annotator.exchange.source import ExportSource
from annotator.storage.project import load_project

PIECE_FRAMES = 4


def wait_for_death() -> None:
    """Tell the test, then do nothing more."""
    sys.stdout.write("here\n")
    sys.stdout.flush()
    time.sleep(600)


def main(project: str, key: str, target: str, step: str, *moving: str) -> None:
    """Export until the step, then wait."""
    overlay_pieces.PIECE_FRAMES = PIECE_FRAMES
    loaded = load_project(Path(project))
    frames = loaded.record.frames
    source = ExportSource.of(loaded.document, sequence_of(frames, Path(project)))
    seen = 0

    def count() -> None:
        nonlocal seen
        seen += 1
        if seen == int(step):
            wait_for_death()

    if moving:
        plain = Path.replace

        def replace(self: Path, other: Path) -> Path:
            count()
            return plain(self, other)

        Path.replace = replace  # type: ignore[method-assign,assignment]
    run_export(
        format_of(key),
        source,
        Path(target),
        ExportOptions(),
        (lambda _done, _total: None) if moving else (lambda _done, _total: count()),
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
