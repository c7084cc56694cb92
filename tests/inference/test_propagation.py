"""Laws of propagation on synthetic squares: with random weights, and with colours as keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
import torch

from tests.support.tiny_network import (
    colour_propagator,
    moving_squares,
    overlap,
    tiny_propagator,
)
from vos_core.errors import UserError
from vos_core.inference import FrameResult, Propagation, Propagator, PropagatorOptions
from vos_core.inference import branch as branch_module
from vos_core.matching import global_matching

Frames = np.ndarray


def reader(frames: Frames) -> Callable[[int], np.ndarray]:
    return lambda index: frames[index]


def run(propagation: Propagation, limit: int = 100) -> list[FrameResult]:
    results: list[FrameResult] = []
    while (result := propagation.step()) is not None and len(results) < limit:
        results.append(result)
    return results


def propagate(
    propagator: Propagator,
    frames: Frames,
    references: dict[int, np.ndarray],
    targets: Sequence[int] | None = None,
    **options: object,
) -> list[FrameResult]:
    order = range(1, len(frames)) if targets is None else targets
    return run(propagator.start(reader(frames), references, order, **options))  # type: ignore[arg-type]


def assert_equal_results(first: list[FrameResult], second: list[FrameResult]) -> None:
    assert len(first) == len(second)
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one.label_map, other.label_map)
        np.testing.assert_array_equal(one.reliability_map, other.reliability_map)
        assert one.object_reliability == pytest.approx(other.object_reliability, abs=1e-5)


def is_about(one: np.ndarray, other: np.ndarray) -> bool:
    """Equal up to rounding: at most one pixel in a thousand is decided differently."""
    return float((one != other).mean()) <= 1e-3


# --- what a result is -----------------------------------------------------------------------------


def test_results_are_at_the_frames_own_size_read_only_and_in_range() -> None:
    frames, truth = moving_squares(4, objects=2, size=(90, 150))
    results = propagate(tiny_propagator(), frames, {0: truth[0]})
    assert [result.index for result in results] == [1, 2, 3]
    for result in results:
        assert result.label_map.shape == result.reliability_map.shape == (90, 150)
        assert result.label_map.dtype == result.reliability_map.dtype == np.uint8
        assert not result.label_map.flags.writeable
        assert not result.reliability_map.flags.writeable
        assert set(np.unique(result.label_map)) <= {0, 1, 2}
        assert set(result.object_reliability) == {1, 2}
        assert all(0 <= value <= 1 for value in result.object_reliability.values())
        assert result.cluster_map is not None
        assert result.cluster_map.shape == (13, 19)  # of the 97 x 145 input at stride 8
        assert result.seconds >= sum(result.stage_seconds.values()) * 0.999
        assert set(result.stage_seconds) == {"read", "encode", "segment", "finish"}


def test_coloured_squares_are_followed_forward_and_backward() -> None:
    frames, truth = moving_squares(8, objects=2, seed=3)
    for results in (
        propagate(colour_propagator(), frames, {0: truth[0]}),
        propagate(colour_propagator(), frames, {7: truth[7]}, range(6, -1, -1)),
    ):
        for result in results:
            for object_id in (1, 2):
                own, true = result.label_map == object_id, truth[result.index] == object_id
                assert overlap(own, true) > 0.6
        assert len({result.label_map.tobytes() for result in results}) > 1


def test_cluster_map_names_channel_and_proxy() -> None:
    frames, truth = moving_squares(2, objects=2, seed=3)
    result = propagate(colour_propagator(), frames, {0: truth[0]})[0]
    clusters = result.cluster_map
    assert clusters is not None
    channels = (clusters.astype(int) - 1) // 16
    assert set(np.unique(channels)) == {0, 1, 2}
    at_centres = result.label_map[::8, ::8]
    assert float((channels == at_centres).mean()) > 0.95


# --- laws -----------------------------------------------------------------------------------------


def test_the_same_call_gives_the_same_result() -> None:
    frames, truth = moving_squares(5, objects=2)
    first = propagate(tiny_propagator(), frames, {0: truth[0]}, mode="mf")
    assert_equal_results(first, propagate(tiny_propagator(), frames, {0: truth[0]}, mode="mf"))
    # random weights, but no trivial case: every law here compares maps with several objects
    assert all(len(np.unique(result.label_map)) == 3 for result in first)


@pytest.mark.parametrize("make", [tiny_propagator, colour_propagator])
def test_permuting_object_ids_permutes_the_result(make: Callable[[], Propagator]) -> None:
    frames, truth = moving_squares(4, objects=3, seed=5)
    table = np.zeros(256, np.uint8)
    table[[1, 2, 3]] = [200, 7, 31]
    results = propagate(make(), frames, {0: truth[0]})
    permuted = propagate(make(), frames, {0: table[truth[0]]})
    for one, other in zip(results, permuted, strict=True):
        assert is_about(table[one.label_map], other.label_map)
        for before, after in ((1, 200), (2, 7), (3, 31)):
            assert one.object_reliability[before] == pytest.approx(
                other.object_reliability[after], abs=1e-3
            )


def test_an_object_that_no_reference_shows_gets_no_pixel_and_disturbs_nobody() -> None:
    frames, truth = moving_squares(4, objects=2, seed=5)
    alone = propagate(tiny_propagator(), frames, {0: truth[0]}, object_ids=[1, 2])
    more = propagate(tiny_propagator(), frames, {0: truth[0]}, object_ids=[1, 2, 9])
    assert_equal_results(alone, more)


def test_nobodys_pixels_are_no_object() -> None:
    frames, truth = moving_squares(3, objects=1)
    mask = truth[0].copy()
    mask[:10, :10] = 255
    for result in propagate(tiny_propagator(), frames, {0: mask}):
        assert set(np.unique(result.label_map)) <= {0, 1}


def test_backward_equals_forward_on_the_reversed_video() -> None:
    frames, truth = moving_squares(7, objects=2, seed=2)
    references = {0: truth[0], 3: truth[3]}
    mirrored = {6: truth[0], 3: truth[3]}
    forward = propagate(tiny_propagator(), frames, references, mode="mf")
    backward = propagate(tiny_propagator(), frames[::-1], mirrored, range(5, -1, -1), mode="mf")
    assert [result.index for result in backward] == [6 - result.index for result in forward]
    assert_equal_results(forward, backward)


def test_chunk_size_and_thread_count_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    frames, truth = moving_squares(4, objects=2, seed=4)
    whole = propagate(tiny_propagator(), frames, {0: truth[0]})
    monkeypatch.setattr(global_matching, "CHUNK_ELEMENTS", 1)
    torch.set_num_threads(2)
    try:
        other = propagate(tiny_propagator(), frames, {0: truth[0]})
    finally:
        torch.set_num_threads(1)
    for one, two in zip(whole, other, strict=True):
        assert is_about(one.label_map, two.label_map)
        difference = one.reliability_map.astype(int) - two.reliability_map
        assert np.abs(difference).max() <= 1


def test_reference_frames_are_not_visited() -> None:
    frames, truth = moving_squares(6)
    read: list[int] = []

    def read_frame(index: int) -> np.ndarray:
        read.append(index)
        return frames[index]

    references = {0: truth[0], 3: truth[3]}
    propagation = tiny_propagator().start(read_frame, references, range(6))
    assert propagation.targets_left == 4
    assert [result.index for result in run(propagation)] == [1, 2, 4, 5]
    assert read.count(3) == 1  # features of the frame are kept until it is the previous one


def test_frames_before_any_object_are_empty_and_certain() -> None:
    frames, truth = moving_squares(4)
    empty = np.zeros_like(truth[0])
    results = propagate(tiny_propagator(), frames, {0: empty, 2: truth[2]})
    assert [result.index for result in results] == [1, 3]
    assert not results[0].label_map.any()
    assert (results[0].reliability_map == 255).all()
    assert results[0].object_reliability == {}
    assert set(results[1].object_reliability) == {1}


def test_forty_objects() -> None:
    frames, _ = moving_squares(3)
    mask = np.zeros(frames.shape[1:3], np.uint8)
    for index in range(40):
        row, column = divmod(index, 8)
        mask[row * 18 : row * 18 + 9, column * 12 : column * 12 + 7] = index + 1
    results = propagate(tiny_propagator(), frames, {0: mask}, mode="mf")
    assert all(len(result.object_reliability) == 40 for result in results)


# --- corrections ----------------------------------------------------------------------------------


def started(frames: Frames, truth: np.ndarray, steps: int) -> Propagation:
    propagation = colour_propagator().start(reader(frames), {0: truth[0]}, range(1, len(frames)))
    for _ in range(steps):
        assert propagation.step() is not None
    return propagation


def test_a_correction_ahead_is_the_previous_frame_once_it_is_reached() -> None:
    frames, truth = moving_squares(7, objects=2, seed=1)
    propagation = started(frames, truth, 2)
    propagation.correct(4, truth[4])
    results = run(propagation)
    assert [result.index for result in results] == [3, 5, 6]
    expected = propagate(colour_propagator(), frames, {0: truth[0], 4: truth[4]}, [5, 6])
    assert_equal_results(results[1:], expected)


def test_a_correction_of_the_frame_just_segmented_is_taken_up_by_the_next() -> None:
    frames, truth = moving_squares(6, objects=2, seed=1)
    propagation = started(frames, truth, 3)
    propagation.correct(3, truth[3])
    results = run(propagation)
    assert [result.index for result in results] == [4, 5]
    expected = propagate(colour_propagator(), frames, {0: truth[0], 3: truth[3]}, [4, 5])
    assert_equal_results(results, expected)


def test_a_correction_behind_goes_back() -> None:
    frames, truth = moving_squares(6, objects=2, seed=1)
    propagation = started(frames, truth, 4)
    propagation.correct(2, truth[2])
    assert propagation.targets_left == 3
    results = run(propagation)
    assert [result.index for result in results] == [3, 4, 5]
    expected = propagate(colour_propagator(), frames, {0: truth[0], 2: truth[2]}, [3, 4, 5])
    assert_equal_results(results, expected)


def test_a_replaced_reference_leaves_no_trace() -> None:
    frames, truth = moving_squares(5, objects=2, seed=1)
    wrong = np.roll(truth[2], 20, axis=1)
    propagation = started(frames, truth, 1)
    propagation.correct(2, wrong)
    assert propagation.step() is not None
    propagation.correct(2, truth[2])
    expected = propagate(colour_propagator(), frames, {0: truth[0], 2: truth[2]}, [3, 4])
    assert_equal_results(run(propagation), expected)


def test_a_correction_improves_what_follows() -> None:
    frames, truth = moving_squares(6, objects=2, seed=1)
    wrong = np.where(truth[0] == 1, truth[0], 0).astype(np.uint8)
    wrong[:8, :8] = 2  # object 2 was painted onto the background
    propagation = colour_propagator().start(reader(frames), {0: wrong}, range(1, 6))
    before = [propagation.step() for _ in range(2)]
    assert before[1] is not None
    assert overlap(before[1].label_map == 2, truth[2] == 2) < 0.3
    propagation.correct(0, truth[0])
    after = run(propagation)
    assert [result.index for result in after] == [1, 2, 3, 4, 5]
    assert all(overlap(r.label_map == 2, truth[r.index] == 2) > 0.6 for r in after)


def test_a_new_object_comes_in_by_a_correction() -> None:
    frames, truth = moving_squares(6, objects=2, seed=1)
    first = np.where(truth[0] == 1, 1, 0).astype(np.uint8)
    propagation = colour_propagator().start(reader(frames), {0: first}, range(1, 6))
    before = [propagation.step() for _ in range(2)]
    assert all(result is not None and set(result.object_reliability) == {1} for result in before)
    propagation.correct(2, truth[2])
    after = run(propagation)
    assert [result.index for result in after] == [3, 4, 5]
    for result in after:
        for object_id in (1, 2):
            own, true = result.label_map == object_id, truth[result.index] == object_id
            assert overlap(own, true) > 0.6


def test_a_new_object_does_not_read_the_references_again() -> None:
    frames, truth = moving_squares(9, objects=2, seed=1)
    read: list[int] = []

    def read_frame(index: int) -> np.ndarray:
        read.append(index)
        return frames[index]

    references = {index: np.where(truth[index] == 1, truth[index], 0) for index in (0, 2, 4)}
    propagation = colour_propagator().start(read_frame, references, range(1, 9))
    for _ in range(3):
        assert propagation.step() is not None
    propagation.correct(5, truth[5])
    results = run(propagation)
    assert [result.index for result in results] == [6, 7, 8]
    assert set(results[0].object_reliability) == {1, 2}
    assert max(read.count(index) for index in (0, 2, 4)) == 1


def test_features_of_many_references_are_bounded_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    frames, truth = moving_squares(9, objects=2, seed=1)
    one = branch_module.tensor_bytes(tiny_propagator().network.encode(torch.zeros(1, 3, 97, 97)))
    monkeypatch.setattr(branch_module, "REFERENCE_CACHE_BYTES", 3 * one)
    references = {index: truth[index] for index in range(7)}
    propagation = tiny_propagator().start(reader(frames), references, [7, 8])
    run(propagation)
    branch = propagation._branches[0]
    held = [index for index in range(9) if branch.known_features(index) is not None]
    assert held == [4, 5, 6, 7, 8]  # the references digested last, and the last four frames


def test_the_number_of_references_matched_at_once_is_bounded() -> None:
    """A frame costs no more after fifty corrections than after eight."""
    frames, truth = moving_squares(14, objects=2, seed=1)
    references = {index: np.where(truth[index] == 1, 1, 0).astype(np.uint8) for index in range(10)}
    references[0] = truth[0]  # the only one that shows object 2
    options = PropagatorOptions(max_references=3)
    propagation = colour_propagator().start(
        reader(frames), references, range(10, 14), options=options
    )
    results = run(propagation)
    joined = [key.frame for key in propagation._branches[0]._joined]
    assert joined == [0, 7, 8, 9]
    assert all(overlap(r.label_map == 1, truth[r.index] == 1) > 0.6 for r in results)
    assert all((r.label_map == 2).any() for r in results)


def test_fewer_references_than_the_bound_are_all_used() -> None:
    frames, truth = moving_squares(8, objects=2, seed=1)
    references = {index: truth[index] for index in (0, 2, 4)}
    some = propagate(tiny_propagator(), frames, references)
    many = propagate(
        tiny_propagator(), frames, references, options=PropagatorOptions(max_references=99)
    )
    assert_equal_results(some, many)


# --- references that a person drew in part --------------------------------------------------------


def test_objects_drawn_on_different_frames_are_all_carried() -> None:
    frames, truth = moving_squares(7, objects=2, seed=1)
    first = np.where(truth[0] == 1, 1, 0).astype(np.uint8)
    later = np.where(truth[3] == 2, 2, 0).astype(np.uint8)
    results = propagate(colour_propagator(), frames, {0: first, 3: later}, known={0: {1}, 3: {2}})
    assert [result.index for result in results] == [1, 2, 3, 4, 5, 6]
    for result in results:
        assert overlap(result.label_map == 1, truth[result.index] == 1) > 0.6
        if result.index < 3:
            assert not (result.label_map == 2).any()
        else:
            assert overlap(result.label_map == 2, truth[result.index] == 2) > 0.6
    middle = results[2]
    drawn = truth[3] == 2
    assert (middle.label_map[drawn] == 2).all()
    assert not (middle.label_map[~drawn] == 2).any()
    assert (middle.reliability_map[drawn] == 255).all()
    assert set(middle.object_reliability) == {1}
    assert not middle.label_map.flags.writeable


def test_a_completed_frame_is_a_persons_reference_and_none_of_the_pool() -> None:
    frames, truth = moving_squares(6, objects=2, seed=1)
    later = np.where(truth[3] == 2, 2, 0).astype(np.uint8)
    propagation = colour_propagator().start(
        reader(frames),
        {0: truth[0], 3: later},
        range(1, 6),
        known={0: {1, 2}, 3: {2}},
        options=PropagatorOptions(mode="mf", interval=1),
    )
    for _ in range(4):
        assert propagation.step() is not None
    assert sorted(propagation._automatic) == [1, 2, 4]
    merged = propagation._route.label_map(3)
    assert (merged[truth[3] == 2] == 2).all()
    assert overlap(merged == 1, truth[3] == 1) > 0.6


def test_an_earlier_frames_background_is_no_evidence_against_a_later_object() -> None:
    # object 2 is in frame 0 too, but nobody had drawn it yet
    frames, truth = moving_squares(6, objects=2, seed=1)
    first = np.where(truth[0] == 1, 1, 0).astype(np.uint8)
    results = propagate(colour_propagator(), frames, {0: first, 2: truth[2]})
    assert [result.index for result in results] == [1, 3, 4, 5]
    for result in results[1:]:
        assert overlap(result.label_map == 2, truth[result.index] == 2) > 0.6
    # told that frame 0 speaks of object 2 too, matching takes its pixels there for background
    told = {0: {1, 2}, 2: {1, 2}}
    misled = propagate(colour_propagator(), frames, {0: first, 2: truth[2]}, known=told)
    for result in misled[1:]:
        assert overlap(result.label_map == 2, truth[result.index] == 2) < 0.5


def test_references_of_which_none_speaks_of_all_objects_still_serve() -> None:
    frames, truth = moving_squares(5, objects=2, seed=1)
    maps = {0: np.where(truth[0] == 1, 1, 0), 2: np.where(truth[2] == 2, 2, 0)}
    references = {index: label_map.astype(np.uint8) for index, label_map in maps.items()}
    results = propagate(colour_propagator(), frames, references, [3, 4], known={0: {1}, 2: {2}})
    assert all(set(result.object_reliability) == {1, 2} for result in results)
    assert all((result.label_map > 0).any() for result in results)


# --- automatic references, scales, flips ----------------------------------------------------------


def test_the_pool_of_automatic_references_is_bounded() -> None:
    frames, truth = moving_squares(16, objects=2, seed=6)
    options = PropagatorOptions(mode="mf", interval=2, max_automatic=3)
    propagation = colour_propagator().start(
        reader(frames), {0: truth[0], 5: truth[5]}, range(1, 16), options=options
    )
    branch = propagation._branches[0]
    sizes = []
    while propagation.step() is not None:
        assert len(propagation._automatic) <= 3
        sizes.append(branch.digest_count)
    assert max(sizes) == 2 + 3
    assert sorted(propagation._automatic) == [10, 12, 14]  # counted from the first reference


def test_a_correction_empties_the_pool_and_its_digests() -> None:
    frames, truth = moving_squares(12, objects=1, seed=6)
    options = PropagatorOptions(mode="mf", interval=1, max_automatic=4)
    propagation = colour_propagator().start(
        reader(frames), {0: truth[0]}, range(1, 12), options=options
    )
    for _ in range(6):
        propagation.step()
    propagation.correct(8, truth[8])
    assert propagation._automatic == {}
    assert propagation._branches[0].digest_count == 1
    run(propagation)
    assert propagation._branches[0].digest_count <= 2 + 4


def test_base_mode_makes_no_references() -> None:
    frames, truth = moving_squares(9)
    propagation = colour_propagator().start(
        reader(frames), {0: truth[0]}, range(1, 9), options=PropagatorOptions(interval=1)
    )
    run(propagation)
    assert propagation._automatic == {}


def test_doubtful_pixels_of_an_automatic_reference_belong_to_nobody() -> None:
    frames, truth = moving_squares(3, objects=1, seed=6)
    options = PropagatorOptions(mode="mf", interval=1, min_probability=1.1)
    propagation = colour_propagator().start(reader(frames), {0: truth[0]}, [1, 2], options=options)
    assert propagation.step() is not None
    assert (propagation._automatic[1] == 255).all()
    assert propagation.step() is not None  # a reference that says nothing does no harm


def test_mirrored_frames_give_mirrored_masks_when_flips_are_averaged() -> None:
    frames, truth = moving_squares(4, objects=2, seed=7)
    options = PropagatorOptions(flip=True)
    plain = propagate(tiny_propagator(), frames, {0: truth[0]}, options=options)
    mirror = propagate(
        tiny_propagator(),
        np.ascontiguousarray(frames[:, :, ::-1]),
        {0: np.ascontiguousarray(truth[0][:, ::-1])},
        options=options,
    )
    for one, other in zip(plain, mirror, strict=True):
        assert is_about(one.label_map, other.label_map[:, ::-1])


def test_scales_enlarge_and_shrink_the_input() -> None:
    frames, truth = moving_squares(3, objects=2, seed=7)
    options = PropagatorOptions(scales=(1.0, 1.5))
    propagation = colour_propagator().start(reader(frames), {0: truth[0]}, [1, 2], options=options)
    assert [branch.size for branch in propagation._branches] == [(97, 97), (145, 145)]
    for result in run(propagation):
        assert all(overlap(result.label_map == i, truth[result.index] == i) > 0.6 for i in (1, 2))


def test_averaged_branches_are_decided_by_the_averaged_probabilities() -> None:
    # background 0.3, first object 0.4, second object 0.3: the first object has the pixel
    frames, truth = moving_squares(2, objects=2, seed=7)
    propagation = colour_propagator().start(
        reader(frames), {0: truth[0]}, [1], options=PropagatorOptions(flip=True)
    )
    mean = torch.tensor([0.3, 0.4, 0.3]).view(3, 1, 1).expand(3, 25, 25)
    segment = propagation._segment

    def averaged(features: list) -> object:  # type: ignore[type-arg]
        return segment(features)._replace(logits=None, probabilities=mean)

    propagation._segment = averaged  # type: ignore[method-assign, assignment]
    result = propagation.step()
    assert result is not None
    assert (result.label_map == 1).all()


def test_two_equal_branches_equal_one() -> None:
    frames, truth = moving_squares(4, objects=2, seed=8)
    one = propagate(tiny_propagator(), frames, {0: truth[0]})
    options = PropagatorOptions(scales=(1.0, 1.0))
    two = propagate(tiny_propagator(), frames, {0: truth[0]}, options=options)
    for first, second in zip(one, two, strict=True):
        np.testing.assert_array_equal(first.reliability_map, second.reliability_map)
        # logits and probabilities are enlarged differently: only borders may differ
        assert float((first.label_map != second.label_map).mean()) < 0.02


# --- faults ---------------------------------------------------------------------------------------


def test_a_frame_of_another_size_is_named_and_the_place_is_kept() -> None:
    frames, truth = moving_squares(4)
    sizes = {2: frames[2][:50]}
    propagation = tiny_propagator().start(
        lambda index: sizes.get(index, frames[index]), {0: truth[0]}, range(1, 4)
    )
    assert propagation.step() is not None
    with pytest.raises(UserError, match="frame 2 is 97x50 pixels, the masks are 97x97"):
        propagation.step()
    assert propagation.targets_left == 2
    sizes.clear()
    resumed = run(propagation)
    expected = propagate(tiny_propagator(), frames, {0: truth[0]})
    assert_equal_results(resumed, expected[1:])


def test_a_read_error_of_a_reference_is_passed_on_and_can_be_retried() -> None:
    frames, truth = moving_squares(4)
    faults = [OSError("gone")]

    def read_frame(index: int) -> np.ndarray:
        if index == 0 and faults:
            raise faults.pop()
        return frames[index]

    propagation = tiny_propagator().start(read_frame, {0: truth[0]}, range(1, 4))
    with pytest.raises(OSError, match="gone"):
        propagation.step()
    assert_equal_results(run(propagation), propagate(tiny_propagator(), frames, {0: truth[0]}))


def test_after_close_there_is_nothing_more() -> None:
    frames, truth = moving_squares(4)
    propagation = tiny_propagator().start(reader(frames), {0: truth[0]}, range(1, 4))
    assert propagation.step() is not None
    propagation.close()
    propagation.correct(1, truth[1])
    assert propagation.targets_left == 0
    assert propagation.step() is None


def test_an_unknown_mode_is_refused_with_the_known_ones() -> None:
    frames, truth = moving_squares(2)
    with pytest.raises(UserError, match="unknown mode 'best'; choose one of base, mf"):
        tiny_propagator().start(reader(frames), {0: truth[0]}, [1], mode="best")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"mode": "x"}, "unknown mode 'x'; choose one of base, mf"),
        ({"scales": ()}, "scales must be numbers above 0 .* none given"),
        ({"scales": (1.0, 0.0)}, "scales must be .*: 1.0, 0.0"),
        ({"scales": (float("nan"),)}, "scales must be .*: nan"),
        ({"scales": (9.0,)}, "at most 4"),
        ({"interval": 0}, "interval must be at least 1, not 0"),
        ({"max_automatic": -1}, "max_automatic must be at least 0"),
        ({"max_references": 0}, "max_references must be at least 1"),
        ({"short_edge": 10}, "short_edge must be at least 65"),
    ],
)
def test_options_that_cannot_run_are_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        PropagatorOptions(**changes)  # type: ignore[arg-type]


def test_results_carry_no_gradient_and_leave_the_masks_alone() -> None:
    frames, truth = moving_squares(3)
    before = truth.copy()
    propagate(tiny_propagator(), frames, {0: truth[0]})
    np.testing.assert_array_equal(truth, before)
    assert all(p.grad is None for p in tiny_propagator().network.parameters())
