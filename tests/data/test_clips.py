"""Laws of training clips, on a data folder in which a pixel's colour tells its label."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from vos_core.data import scenes_video
from vos_core.data.clips import ClipDataset
from vos_core.data.errors import CacheError, ClipSpecError, DataError
from vos_core.data.pieces import SourceObject, SourcePool, play
from vos_core.data.preview import contact_sheet
from vos_core.data.scenes_static import look_alike_scene, static_scene
from vos_core.data.scenes_video import composite_scene, video_scene
from vos_core.data.spec import CLIP_KINDS, ClipSpec
from vos_core.data.store import ImageStore, StoredSequence

SPEC = ClipSpec(crop_size=129, frame_count=4, max_objects=4)


@pytest.fixture(scope="module")
def dataset(store: ImageStore) -> ClipDataset:
    return ClipDataset(store, SPEC, ["held_out"])


@pytest.mark.parametrize("kind", CLIP_KINDS)
def test_every_kind_keeps_the_contract(dataset: ClipDataset, kind: str) -> None:
    rng = np.random.default_rng(1)
    made = 0
    for _ in range(25):
        clip = dataset.sample_kind(rng, kind, 0.5)
        if clip is None:
            continue
        made += 1
        assert clip.kind == kind
        assert clip.images.shape == (4, 129, 129, 3)
        assert clip.images.dtype == np.uint8
        assert clip.label_maps.shape == (4, 129, 129)
        assert clip.label_maps.dtype == np.uint8
        assert clip.images.flags.c_contiguous
        assert clip.label_maps.flags.c_contiguous
        assert 1 <= clip.object_count <= 4
        counts = np.bincount(clip.label_maps[0].reshape(-1), minlength=256)
        assert (counts[1 : clip.object_count + 1] > SPEC.min_object_pixels).all()
        assert set(np.unique(clip.label_maps)) <= {*range(clip.object_count + 1), 255}
    assert made >= 20


def test_equal_states_give_equal_clips_and_others_differ(dataset: ClipDataset) -> None:
    for seed in range(12):
        first = dataset.sample(np.random.default_rng(seed), 0.3)
        again = dataset.sample(np.random.default_rng(seed), 0.3)
        assert first.kind == again.kind
        assert np.array_equal(first.images, again.images)
        assert np.array_equal(first.label_maps, again.label_maps)
    other = dataset.sample(np.random.default_rng(99), 0.3)
    assert not np.array_equal(first.images, other.images)


def test_a_restored_generator_state_gives_the_same_clip(dataset: ClipDataset) -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        state = rng.bit_generator.state
        clip = dataset.sample(rng, 0.5)
        restored = np.random.default_rng()
        restored.bit_generator.state = state
        assert np.array_equal(dataset.sample(restored, 0.5).images, clip.images)


@pytest.mark.parametrize("make", [video_scene, composite_scene, static_scene, look_alike_scene])
def test_labels_lie_on_the_pixels_of_their_object(store: ImageStore, make) -> None:
    """Objects are saturated and the ground is grey, until the colours of a clip are changed."""
    pool = SourcePool(store.without(["held_out"]), SPEC)
    rng = np.random.default_rng(2)
    labelled = 0
    for _ in range(12):
        scene = make(rng, pool, dataclasses.replace(SPEC, unlabelled=0.0), 0.5)
        for index in range(4):
            image, labels = scene.render(index)
            spread = image.max(axis=2).astype(int) - image.min(axis=2)
            objects = (labels > 0) & (labels < 255)
            labelled += objects.sum()
            # the grey region of the region pictures is an object without colour
            if scene.backdrop.pictures[0].name.startswith("r"):
                continue
            assert (spread[objects] > 40).mean() > 0.97 if objects.any() else True
    assert labelled > 5000


def test_a_held_out_sequence_is_never_seen(store: ImageStore) -> None:
    """The held-out object is the only yellow thing of the data."""
    spec = dataclasses.replace(SPEC, grayscale=0.0, perturbed=0.0)
    without, with_it = ClipDataset(store, spec, ["held_out"]), ClipDataset(store, spec)

    def yellow(dataset: ClipDataset) -> int:
        rng = np.random.default_rng(0)
        total = 0
        for _ in range(80):
            images = dataset.sample(rng, 0.5).images.astype(int)
            red, green, blue = images[..., 0], images[..., 1], images[..., 2]
            total += int(((red > blue + 90) & (green > blue + 90)).sum())
        return total

    assert yellow(with_it) > 10_000
    assert yellow(without) < 0.01 * yellow(with_it)


def test_look_alikes_have_ids_of_their_own(dataset: ClipDataset) -> None:
    rng = np.random.default_rng(0)
    counts = [
        clip.object_count
        for _ in range(30)
        if (clip := dataset.sample_kind(rng, "look_alikes", 0.5)) is not None
    ]
    assert np.mean(counts) > 1.7


def test_look_alikes_may_be_many_and_share_the_room(store: ImageStore) -> None:
    spec = dataclasses.replace(SPEC, max_objects=8, max_look_alikes=8, unlabelled=0.0)
    pool = SourcePool(store.without(["held_out"]), spec)
    rng = np.random.default_rng(0)
    scenes = [look_alike_scene(rng, pool, spec, 0.5) for _ in range(30)]
    counts = [len(scene.sprites) for scene in scenes]
    assert max(counts) == 8
    assert min(counts) == 2
    few: list[float] = []
    many: list[float] = []
    for scene in scenes:
        area = [abs(np.linalg.det(sprite.matrices[1][:2, :2])) for sprite in scene.sprites]
        (few if len(scene.sprites) < 5 else many).append(float(np.mean(area)))
    assert np.mean(many) < np.mean(few)


def test_pasted_objects_travel_and_leave_the_scene(store: ImageStore) -> None:
    pool = SourcePool(store.without(["held_out"]), SPEC)

    def distances(travel: float) -> list[float]:
        spec = dataclasses.replace(SPEC, travel=travel)
        rng = np.random.default_rng(3)
        moved = []
        for _ in range(40):
            scene = composite_scene(rng, pool, spec, 1.0)
            for sprite in scene.sprites:
                steps = np.diff([matrix[:2, 2] for matrix in sprite.matrices[1:]], axis=0)
                frames = np.abs(np.diff(scene.times[1:]))
                moved.append(float((np.hypot(*steps.T) / frames).mean()) / SPEC.crop_size)
        return moved

    still, moving = distances(0.0), distances(1.0)
    assert np.median(moving) > 1.5 * np.median(still)
    assert max(moving) < 0.08


def test_copies_repeat_what_was_pasted_before(
    store: ImageStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    played: list[tuple[str, int]] = []

    def recorded(sequence: StoredSequence, times: np.ndarray, start: int) -> SourceObject:
        played.append((sequence.name, start))
        return play(sequence, times, start)

    monkeypatch.setattr(scenes_video, "play", recorded)
    pool = SourcePool(store, SPEC)

    def near_repeats(pasted_copies: float) -> int:
        spec = dataclasses.replace(
            SPEC, max_objects=8, look_alike_copy=0.6, pasted_copies=pasted_copies
        )
        rng = np.random.default_rng(1)
        count = 0
        for _ in range(40):
            played.clear()
            scene = composite_scene(rng, pool, spec, 0.5)
            backdrop = scene.backdrop.pictures[1]
            own = {n for n, _ in played if any(backdrop is f for f in store.sequence(n).frames)}
            lent = [(name, start) for name, start in played if name not in own]
            count += sum(
                any(name == other and abs(start - begin) <= 6 for other, begin in lent[:number])
                for number, (name, start) in enumerate(lent)
            )
        return count

    assert near_repeats(1.0) > 1.5 * near_repeats(0.0)


def test_the_mix_is_followed(store: ImageStore) -> None:
    spec = dataclasses.replace(SPEC, video=0.0, video_composite=0.5, static=0.5, look_alikes=0.0)
    dataset = ClipDataset(store, spec)
    rng = np.random.default_rng(0)
    kinds = [dataset.sample(rng, 0.0).kind for _ in range(60)]
    assert set(kinds) == {"video_composite", "static"}
    assert 15 < kinds.count("static") < 45


def test_clips_can_be_longer(store: ImageStore) -> None:
    dataset = ClipDataset(store, dataclasses.replace(SPEC, frame_count=8))
    assert len(dataset.sample(np.random.default_rng(0), 1.0).images) == 8


def test_gaps_grow_with_progress() -> None:
    spec = ClipSpec(max_gap=4, final_max_gap=10)
    assert [spec.gap_limit(p) for p in (-1.0, 0.0, 0.5, 1.0, 2.0)] == [4, 4, 7, 10, 10]


def test_the_pixel_limit_scales_with_the_crop() -> None:
    assert ClipSpec(crop_size=465).min_object_pixels == 100
    assert ClipSpec(crop_size=353).min_object_pixels == 58


def test_playing_turns_round_at_both_ends(store: ImageStore) -> None:
    source = play(store.sequence("runner"), np.array([-3.0, 0.0, 12.0, 15.0]), 1)
    assert [p.name for p in source.pictures] == ["00002", "00001", "00013", "00010"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"crop_size": 350}, "16 n"),
        ({"frame_count": 2}, "frame_count is 2"),
        ({"max_objects": 0}, r"1\.\.254"),
        ({"video": -1.0}, "at least 0"),
        ({"max_gap": 5, "final_max_gap": 4}, "not shrink"),
        ({"zoom_range": (1.0, 0.5)}, "zoom_range"),
        ({"zoom_change": (0.5, 0.1)}, "zoom_change"),
        ({"flip": 1.5}, "flip is 1.5"),
    ],
)
def test_refuses_a_specification_that_cannot_be_met(change: dict, message: str) -> None:
    with pytest.raises(ClipSpecError, match=message):
        ClipSpec(**change)


def test_a_specification_comes_from_a_table() -> None:
    spec = ClipSpec.from_mapping(
        {"crop_size": 129, "zoom_range": [0.5, 1.0], "static_groups": {"horses": 1.0}}
    )
    assert spec.zoom_range == (0.5, 1.0)
    assert spec.static_groups == (("horses", 1.0),)
    with pytest.raises(ClipSpecError, match="Unknown clip setting: crop_sise"):
        ClipSpec.from_mapping({"crop_sise": 129})


def test_refuses_a_misspelt_held_out_sequence(store: ImageStore) -> None:
    with pytest.raises(CacheError, match="heldout"):
        ClipDataset(store, SPEC, ["heldout"])


def test_refuses_a_mix_that_the_data_cannot_give(store: ImageStore) -> None:
    stills = ImageStore(store.directory, {}, store.statics)
    with pytest.raises(ClipSpecError, match="no sequence"):
        ClipDataset(stills, SPEC)
    videos = ImageStore(store.directory, store.sequences, {})
    with pytest.raises(ClipSpecError, match="none of the groups"):
        ClipDataset(videos, SPEC)
    only_static = dataclasses.replace(SPEC, video=0.0, video_composite=0.0)
    assert ClipDataset(stills, only_static).sample(np.random.default_rng(0)).kind in CLIP_KINDS


def test_refuses_data_without_a_large_enough_object(store: ImageStore) -> None:
    far = dataclasses.replace(SPEC, zoom_range=(0.02, 0.02), static=0.0, look_alikes=0.0, video=1.0)
    far = dataclasses.replace(far, video_composite=0.0)
    with pytest.raises(DataError, match="Widen zoom_range"):
        ClipDataset(store, far).sample(np.random.default_rng(0))


def test_refuses_an_unknown_kind(dataset: ClipDataset) -> None:
    with pytest.raises(DataError, match="no clip kind 'movie'"):
        dataset.sample_kind(np.random.default_rng(0), "movie")


def test_a_contact_sheet_shows_all_frames_of_all_clips(dataset: ClipDataset) -> None:
    sheet = contact_sheet(dataset, np.random.default_rng(0), clips=3, columns=2)
    assert sheet.shape == (2 * 129, 2 * 4 * 129, 3)
    assert sheet[:129].any()
    assert not sheet[129:, 4 * 129 :].any()
