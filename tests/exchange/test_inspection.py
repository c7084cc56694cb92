"""Bad input of an import: each fault is named, mends are offered, nothing changes before."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from annotator.exchange.choices import ImportChoices
from annotator.exchange.errors import (
    DamagedFileError,
    ExchangeError,
    MendNeededError,
    UnknownFormatError,
)
from annotator.exchange.examination import examine, fill_from_nearest
from annotator.exchange.importing import DocumentSnapshot, import_files, look_at, plan
from annotator.exchange.inspection import ImportReport
from annotator.model.cells import CellState
from annotator.model.commands import AddObject, SetCellState
from annotator.model.document import Document
from annotator.model.geometry import Box
from annotator.model.history import History
from vos_core.media import voc_palette, write_label_map

HEIGHT, WIDTH = 30, 40


def two_squares(first: int = 1, second: int = 2) -> np.ndarray:
    label_map = np.zeros((HEIGHT, WIDTH), np.uint8)
    label_map[4:14, 4:14] = first
    label_map[10:26, 20:36] = second
    return label_map


def folder_of(tmp_path: Path, pictures: dict[int, np.ndarray]) -> Path:
    folder = tmp_path / "masks"
    folder.mkdir()
    for number, picture in pictures.items():
        path = folder / f"{number:05d}.png"
        if picture.ndim == 2 and picture.dtype == np.uint8:
            write_label_map(path, picture)
        else:
            Image.fromarray(picture).save(path)
    return folder


def document(count: int = 6) -> Document:
    return Document(count, HEIGHT, WIDTH)


def keys(report: ImportReport) -> set[str]:
    return {mend.key for mend in report.mends}


def imported(report: ImportReport, target: Document, *mends: str) -> Document:
    History(target).do(import_files(target, report, ImportChoices.of(*mends)))
    return target


def text_of(report: ImportReport) -> str:
    return " | ".join(finding.text for finding in report.findings)


def test_sound_masks_need_nothing(tmp_path: Path) -> None:
    pictures = {index: two_squares() for index in range(6)}
    report = look_at(folder_of(tmp_path, pictures), document())
    assert report.findings == () and report.sizes == {(HEIGHT, WIDTH): 6}
    assert report.frames_of == {1: 6, 2: 6} and report.pixels == {1: 600, 2: 1536}


@pytest.mark.parametrize(
    ("picture", "mend", "expected", "words"),
    [
        (two_squares(255, 255), "void", two_squares(1, 1), "black and white"),
        (two_squares(1, 255), "void", two_squares(1, 0), "256 pixels have the value 255"),
        (two_squares(1, 5), "renumber", two_squares(1, 2), "ids with gaps: 1, 5"),
        (two_squares()[::2, ::2], "size", None, "20x15 in frames 2"),
        (two_squares().astype(np.uint16) * 1001, "values", two_squares(), "values up to 2002"),
        (voc_palette()[two_squares(3, 9)], "values", two_squares(3, 9), "2 colours of the DAVIS"),
        (
            np.array([(0, 0, 0), (250, 3, 9), (1, 99, 9)], np.uint8)[two_squares()],
            "values",
            two_squares(2, 1),  # numbered by their value, 01 63 09 before fa 03 09
            "2 unknown colours",
        ),
    ],
)
def test_a_fault_is_named_and_its_mend_makes_it_right(
    tmp_path: Path, picture: np.ndarray, mend: str, expected: np.ndarray | None, words: str
) -> None:
    target = document()
    report = look_at(folder_of(tmp_path, {2: picture}), target)
    assert words in text_of(report) and mend in keys(report)
    if mend != "renumber":  # gaps in the ids are no fault of a project
        with pytest.raises(MendNeededError, match=f"--mend {mend}"):
            import_files(target, report, ImportChoices())
    assert target.label_maps.stored_frames() == () and not len(target.objects)
    imported(report, target, mend)
    if expected is None:
        expected = cv2.resize(picture, (WIDTH, HEIGHT), interpolation=cv2.INTER_NEAREST_EXACT)
        assert set(np.unique(target.label_map(2))) == {0, 1, 2}
    np.testing.assert_array_equal(target.label_map(2), expected)
    assert target.cells.state(2, int(expected.max())) is CellState.DRAWN


def test_smoothed_edges_of_a_label_map_go_to_the_nearest_object(tmp_path: Path) -> None:
    sharp = two_squares(40, 200)
    smooth = cv2.GaussianBlur(sharp, (3, 3), 0)
    assert len(np.unique(smooth)) > 6
    target = document()
    report = look_at(folder_of(tmp_path, {0: smooth}), target)
    assert "edges that were smoothed" in text_of(report)
    imported(report, target, "smooth")
    result = target.label_map(0)
    assert set(np.unique(result)) == {0, 40, 200}
    assert (result != sharp).sum() <= (smooth != sharp).sum()
    assert cv2.erode((result == sharp).astype(np.uint8), np.ones((3, 3))).mean() > 0.6


def test_smoothed_colours_go_to_the_nearest_object(tmp_path: Path) -> None:
    sharp = two_squares(1, 2)
    smooth = cv2.GaussianBlur(np.ascontiguousarray(voc_palette()[sharp]), (3, 3), 0)
    target = document()
    report = look_at(folder_of(tmp_path, {0: smooth}), target)
    assert "colours of the DAVIS palette" in text_of(report)
    with pytest.raises(MendNeededError, match="--mend smooth"):
        import_files(target, report, ImportChoices.of("values"))
    imported(report, target, "values", "smooth")
    assert set(np.unique(target.label_map(0))) == {0, 1, 2}
    assert (target.label_map(0) != sharp).mean() < 0.1


def test_thin_objects_may_stay_objects(tmp_path: Path) -> None:
    picture = two_squares()
    for place, object_id in enumerate((4, 5, 6)):
        picture[1, 5 * place : 5 * place + 4] = object_id
    target = document()
    report = look_at(folder_of(tmp_path, {0: picture}), target)
    assert {"smooth", "keep-thin"} <= keys(report)
    imported(report, target, "keep-thin")
    np.testing.assert_array_equal(target.label_map(0), picture)


def test_specks_are_counted_and_removed_on_request(tmp_path: Path) -> None:
    picture = two_squares()
    picture[8:10, 8:10] = 2  # inside object 1
    picture[28, 1:4] = 1  # on background
    target, other = document(), document()
    report = look_at(folder_of(tmp_path, {0: picture}), target)
    assert "2 specks (7 pixels) in 1 frame" in text_of(report)
    assert "specks" not in report.recommended
    np.testing.assert_array_equal(imported(report, target).label_map(0), picture)
    np.testing.assert_array_equal(imported(report, other, "specks").label_map(0), two_squares())


def test_specks_of_coloured_masks_are_counted_by_object(tmp_path: Path) -> None:
    picture = two_squares()
    picture[28, 1:4] = 1
    target = document()
    report = look_at(folder_of(tmp_path, {0: voc_palette()[picture]}), target)
    assert "1 speck (3 pixels) in 1 frame" in text_of(report)
    imported(report, target, "values", "specks")
    np.testing.assert_array_equal(target.label_map(0), two_squares())


def test_frames_that_do_not_exist_are_left_out_or_counted_from_zero(tmp_path: Path) -> None:
    pictures = {number: two_squares(1, number) for number in range(2, 8)}
    target, shifted = document(), document()
    report = look_at(folder_of(tmp_path, pictures), target)
    assert "2 masks of frames that do not exist (6, 7); frames are 0 to 5" in text_of(report)
    assert keys(report) == {"shift", "leave-out"} and report.recommended == {"shift"}
    imported(report, target, "leave-out")
    assert target.label_maps.stored_frames() == (2, 3, 4, 5)
    imported(report, shifted, "shift")
    assert shifted.label_maps.stored_frames() == (0, 1, 2, 3, 4, 5)
    np.testing.assert_array_equal(shifted.label_map(0), pictures[2])


def test_a_gap_of_frames_is_told_and_left_alone(tmp_path: Path) -> None:
    report = look_at(folder_of(tmp_path, {0: two_squares(), 5: two_squares()}), document())
    assert text_of(report) == "4 frames without a mask stay as they are"
    assert report.unmended(()) == []


def test_verified_and_locked_masks_stay(tmp_path: Path) -> None:
    target = document()
    history = History(target)
    first = look_at(folder_of(tmp_path, {0: two_squares(1, 2), 1: two_squares(1, 2)}), target)
    history.do(import_files(target, first, ImportChoices()))
    history.do(SetCellState.prepare(target, [0], [1], CellState.VERIFIED))
    write_label_map(tmp_path / "masks/00000.png", two_squares(3, 3))
    write_label_map(tmp_path / "masks/00001.png", two_squares(3, 3))
    report = look_at(tmp_path / "masks", target)
    assert "frames 0, 1 hold masks that a person made" in text_of(report)
    before = target.label_map(1).copy()
    keep = import_files(target, report, ImportChoices.of("keep"))
    assert not history.do(keep) or target.objects.ids == (1, 2)
    history.do(import_files(target, report, ImportChoices.of("replace")))
    assert (target.label_map(0) == 1).sum() == 100 and (target.label_map(1) == 3).any()
    assert target.cells.state(0, 1) is CellState.VERIFIED
    history.undo()
    np.testing.assert_array_equal(target.label_map(1), before)


def test_a_frame_that_changed_since_the_plan_is_planned_again(tmp_path: Path) -> None:
    target = document()
    history = History(target)
    report = look_at(folder_of(tmp_path, {0: two_squares(1, 2)}), target)
    planned = plan(report, ImportChoices(), DocumentSnapshot.of(target, [0]))
    history.do(AddObject.prepare(target, name="drawn meanwhile"))
    stroke = history.begin_stroke(0, 1)
    stroke.add(Box(0, 0, 2, 2), np.ones((2, 2), bool))
    stroke.finish()
    history.do(planned.command(target))
    np.testing.assert_array_equal(target.label_map(0), two_squares(1, 2))
    history.undo()
    assert (target.label_map(0) == 1).sum() == 4


def json_file(tmp_path: Path, values: object) -> Path:
    path = tmp_path / "masks.json"
    path.write_text(values if isinstance(values, str) else json.dumps(values))
    return path


def vis(segmentation: object, **video: object) -> dict[str, object]:
    return {
        "videos": [{"id": 1, "width": WIDTH, "height": HEIGHT, "length": 6, **video}],
        "annotations": [{"id": 1, "video_id": 1, "segmentations": [segmentation]}],
    }


@pytest.mark.parametrize(
    ("values", "error", "message"),
    [
        ({"hello": 1}, UnknownFormatError, "no format that can be imported"),
        ("[1, 2", UnknownFormatError, "no format that can be imported"),
        (vis({"size": [HEIGHT, WIDTH], "counts": [5, 5]}), DamagedFileError, "add up to 10 pixels"),
        (vis({"size": [HEIGHT, WIDTH], "counts": "~"}), DamagedFileError, "wrong character"),
        (vis({"size": [HEIGHT], "counts": "5"}), DamagedFileError, r"\[height, width\]"),
        (vis("mask"), DamagedFileError, "expected run lengths"),
        (vis([[1, 2, 3]]), DamagedFileError, "pairs x, y"),
        (vis(None, width=0), DamagedFileError, '"width" of a video should be 1 to 65535'),
        ({"videos": 3, "annotations": []}, DamagedFileError, "should be a list"),
        (
            {"images": [{"id": 1, "width": 40, "height": 30}], "annotations": [{"image_id": 7}]},
            DamagedFileError,
            "belongs to image 7",
        ),
    ],
)
def test_json_of_the_wrong_kind_is_named(
    tmp_path: Path, values: object, error: type[ExchangeError], message: str
) -> None:
    path = json_file(tmp_path, values)
    with pytest.raises(error, match=message) as caught:
        look_at(path, document())
    assert "masks.json" in str(caught.value)


def test_run_lengths_of_another_size_can_be_resized(tmp_path: Path) -> None:
    half = {"size": [HEIGHT // 2, WIDTH // 2], "counts": [0, HEIGHT * WIDTH // 4]}
    target = document()
    report = look_at(json_file(tmp_path, vis(half)), target)
    assert "20x15 in frames 0" in text_of(report)
    with pytest.raises(MendNeededError, match="--mend size"):
        import_files(target, report, ImportChoices())
    assert imported(report, target, "size").label_map(0).all()


def test_coco_polygons_are_drawn_as_pycocotools_draws_them(tmp_path: Path) -> None:
    coco = pytest.importorskip("pycocotools.mask")
    polygon = [5.0, 5.0, 30.0, 8.0, 25.0, 26.0, 8.0, 20.0]
    target = document()
    imported(look_at(json_file(tmp_path, vis([polygon])), target), target)
    theirs = coco.decode(coco.merge(coco.frPyObjects([polygon], HEIGHT, WIDTH))).astype(bool)
    ours = target.label_map(0) == 1
    assert (ours & theirs).sum() / (ours | theirs).sum() > 0.9


def test_coco_without_track_ids_says_how_objects_were_told_apart(tmp_path: Path) -> None:
    counts = {"size": [HEIGHT, WIDTH], "counts": [0, HEIGHT * WIDTH]}
    values = {
        "images": [{"id": 5, "file_name": "x_0002.jpg", "width": WIDTH, "height": HEIGHT}],
        "annotations": [{"id": 1, "image_id": 5, "segmentation": counts}],
    }
    report = look_at(json_file(tmp_path, values), document())
    assert list(report.found.masks) == [2] and "no track_id" in text_of(report)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: (folder / "00000.png").write_bytes(b"\x89PNG"), "00000.png"),
        (lambda folder: (folder / "a_0.png").write_bytes(b""), "both masks of frame 0"),
        (
            lambda folder: Image.new("RGB", (WIDTH, HEIGHT)).save(folder / "00001.png"),
            "some masks hold ids and others colours",
        ),
    ],
)
def test_damaged_and_mixed_pictures_are_named(
    tmp_path: Path, make: Callable[[Path], object], message: str
) -> None:
    folder = folder_of(tmp_path, {0: two_squares(), 3: two_squares()})
    make(folder)
    with pytest.raises(Exception, match=message) as caught:
        look_at(folder, document())
    assert type(caught.value).__name__ in ("DamagedFileError", "ExchangeError", "LabelMapError")


def test_a_photograph_is_no_mask(tmp_path: Path) -> None:
    blocks = np.arange(300, dtype=np.uint8).reshape(15, 20).repeat(4, 0).repeat(4, 1)
    photo = np.stack((blocks, blocks[::-1], blocks[:, ::-1]), axis=2)
    with pytest.raises(DamagedFileError, match=r"fill areas; a mask has at most 254 objects"):
        look_at(folder_of(tmp_path, {0: photo}), Document(6, 60, 80))


def test_a_broken_sidecar_is_left_aside(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, {0: two_squares()})
    (tmp_path / "masks.provenance.json").write_text('{"format": "vos-annotator provenance"}')
    report = look_at(folder, document())
    assert "the sidecar is left aside" in text_of(report) and report.provenance is None


def test_examination_by_hand() -> None:
    found = examine(two_squares())
    assert found.pixels == {0: 1200 - 356, 1: 100, 2: 256} and found.solid == {0, 1, 2}
    line = np.zeros((5, 5), np.uint8)
    line[2] = 9
    assert examine(line).solid == {0}
    deep = examine(two_squares().astype(np.int32))
    assert deep.kind == "deep" and deep.solid == {0, 1, 2}


def test_holes_take_the_value_of_the_nearest_pixel() -> None:
    row = np.array([[1, 0, 0, 0, 7]], np.uint8)
    holes = np.array([[False, True, False, True, False]])
    row[0, 2] = 4
    assert fill_from_nearest(row, holes)[0].tolist()[0] == 1
    assert fill_from_nearest(row, np.ones_like(holes)).tolist() == [[0] * 5]
