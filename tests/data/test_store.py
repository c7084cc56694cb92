"""The decoded cache: what went in comes out, and nothing stale or damaged is used."""

from __future__ import annotations

import io
import os
import pickle
import shutil
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from tests.data.small_archives import RED, YELLOW, ground, lossless, picture, write_archive
from vos_core.data.cache_builder import build_cache, main, object_boxes
from vos_core.data.errors import CacheError, SourceError
from vos_core.data.store import ImageStore, open_cache


def member(folder: Path, archive: str, name: str) -> np.ndarray:
    with zipfile.ZipFile(folder / archive) as opened:
        return np.asarray(Image.open(io.BytesIO(opened.read(name))))


def test_pixels_and_labels_equal_those_of_the_archive(store: ImageStore, data_folder: Path) -> None:
    frame = store.sequence("swimmer").frames[5]
    archive = "davis2016_train_1.zip"
    assert np.array_equal(
        frame.image, member(data_folder, archive, "JPEGImages/swimmer/00005.webp")
    )
    assert np.array_equal(
        frame.label_map, member(data_folder, archive, "Annotations/swimmer/00005.png")
    )


def test_sequences_and_groups_are_found_by_name(store: ImageStore) -> None:
    assert list(store.sequences) == ["held_out", "runner", "swimmer"]
    assert [f.name for f in store.sequence("runner").frames] == [f"{t:05d}" for t in range(14)]
    assert {group: len(pictures) for group, pictures in store.statics.items()} == {
        "coco482": 4,
        "bsds_regions": 3,
    }


def test_boxes_are_half_open_and_leave_out_background_and_void() -> None:
    labels = np.zeros((6, 8), np.uint8)
    labels[1:3, 2:7] = 4
    labels[5, 0] = 9
    labels[0, 0] = 255
    assert object_boxes(labels) == [(4, 10, 1, 2, 3, 7), (9, 1, 5, 0, 6, 1)]


def test_views_cannot_be_written(store: ImageStore) -> None:
    with pytest.raises(ValueError, match="read-only"):
        store.sequence("runner").frames[0].image[0, 0] = 1


def test_a_pickled_store_reads_the_same_pixels(store: ImageStore) -> None:
    store.sequence("runner").frames[3].image.sum()  # opens the map, which must not travel
    data = pickle.dumps(store)
    assert len(data) < 100_000
    copy = pickle.loads(data)
    assert np.array_equal(
        copy.sequence("runner").frames[3].image, store.sequence("runner").frames[3].image
    )


