"""The document says what the registry says."""

from __future__ import annotations

from pathlib import Path

from annotator.cli.exchange import format_table
from annotator.exchange.choices import WAYS
from annotator.exchange.findings import MENDS
from annotator.exchange.options import OPTIONS, ExportOptions
from annotator.exchange.registry import FORMATS

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "how_to" / "exchange.md"


def test_every_format_and_mend_stands_in_the_document() -> None:
    text = DOCUMENT.read_text("utf-8")
    assert format_table() in text
    for key, meaning in (MENDS | WAYS).items():
        assert f"| `{key}` | {meaning} |" in text


def test_formats_are_complete() -> None:
    keys = [each.key for each in FORMATS]
    assert len(set(keys)) == len(keys)
    for each in FORMATS:
        assert each.reads or each.writes
        assert set(each.options) <= OPTIONS.keys() <= set(vars(ExportOptions()))
        assert bool(each.suffix) == (each.target == "file")
