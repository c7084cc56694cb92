"""DAVIS results folders, as the evaluation code of DAVIS 2017 wants them."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from vos_core.media import (
    LabelMapError,
    OutputError,
    encode_label_map,
    export_davis_results,
    label_map_folder,
    read_label_map,
)
from vos_core.media.label_map_folder import LazyLabelMap


def maps(*rows: list[int]) -> list[np.ndarray]:
    return [np.array([row, row], np.uint8) for row in rows]


def test_layout_and_names(tmp_path: Path) -> None:
    export = export_davis_results(tmp_path, maps([0, 1, 2], [1, 1, 2]), sequence="walk")
    assert export.folder == tmp_path / "walk" and export.frame_count == 2
    files = sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file())
    assert files == ["ImageSets/2017/val.txt", "walk/00000.png", "walk/00001.png"]
    assert (tmp_path / "ImageSets/2017/val.txt").read_text() == "walk\n"
    assert read_label_map(tmp_path / "walk/00001.png")[0].tolist() == [1, 1, 2]
    assert export.warnings == ()


def test_a_second_sequence_joins_the_list_and_a_repeat_does_not(tmp_path: Path) -> None:
    for sequence in ("one", "two", "one"):
        export_davis_results(tmp_path, maps([1]), sequence=sequence)
    assert (tmp_path / "ImageSets/2017/val.txt").read_text() == "one\ntwo\n"


def test_known_ids_are_numbered_in_ascending_order_for_the_whole_video(tmp_path: Path) -> None:
    export = export_davis_results(
        tmp_path, maps([0, 9, 5], [3, 9, 0]), sequence="s", object_ids=[9, 3, 5]
    )
    assert export.id_map == {3: 1, 5: 2, 9: 3}
    assert read_label_map(tmp_path / "s/00000.png")[0].tolist() == [0, 3, 2]
    assert read_label_map(tmp_path / "s/00001.png")[0].tolist() == [1, 3, 0]
    assert (
        len(export.warnings) == 1 and "object 1 first appears in frame 00001" in export.warnings[0]
    )


def test_unknown_ids_are_numbered_as_they_appear(tmp_path: Path) -> None:
    export = export_davis_results(tmp_path, maps([0, 7], [2, 7]), sequence="s")
    assert export.id_map == {7: 1, 2: 2}
    assert read_label_map(tmp_path / "s/00001.png")[0].tolist() == [2, 1]


def test_ids_can_be_kept_and_gaps_are_told(tmp_path: Path) -> None:
    export = export_davis_results(tmp_path, maps([1, 5]), sequence="s", renumber=False)
    assert read_label_map(tmp_path / "s/00000.png")[0].tolist() == [1, 5]
    assert any("not contiguous" in text for text in export.warnings)


def test_an_object_without_a_pixel_is_told(tmp_path: Path) -> None:
    export = export_davis_results(tmp_path, maps([1]), sequence="s", object_ids=[1, 2])
    assert export.warnings == ("object 2 is in no frame",)


def test_255_another_size_no_frame_and_bad_names_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LabelMapError, match=r"frame 00001\.png: .*255"):
        export_davis_results(tmp_path, maps([1], [255]), sequence="a")
    with pytest.raises(
        LabelMapError, match=r"frame 00001\.png: the map is 2x2, the first one is 1"
    ):
        export_davis_results(tmp_path, maps([1], [1, 1]), sequence="b")
    with pytest.raises(LabelMapError, match="no frames"):
        export_davis_results(tmp_path, [], sequence="c")
    for name in ("", "../out", "a/b", ".hidden"):
        with pytest.raises(OutputError, match="name of a sequence"):
            export_davis_results(tmp_path, maps([1]), sequence=name)


def test_the_rest_of_a_longer_export_is_not_mixed_in(tmp_path: Path) -> None:
    export_davis_results(tmp_path, maps([1], [1], [1]), sequence="s")
    with pytest.raises(OutputError, match=r"also holds 00002\.png"):
        export_davis_results(tmp_path, maps([2, 1], [2, 1]), sequence="s")
    assert read_label_map(tmp_path / "s/00000.png").tolist() == [[1], [1]]


def test_a_failure_on_the_way_leaves_an_earlier_export_as_it_was(tmp_path: Path) -> None:
    export_davis_results(tmp_path, maps([1], [1]), sequence="s")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(LabelMapError):
        export_davis_results(tmp_path, maps([2], [255]), sequence="s", renumber=False)
    assert sorted(tmp_path.rglob("*")) == before
    assert read_label_map(tmp_path / "s/00000.png").tolist() == [[1], [1]]


def test_a_caller_may_use_one_array_for_all_maps(tmp_path: Path) -> None:
    buffer = np.zeros((200, 200), np.uint8)

    def one_after_the_other() -> Iterator[np.ndarray]:
        for index in range(30):
            buffer[:] = 0
            buffer[index] = 1
            yield buffer

    export_davis_results(tmp_path, one_after_the_other(), sequence="s")
    for index in range(30):
        assert read_label_map(tmp_path / f"s/{index:05d}.png")[:, 0].argmax() == index


def test_a_blocked_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "s").write_text("in the way")
    with pytest.raises(OutputError, match="s: a file of that name exists"):
        export_davis_results(tmp_path, maps([1]), sequence="s")


def test_a_disk_that_keeps_something_else_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def encode_beside(label_map: np.ndarray) -> bytes:
        return encode_label_map(np.roll(label_map, 1, axis=1))

    monkeypatch.setattr(label_map_folder, "encode_label_map", encode_beside)
    with pytest.raises(OutputError, match=r"00000\.png does not read back"):
        export_davis_results(tmp_path, maps([1, 2, 2]), sequence="s")


class _StopError(Exception):
    """The person said stop."""


def test_an_interrupted_export_goes_on_where_it_ended(tmp_path: Path) -> None:
    wanted = maps(*([i % 3, 1, 2] for i in range(40)))

    def stop_at_20(done: int) -> None:
        if done == 20:
            raise _StopError

    with pytest.raises(_StopError):
        export_davis_results(tmp_path, wanted, sequence="s", progress=stop_at_20)
    assert list((tmp_path / "s").iterdir()) == [] and not (tmp_path / "ImageSets").exists()
    staged = tmp_path / ".s.part"
    assert len(list(staged.iterdir())) >= 20
    (staged / "00003.png").write_bytes(b"half a fi")  # the power went while this was written
    (staged / "00004.png").write_bytes(encode_label_map(wanted[5]))  # whole, but not this frame
    times = {path.name: path.stat().st_mtime_ns for path in staged.iterdir()}
    export = export_davis_results(tmp_path, wanted, sequence="s")
    assert export.kept_count >= 18 and not staged.exists()
    for index, label_map in enumerate(wanted):
        path = tmp_path / f"s/{index:05d}.png"
        np.testing.assert_array_equal(read_label_map(path), label_map)
        if path.name in times:
            same = path.stat().st_mtime_ns == times[path.name]
            assert same == (index not in (3, 4))
    assert export_davis_results(tmp_path, wanted, sequence="s").kept_count == 40


def test_stored_files_are_taken_over_where_they_hold_the_map(tmp_path: Path) -> None:
    label_map = maps([0, 1, 2])[0]
    good, bad = tmp_path / "good.png", tmp_path / "bad.png"
    with_comment = PngInfo()
    with_comment.add_text("who", "somebody")
    picture = Image.open(io.BytesIO(encode_label_map(label_map)))
    picture.save(good, pnginfo=with_comment)
    bad.write_bytes(encode_label_map(label_map[:, ::-1]))
    lazy = [
        LazyLabelMap(lambda: label_map, stored) for stored in (good, bad, tmp_path / "gone.png")
    ]
    export_davis_results(tmp_path / "out", lazy, sequence="s", object_ids=[1, 2])
    files = [(tmp_path / f"out/s/{i:05d}.png").read_bytes() for i in range(3)]
    assert files[0] == good.read_bytes()
    assert files[1] == files[2] == encode_label_map(label_map)


def test_a_lazy_map_with_an_unknown_id_is_refused(tmp_path: Path) -> None:
    lazy = [LazyLabelMap(lambda: maps([0, 7])[0])]
    with pytest.raises(LabelMapError, match=r"frame 00000\.png: no object has the ids \[7\]"):
        export_davis_results(tmp_path, lazy, sequence="s", object_ids=[1])
    assert not (tmp_path / ".s.part").exists()


@pytest.mark.slow
def test_export_of_1080p_maps_keeps_up(tmp_path: Path) -> None:
    """The aim is 100 maps a second, reading back included; half of it leaves room for a busy CI."""
    label_map = np.zeros((1080, 1920), np.uint8)
    for object_id, centre in enumerate([(400, 500), (900, 300), (1400, 700)], start=1):
        cv2.ellipse(label_map, centre, (220, 140), 20 * object_id, 0, 360, object_id, -1)
    count = 100
    start = time.process_time()
    export_davis_results(tmp_path, (label_map for _ in range(count)), sequence="s")
    assert count / (time.process_time() - start) > 50
