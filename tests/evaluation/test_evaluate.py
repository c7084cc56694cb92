"""From folders to scores: which frames and objects count, and what bad input says."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.evaluation.conftest import FRAMES, labels
from tests.evaluation.masks import discs
from vos_core.evaluation.decay_curve import decay_curve, plot_decay_curves
from vos_core.evaluation.errors import EvaluationError
from vos_core.evaluation.evaluate import evaluate_sequences
from vos_core.evaluation.trees import parse_sequences, read_annotations
from vos_core.media import MediaError, write_label_map


def write_tree(folder: Path, maps: dict[str, list[np.ndarray]]) -> Path:
    for name, label_maps in maps.items():
        for index, label_map in enumerate(label_maps):
            write_label_map(folder / name / f"{index:05d}.png", label_map)
    return folder


def test_equals_two_public_readers_on_the_same_masks(tmp_path: Path) -> None:
    """Values read from vos-benchmark 0.1.0 and TrackEval 1.3.0, which agree with each other."""
    annotations = write_tree(tmp_path / "a", {"discs": [discs(t, wrong=False) for t in range(16)]})
    results = write_tree(tmp_path / "r", {"discs": [discs(t, wrong=True) for t in range(16)]})
    report = evaluate_sequences(None, annotations, results=results)
    assert 100 * report.jf_mean == pytest.approx(64.79110096518477)
    assert 100 * report.j.mean == pytest.approx(71.44602142453515)
    assert 100 * report.f.mean == pytest.approx(58.136180505834396)
    by_object = [(100 * o.j.mean, 100 * o.f.mean) for o in report.objects]
    assert by_object == [
        pytest.approx((76.22490143734976, 73.51432680399424)),
        pytest.approx((76.01701567938719, 56.10096861713622)),
        pytest.approx((62.0961471568685, 44.79324609637273)),
    ]
    # TrackEval alone gives these two
    assert 100 * report.j.recall == pytest.approx(88.09523809523809)
    assert 100 * report.j.decay == pytest.approx(32.97156272293261)


def test_the_annotations_themselves_score_a_hundred(tree: Path) -> None:
    report = evaluate_sequences(None, tree / "annotations", results=tree / "annotations")
    assert report.jf_mean == 1.0
    assert [s.name for s in report.sequences] == ["pair", "single"]
    assert report.j.decay == 0.0


def test_first_and_last_frame_do_not_count(tree: Path, tmp_path: Path) -> None:
    results = tmp_path / "r"
    shutil.copytree(tree / "annotations", results)
    empty = np.zeros_like(labels("single", 0))
    for stem in ("00000", "00009"):
        write_label_map(results / "single" / f"{stem}.png", empty)
    assert evaluate_sequences(None, tree / "annotations", results=results).jf_mean == 1.0
    write_label_map(results / "single" / "00008.png", empty)
    report = evaluate_sequences(None, tree / "annotations", ["single"], results=results)
    assert report.j.mean == pytest.approx(7 / 8)
    assert report.f.mean == pytest.approx(7 / 8)


def test_an_object_counts_from_the_frame_after_it_is_first_seen(tree: Path) -> None:
    report = evaluate_sequences(None, tree / "annotations", ["pair"], results=tree / "annotations")
    first, second = report.sequences[0].objects
    assert (first.object_id, len(first.region)) == (1, FRAMES - 2)
    assert (second.object_id, len(second.region)) == (2, FRAMES - 2 - 3)


def test_swapped_ids_score_zero(tree: Path, tmp_path: Path) -> None:
    swap = np.array([0, 2, 1], np.uint8)
    results = write_tree(tmp_path, {"pair": [swap[labels("pair", t)] for t in range(FRAMES)]})
    report = evaluate_sequences(None, tree / "annotations", ["pair"], results=results)
    assert report.j.mean == 0.0


def test_ids_that_no_annotation_has_are_background(tree: Path, tmp_path: Path) -> None:
    maps = [labels("single", t) for t in range(FRAMES)]
    for label_map in maps:
        label_map[60:70, 60:70] = 77
    results = write_tree(tmp_path, {"single": maps})
    report = evaluate_sequences(None, tree / "annotations", ["single"], results=results)
    assert report.jf_mean == 1.0


def test_single_object_merges_all_labels_and_255(tree: Path, tmp_path: Path) -> None:
    white = write_gray(tmp_path / "a", [255 * (labels("pair", t) > 0) for t in range(FRAMES)])
    report = evaluate_sequences(
        None, white, ["pair"], results=tree / "annotations", single_object=True
    )
    assert report.jf_mean == 1.0
    assert len(report.objects) == 1


def write_gray(folder: Path, maps: list[np.ndarray]) -> Path:
    (folder / "pair").mkdir(parents=True)
    for index, label_map in enumerate(maps):
        Image.fromarray(label_map.astype(np.uint8)).save(folder / "pair" / f"{index:05d}.png")
    return folder


class Recorder:
    """A method that copies the first mask and remembers what it was given."""

    def __init__(self) -> None:
        self.references: list[dict[int, np.ndarray]] = []
        self.frames: list[np.ndarray] = []

    def __call__(self, read_frame, frame_count, references) -> Iterator[tuple[int, np.ndarray]]:
        self.references.append(dict(references))
        for index in range(1, frame_count):
            self.frames.append(read_frame(index))
            if index not in references:
                yield index, labels("pair", index)


def test_a_method_gets_each_object_where_it_is_first_seen(tree: Path) -> None:
    method = Recorder()
    evaluate_sequences(tree / "frames", tree / "annotations", ["pair"], propagate=method)
    references = method.references[0]
    assert sorted(references) == [0, 3]
    assert set(np.unique(references[0])) == {0, 1}
    assert set(np.unique(references[3])) == {0, 2}
    assert method.frames[0].shape == (72, 96, 3)


def test_a_method_scores_like_its_saved_results(tree: Path, tmp_path: Path) -> None:
    calls = []
    live = evaluate_sequences(
        tree / "frames",
        tree / "annotations",
        ["pair"],
        propagate=Recorder(),
        save_results=tmp_path,
        progress=lambda *call: calls.append(call),
    )
    saved = evaluate_sequences(None, tree / "annotations", ["pair"], results=tmp_path)
    assert live.j == saved.j
    assert live.f == saved.f
    assert len(list((tmp_path / "pair").glob("*.png"))) == FRAMES
    assert calls[-1] == ("pair", 8, 9)
    assert live.sequences[0].seconds_per_frame is not None


def test_report_as_table_and_json(tree: Path) -> None:
    report = evaluate_sequences(None, tree / "annotations", results=tree / "annotations")
    lines = report.table().splitlines()
    assert [line.split("  ")[0] for line in lines[1:]] == [
        "pair 1",
        "pair 2",
        "single",
        "mean of objects",
    ]
    assert lines[-1].split()[-7:] == ["100.0", "100.0", "100.0", "0.0", "100.0", "100.0", "0.0"]
    data = json.loads(json.dumps(report.to_dict()))
    assert data["jf_mean"] == 1.0
    assert data["sequences"][0]["objects"][1]["object_id"] == 2
    assert len(data["sequences"][1]["objects"][0]["j_per_frame"]) == FRAMES - 2


def test_the_decay_curve_averages_parts_of_the_video(tree: Path, tmp_path: Path) -> None:
    maps = [labels("single", t) if t < 5 else labels("pair", t) * 0 for t in range(FRAMES)]
    results = write_tree(tmp_path, {"single": maps})
    report = evaluate_sequences(None, tree / "annotations", ["single"], results=results)
    curve = decay_curve(report, bins=3)
    # judged frames 1..8 of 0..9 lie at t/9: parts hold 1-2, 3-5, 6-8
    assert curve.times == pytest.approx([1 / 6, 3 / 6, 5 / 6])
    assert curve.jf_mean == pytest.approx([1.0, 2 / 3, 0.0])
    sparse = decay_curve(report, bins=50).to_dict()
    assert sparse["jf_mean"][0] is None
    pytest.importorskip("matplotlib")
    plot_decay_curves({"copied": curve}, tmp_path / "curve.png")
    assert (tmp_path / "curve.png").stat().st_size > 1000


def test_sequence_names_come_from_a_file_or_a_list(tmp_path: Path) -> None:
    names = tmp_path / "names.txt"
    names.write_text("bear\n\nsurf\n", encoding="utf-8")
    assert parse_sequences(str(names)) == ["bear", "surf"]
    assert parse_sequences("bear, surf") == ["bear", "surf"]
    with pytest.raises(EvaluationError, match="no sequence names"):
        parse_sequences(" , ")


def test_void_pixels_are_nobodys(tmp_path: Path) -> None:
    maps = [labels("single", t) for t in range(4)]
    for label_map in maps:
        label_map[0, 0] = 255
    (tmp_path / "pair").mkdir()
    write_gray_into(tmp_path / "pair", maps)
    assert read_annotations(tmp_path, "pair").object_ids == (1,)


def write_gray_into(folder: Path, maps: list[np.ndarray]) -> None:
    for index, label_map in enumerate(maps):
        Image.fromarray(label_map).save(folder / f"{index:05d}.png")


def test_refuses_what_does_not_fit(tree: Path, tmp_path: Path) -> None:
    annotations, frames = tree / "annotations", tree / "frames"
    with pytest.raises(EvaluationError, match="either results"):
        evaluate_sequences(frames, annotations)
    with pytest.raises(EvaluationError, match="needs the folder of frames"):
        evaluate_sequences(None, annotations, propagate=Recorder())
    with pytest.raises(EvaluationError, match="no annotations of cow; there are: pair, single"):
        evaluate_sequences(None, annotations, ["cow"], results=annotations)
    with pytest.raises(EvaluationError, match="no such folder"):
        evaluate_sequences(None, tmp_path / "no", results=annotations)
    with pytest.raises(EvaluationError, match="no sub-folder holds PNGs"):
        evaluate_sequences(None, frames / "pair", results=annotations)
    with pytest.raises(EvaluationError, match=r"pair/00001\.png: no such result"):
        evaluate_sequences(None, annotations, results=tmp_path)
    with pytest.raises(EvaluationError, match="no such folder of frames"):
        evaluate_sequences(tmp_path, annotations, ["pair"], propagate=Recorder())


def test_refuses_results_of_another_size(tree: Path, tmp_path: Path) -> None:
    results = write_tree(tmp_path, {"single": [np.zeros((10, 12), np.uint8)] * FRAMES})
    with pytest.raises(MediaError, match="12x10"):
        evaluate_sequences(None, tree / "annotations", ["single"], results=results)


def test_refuses_too_few_or_empty_annotations(tmp_path: Path) -> None:
    two = write_tree(tmp_path / "two", {"x": [labels("single", 0)] * 2})
    with pytest.raises(EvaluationError, match="2 annotated frames"):
        evaluate_sequences(None, two, results=two)
    empty = write_tree(tmp_path / "empty", {"x": [labels("single", 0) * 0] * 4})
    with pytest.raises(EvaluationError, match="every pixel is background"):
        evaluate_sequences(None, empty, results=empty)


def test_a_method_that_stops_early_is_noticed(tree: Path) -> None:
    def lazy(read_frame, frame_count, references) -> Iterator[tuple[int, np.ndarray]]:
        yield 1, references[0]

    with pytest.raises(EvaluationError, match="no result for frame 00002"):
        evaluate_sequences(tree / "frames", tree / "annotations", ["single"], propagate=lazy)


def test_a_method_is_judged_where_a_later_object_is_given(tree: Path) -> None:
    """On that frame the earlier objects are predicted, and count."""

    def empty_there(read_frame, frame_count, references) -> Iterator[tuple[int, np.ndarray]]:
        for index in range(1, frame_count):
            yield index, labels("pair", index) * (index != 3)

    report = evaluate_sequences(
        tree / "frames", tree / "annotations", ["pair"], propagate=empty_there
    )
    first, second = report.sequences[0].objects
    assert [bool(value) for value in first.region] == [True, True, False] + [True] * 5
    assert second.region.tolist() == [1.0] * 5