def test_large_pictures_are_shrunk_to_the_long_side(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    write_archive(
        data / "static_x_1.zip", {"a": picture(400, 1120, 0, [(100, 200, 300, 600, RED)])}
    )
    stored = build_cache(data, tmp_path / "cache").statics["x"][0]
    assert stored.image.shape == (200, 560, 3)
    assert stored.label_map.shape == (200, 560)
    box = stored.boxes[0]
    assert (box.top, box.left, box.bottom, box.right) == (50, 100, 150, 300)


def test_an_unchanged_folder_is_not_decoded_again(data_folder: Path, tmp_path: Path) -> None:
    build_cache(data_folder, tmp_path)
    pixels = tmp_path / "static_coco482_1" / "images.u8"
    before = pixels.stat().st_mtime_ns
    build_cache(data_folder, tmp_path)
    assert pixels.stat().st_mtime_ns == before


def test_a_changed_archive_is_decoded_again_and_the_others_are_kept(
    data_folder: Path, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    shutil.copytree(data_folder, data)
    cache = tmp_path / "cache"
    build_cache(data, cache)
    kept = (cache / "davis2016_train_1" / "images.u8").stat().st_mtime_ns
    changed = data / "static_coco482_1.zip"
    write_archive(changed, {"new": picture(64, 64, 0, [(10, 10, 40, 40, YELLOW)])})
    os.utime(changed, ns=(1, 1))
    store = build_cache(data, cache)
    assert [p.name for p in store.statics["coco482"]] == ["new"]
    assert tuple(store.statics["coco482"][0].image[20, 20]) == YELLOW
    assert (cache / "davis2016_train_1" / "images.u8").stat().st_mtime_ns == kept


def test_a_removed_archive_leaves_the_cache(data_folder: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(data_folder, data)
    build_cache(data, tmp_path / "cache")
    (data / "static_coco482_1.zip").unlink()
    assert set(build_cache(data, tmp_path / "cache").statics) == {"bsds_regions"}


def test_several_processes_write_the_same_cache(data_folder: Path, tmp_path: Path) -> None:
    one, two = (
        build_cache(data_folder, tmp_path / "1"),
        build_cache(data_folder, tmp_path / "2", workers=2),
    )
    for first, second in zip(
        one.sequence("runner").frames, two.sequence("runner").frames, strict=True
    ):
        assert np.array_equal(first.image, second.image)
        assert first.boxes == second.boxes


def test_the_command_builds_a_cache(data_folder: Path, tmp_path: Path) -> None:
    main(["--data", str(data_folder), "--cache", str(tmp_path / "c"), "--workers", "1"])
    assert len(open_cache(tmp_path / "c").sequences) == 3


def test_refuses_a_folder_without_archives(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"no \.zip archive"):
        build_cache(tmp_path, tmp_path / "cache")


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.zeros((20, 20, 3), np.uint8), "RGB picture, not a palette label map"),
        (np.zeros((10, 20), np.uint8), "where JPEGImages/a.webp is"),
    ],
)
def test_refuses_labels_that_are_none_and_leaves_no_part(
    tmp_path: Path, labels: np.ndarray, message: str
) -> None:
    stream = io.BytesIO()
    Image.fromarray(labels).save(stream, format="PNG")
    with zipfile.ZipFile(tmp_path / "static_bad_1.zip", "w") as archive:
        archive.writestr("JPEGImages/a.webp", lossless(ground(20, 20, 0)))
        archive.writestr("Annotations/a.png", stream.getvalue())
    with pytest.raises(SourceError, match=message):
        build_cache(tmp_path, tmp_path / "cache")
    assert not [p for p in (tmp_path / "cache").iterdir() if "part" in p.name]


def test_refuses_a_truncated_archive(data_folder: Path, tmp_path: Path) -> None:
    whole = (data_folder / "static_coco482_1.zip").read_bytes()
    (tmp_path / "static_coco482_1.zip").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SourceError, match="cannot be decoded"):
        build_cache(tmp_path, tmp_path / "cache")


def test_refuses_a_cache_that_is_unfinished_old_or_damaged(
    data_folder: Path, tmp_path: Path
) -> None:
    with pytest.raises(CacheError, match="not a finished cache"):
        open_cache(tmp_path / "nowhere")
    build_cache(data_folder, tmp_path)
    manifest = tmp_path / "manifest.json"
    whole = manifest.read_text(encoding="utf-8")
    manifest.write_text(whole.replace('"version": 2', '"version": 1'), encoding="utf-8")
    with pytest.raises(CacheError, match="version 1"):
        open_cache(tmp_path)
    manifest.write_text(whole, encoding="utf-8")
    with (tmp_path / "static_coco482_1" / "labels.u8").open("ab") as stream:
        stream.write(b"x")
    with pytest.raises(CacheError, match="damaged"):
        open_cache(tmp_path)


def test_an_unknown_sequence_is_named_with_the_known_ones(store: ImageStore) -> None:
    with pytest.raises(CacheError, match=r"no sequence 'runer'.*runner"):
        store.without(["runer"])


def test_opencv_uses_no_threads_of_its_own() -> None:
    import vos_core.data.layers  # noqa: F401 - sets it

    assert cv2.getNumThreads() == 1
