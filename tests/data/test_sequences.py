"""A DAVIS tree written from the cache reads back as what the cache holds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vos_core.data.errors import CacheError
from vos_core.data.sequences import export_sequences, main
from vos_core.data.store import ImageStore
from vos_core.media import open_frames, read_label_map


def test_lossless_frames_and_labels_read_back_equal(store: ImageStore, tmp_path: Path) -> None:
    frames, annotations = export_sequences(store, ["runner"], tmp_path, jpeg_quality=None)
    sequence = store.sequence("runner")
    with open_frames(frames / "runner") as source:
        assert source.frame_count == len(sequence)
        assert list(source.names)[:2] == ["00000", "00001"]
        assert np.array_equal(source.read(3), sequence.frames[3].image)
    read = read_label_map(annotations / "runner" / "00003.png")
    assert np.array_equal(read, sequence.frames[3].label_map)


def test_the_command_writes_names_frames_and_labels(store: ImageStore, tmp_path: Path) -> None:
    names = tmp_path / "names.txt"
    names.write_text("swimmer\nrunner\n", encoding="utf-8")
    out = tmp_path / "davis"
    main(["--cache", str(store.directory), "--sequences", str(names), "--out", str(out)])
    assert (out / "ImageSets/2017/val.txt").read_text(encoding="utf-8") == "swimmer\nrunner\n"
    assert len(list((out / "JPEGImages/480p/swimmer").glob("*.jpg"))) == 14
    with open_frames(out / "JPEGImages/480p/swimmer") as source:
        original = store.sequence("swimmer").frames[0].image
        assert np.abs(source.read(0).astype(int) - original).mean() < 4


def test_refuses_a_sequence_that_is_not_there(store: ImageStore, tmp_path: Path) -> None:
    with pytest.raises(CacheError, match="no sequence 'flyer'"):
        export_sequences(store, ["flyer"], tmp_path)
