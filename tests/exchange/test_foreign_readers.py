"""Every export read by somebody else's code: pycocotools, Pillow, OpenCV, plain parsing."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest
from PIL import Image

from annotator.exchange.errors import ExchangeError
from annotator.exchange.exporting import run_export
from annotator.exchange.options import ExportOptions
from annotator.exchange.registry import format_of
from annotator.exchange.source import ExportSource
from tests.exchange.documents import COUNT, HEIGHT, WIDTH, make_source
from vos_core.media.palette import voc_palette

pytestmark = pytest.mark.filterwarnings("ignore:.*copy keyword:DeprecationWarning")


@pytest.fixture
def source(tmp_path: Path) -> ExportSource:
    return make_source(tmp_path)


def export(key: str, source: ExportSource, tmp_path: Path, **options: object) -> Path:
    chosen = format_of(key)
    target = tmp_path / f"out{chosen.suffix}"
    run_export(chosen, source, target, ExportOptions(**options))  # type: ignore[arg-type]
    return target


def renumbered(source: ExportSource, index: int) -> np.ndarray:
    table = np.zeros(256, np.uint8)
    table[[2, 5, 9]] = 1, 2, 3
    return table[source.label_map(index)]


@pytest.mark.parametrize(
    ("key", "folder"),
    [
        ("davis", "zoo"),
        ("davis-tree", "Annotations/Full-Resolution/zoo"),
        ("youtube-vos", "Annotations/zoo"),
    ],
)
def test_palette_pngs_obey_the_rules_of_davis(
    source: ExportSource, tmp_path: Path, key: str, folder: str
) -> None:
    files = sorted((export(key, source, tmp_path) / folder).iterdir())
    assert [path.name for path in files] == [f"{index:05d}.png" for index in range(COUNT)]
    seen = set()
    for index, path in enumerate(files):
        assert path.read_bytes()[24:26] == b"\x08\x03"  # IHDR: 8 bits, colour type 3
        with Image.open(path) as picture:
            assert picture.mode == "P" and picture.size == (WIDTH, HEIGHT)
            palette = np.array(picture.getpalette()).reshape(-1, 3)
            np.testing.assert_array_equal(palette, voc_palette())
            ids = np.array(picture)
        np.testing.assert_array_equal(ids, renumbered(source, index))
        seen |= set(ids.ravel().tolist())
    assert seen == {0, 1, 2, 3}  # contiguous, no 255


def test_pycocotools_reads_youtube_vis(source: ExportSource, tmp_path: Path) -> None:
    coco = pytest.importorskip("pycocotools.mask")
    table = json.loads(export("youtube-vis", source, tmp_path).read_text())
    (video,) = table["videos"]
    assert (video["width"], video["height"], video["length"]) == (WIDTH, HEIGHT, COUNT)
    assert len(video["file_names"]) == COUNT
    categories = {entry["id"]: entry["name"] for entry in table["categories"]}
    kinds = {entry["id"]: categories[entry["category_id"]] for entry in table["annotations"]}
    assert kinds == {1: "cat", 2: "dog", 3: "dog"}
    for entry in table["annotations"]:
        lists = entry["segmentations"], entry["areas"], entry["bboxes"]
        assert all(len(each) == COUNT for each in lists)
        for index, (segmentation, area, box) in enumerate(zip(*lists, strict=True)):
            mask = renumbered(source, index) == entry["id"]
            if segmentation is None:
                assert not mask.any() and area is None and box is None
                continue
            np.testing.assert_array_equal(coco.decode(segmentation), mask)
            assert area == coco.area(segmentation) == mask.sum()
            assert box == coco.toBbox(segmentation).tolist()


def test_pycocotools_reads_coco(source: ExportSource, tmp_path: Path) -> None:
    module = pytest.importorskip("pycocotools.coco")
    data = module.COCO(str(export("coco", source, tmp_path)))
    assert sorted(data.getImgIds()) == list(range(1, COUNT + 1))
    for index in range(COUNT):
        entries = data.loadAnns(data.getAnnIds(imgIds=[index + 1]))
        drawn = np.zeros((HEIGHT, WIDTH), np.uint8)
        for entry in entries:
            mask = data.annToMask(entry).astype(bool)
            assert entry["area"] == mask.sum()
            ys, xs = np.nonzero(mask)
            left, top, width, height = entry["bbox"]
            assert (left, top) == (xs.min(), ys.min())
            assert (left + width - 1, top + height - 1) == (xs.max(), ys.max())
            drawn[mask] = entry["track_id"]
        np.testing.assert_array_equal(drawn, renumbered(source, index))
    assert [c["name"] for c in data.loadCats(data.getCatIds())] == ["cat", "dog"]


def test_labelme_masks_as_labelme_pastes_them(source: ExportSource, tmp_path: Path) -> None:
    folder = export("labelme", source, tmp_path, with_frames=True) / "zoo"
    for index in range(COUNT):
        table = json.loads((folder / f"{index:05d}.json").read_text())
        with Image.open(folder / table["imagePath"]) as frame:
            assert frame.size == (table["imageWidth"], table["imageHeight"]) == (WIDTH, HEIGHT)
        drawn = np.zeros((HEIGHT, WIDTH), np.uint8)
        for shape in table["shapes"]:
            assert shape["shape_type"] == "mask"
            (x1, y1), (x2, y2) = np.array(shape["points"]).astype(int)
            with Image.open(io.BytesIO(base64.b64decode(shape["mask"]))) as picture:
                crop = np.array(picture).astype(bool)
            drawn[y1 : y2 + 1, x1 : x2 + 1][crop] = shape["group_id"]
        np.testing.assert_array_equal(drawn, renumbered(source, index))


def test_labelme_polygons_as_pillow_fills_them(source: ExportSource, tmp_path: Path) -> None:
    from PIL import ImageDraw

    folder = export("labelme", source, tmp_path, outlines=True) / "zoo"
    table = json.loads((folder / "00003.json").read_text())
    canvas = Image.new("L", (WIDTH, HEIGHT))
    for shape in table["shapes"]:
        points = [tuple(point) for point in shape["points"]]
        value = shape["group_id"]
        ImageDraw.Draw(canvas).polygon(points, fill=value, outline=value)
    wanted = renumbered(source, 3)
    wanted[11:15, 13:18] = 1  # the hole of object 1, which polygons fill
    np.testing.assert_array_equal(np.array(canvas), wanted)


@pytest.mark.parametrize("outlines", [False, True])
def test_cvat_tracks_as_cvat_reads_them(
    source: ExportSource, tmp_path: Path, outlines: bool
) -> None:
    root = ElementTree.parse(export("cvat", source, tmp_path, outlines=outlines)).getroot()
    assert root.findtext("version") == "1.1"
    assert root.findtext("meta/task/size") == str(COUNT)
    names = {element.text for element in root.iterfind("meta/task/labels/label/name")}
    assert names == {"black cat", "Hündin", "pup & co"}
    drawn = np.zeros((COUNT, HEIGHT, WIDTH), np.uint8)
    for track in root.iterfind("track"):
        assert track.get("label") in names
        frames = [int(shape.get("frame", "")) for shape in track]
        assert frames == sorted(set(frames))
        shown = [shape for shape in track if shape.get("outside") == "0"]
        if not outlines:
            assert len(shown) == 1  # CVAT keeps the first mask of a track only
        for shape in shown:
            frame = drawn[int(shape.get("frame", ""))]
            value = int(track.get("group_id", ""))
            if outlines:
                pairs = [pair.split(",") for pair in shape.get("points", "").split(";")]
                points = np.array(pairs, float).round().astype(np.int32)
                cv2.fillPoly(frame, [points], value)
                continue
            left, top, width, height = (
                int(shape.get(name, "")) for name in ("left", "top", "width", "height")
            )
            bits: list[int] = []
            for place, count in enumerate(shape.get("rle", "").split(", ")):
                bits += [place % 2] * int(count)
            crop = np.array(bits, bool).reshape(height, width)
            frame[top : top + height, left : left + width][crop] = value
        for shape in track:
            if shape.get("outside") == "1":
                assert int(shape.get("frame", "")) < COUNT
    for index in range(COUNT):
        wanted = renumbered(source, index)
        if outlines:
            assert ((drawn[index] == wanted) | (wanted == 0)).all()
        else:
            np.testing.assert_array_equal(drawn[index], wanted)


def test_binary_pngs_are_white_where_the_object_is(source: ExportSource, tmp_path: Path) -> None:
    root = export("binary", source, tmp_path) / "zoo"
    assert [p.name for p in sorted(root.iterdir())] == [
        "001_black_cat",
        "002_Hündin",
        "003_pup__co",
    ]
    for object_id, name in enumerate(("001_black_cat", "002_Hündin", "003_pup__co"), start=1):
        for index in range(COUNT):
            picture = cv2.imread(str(root / name / f"{index:05d}.png"), cv2.IMREAD_UNCHANGED)
            expected = np.where(renumbered(source, index) == object_id, 255, 0)
            np.testing.assert_array_equal(picture, expected)


def test_opencv_plays_the_overlay_video(source: ExportSource, tmp_path: Path) -> None:
    capture = cv2.VideoCapture(str(export("overlay", source, tmp_path)))
    frames = []
    while True:
        works, frame = capture.read()
        if not works:
            break
        frames.append(frame)
    capture.release()
    assert len(frames) == COUNT and frames[0].shape == (HEIGHT, WIDTH, 3)
    red, green, blue = source.objects[0].colour
    seen = frames[0][15, 20, ::-1].astype(float)  # object 2, half of its colour on black
    assert np.abs(seen - np.array([red, green, blue]) / 2).max() < 30
    assert frames[0][38, 55].max() < 30  # nothing there but the black frame


def test_the_contact_sheet_shows_frames_evenly(source: ExportSource, tmp_path: Path) -> None:
    path = export("sheet", source, tmp_path, pictures=6, columns=3)
    sheet = np.array(Image.open(path))
    assert sheet.shape == (2 * HEIGHT + 3 * 8, 3 * WIDTH + 4 * 8, 3)
    last = sheet[8 + HEIGHT + 8 :, 2 * (WIDTH + 8) + 8 :]
    assert last[10, 30].tolist() == [110] * 3  # frame 11, of grey 110


def test_the_sidecar_tells_who_made_what(source: ExportSource, tmp_path: Path) -> None:
    export("davis", source, tmp_path)
    values = json.loads((tmp_path / "out" / "zoo.provenance.json").read_text())
    assert values["network"] == "test net" and values["video"]["frames"] == COUNT
    assert values["written"].endswith("+00:00") and values["application"]
    hound = values["objects"][1]
    assert (hound["id"], hound["project_id"], hound["name"]) == (2, 5, "Hündin")
    assert hound["corrected"] == [[4, 4]] and hound["verified"] == [[7, 7]]
    assert hound["propagated"] == [[3, 3], [5, 6], [8, 11]] and hound["drawn"] == []
    first, numbers = hound["reliability"][0]
    assert first == 3 and numbers == pytest.approx([0.62], abs=0.003)


LABELME_FILE = {
    "version": str,
    "flags": dict,
    "shapes": list,
    "imagePath": str,
    "imageData": type(None),
    "imageHeight": int,
    "imageWidth": int,
}
LABELME_SHAPE = {
    "label": str,
    "points": list,
    "group_id": int,
    "description": str,
    "shape_type": str,
    "flags": dict,
    "mask": (str, type(None)),
}


@pytest.mark.parametrize("outlines", [False, True])
def test_labelme_files_have_every_member_of_its_format(
    source: ExportSource, tmp_path: Path, outlines: bool
) -> None:
    folder = export("labelme", source, tmp_path, outlines=outlines) / "zoo"
    files = sorted(folder.glob("*.json"))
    assert len(files) == COUNT
    for file in files:
        table = json.loads(file.read_text())
        assert table.keys() == LABELME_FILE.keys()
        assert all(isinstance(table[name], kind) for name, kind in LABELME_FILE.items())
        for shape in table["shapes"]:
            assert shape.keys() == LABELME_SHAPE.keys()
            assert all(isinstance(shape[name], kind) for name, kind in LABELME_SHAPE.items())
            kind = "polygon" if outlines else "mask"
            assert shape["shape_type"] == kind and (shape["mask"] is None) == outlines
            assert len(shape["points"]) == 2 if kind == "mask" else len(shape["points"]) >= 3
            assert all(0 <= x <= WIDTH - 1 and 0 <= y <= HEIGHT - 1 for x, y in shape["points"])


CVAT_SHAPE = {"frame", "keyframe", "outside", "occluded", "z_order"}


@pytest.mark.parametrize("outlines", [False, True])
def test_cvat_xml_has_the_attributes_of_version_1_1(
    source: ExportSource, tmp_path: Path, outlines: bool
) -> None:
    root = ElementTree.parse(export("cvat", source, tmp_path, outlines=outlines)).getroot()
    assert [child.tag for child in root][:2] == ["version", "meta"]
    task = root.find("meta/task")
    assert task is not None
    assert {"name", "size", "mode", "start_frame", "stop_frame", "labels", "original_size"} <= {
        child.tag for child in task
    }
    size = (task.findtext("original_size/width"), task.findtext("original_size/height"))
    assert size == (str(WIDTH), str(HEIGHT))
    own = {"points"} if outlines else {"rle", "left", "top", "width", "height"}
    tracks = root.findall("track")
    assert [track.get("id") for track in tracks] == [str(n) for n in range(len(tracks))]
    for track in tracks:
        assert {"id", "label", "source"} <= set(track.keys())
        for shape in track:
            assert shape.tag == ("polygon" if outlines else "mask")
            assert set(shape.keys()) == CVAT_SHAPE | own
            assert {shape.get("outside"), shape.get("keyframe")} <= {"0", "1"}
            assert 0 <= int(shape.get("frame", "")) < COUNT


def test_a_zip_for_cvat_holds_the_xml_and_the_frames(source: ExportSource, tmp_path: Path) -> None:
    chosen = format_of("cvat")
    target = tmp_path / "task.zip"
    run_export(chosen, source, target, ExportOptions(with_frames=True))
    plain = export("cvat", source, tmp_path)
    with zipfile.ZipFile(target) as archive:
        assert archive.testzip() is None
        names = [f"images/frame_{index:06d}.png" for index in range(COUNT)]
        assert archive.namelist() == ["annotations.xml", *names]
        xml = ElementTree.fromstring(archive.read("annotations.xml"))
        assert ElementTree.tostring(xml) == ElementTree.tostring(ElementTree.parse(plain).getroot())
        for index, name in enumerate(names):
            with Image.open(io.BytesIO(archive.read(name))) as picture:
                assert picture.size == (WIDTH, HEIGHT)
                assert np.array(picture).mean() == 10 * index
    with pytest.raises(ExchangeError, match=r"task\.xml has no room for frames"):
        run_export(chosen, source, tmp_path / "task.xml", ExportOptions(with_frames=True))


def test_the_overlay_video_is_h264_with_the_colours_of_the_objects(
    source: ExportSource, tmp_path: Path
) -> None:
    av = pytest.importorskip("av")
    with av.open(str(export("overlay", source, tmp_path))) as video:
        stream = video.streams.video[0]
        assert stream.codec_context.name == "h264" and stream.codec_context.pix_fmt == "yuv420p"
        assert stream.average_rate == 25 and stream.frames == COUNT
        last = [frame.to_ndarray(format="rgb24") for frame in video.decode(stream)][-1]
    inside = last[34:38, 3:7].mean(axis=(0, 1))
    wanted = np.array(source.palette[5], float) / 2 + 110 / 2
    np.testing.assert_allclose(inside, wanted, atol=12)
