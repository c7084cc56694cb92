"""A closer look at one frame agrees with the propagation that passes through it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.support.tiny_network import colour_propagator, moving_squares
from vos_core.errors import UserError
from vos_core.inference.inspection import FrameInspector, principal_components


@pytest.fixture(scope="module")
def clip() -> tuple[np.ndarray, np.ndarray]:
    return moving_squares(6, objects=2, seed=3)


def test_it_says_what_the_propagation_says(clip: tuple[np.ndarray, np.ndarray]) -> None:
    frames, truth = clip
    propagator = colour_propagator()
    run = propagator.start(frames.__getitem__, {0: truth[0]}, [1])
    result = run.step()
    assert result is not None
    look = FrameInspector(propagator, frames.__getitem__).inspect(
        1, {0: truth[0]}, (0, truth[0]), (1, 2)
    )
    assert look.object_ids == (1, 2)
    assert np.array_equal(look.cluster_map, result.cluster_map)
    assert np.array_equal(look.reference_map, result.reference_map)
    assert look.reference_frames == result.reference_frames == (0,)
    likely = look.probabilities > 127
    every_fourth = result.label_map[::4, ::4]
    rows, columns = likely.shape[1:]
    for row, object_id in zip(likely, (1, 2), strict=True):
        agree = row[: every_fourth.shape[0], : every_fourth.shape[1]] == (
            every_fourth[:rows, :columns] == object_id
        )
        assert agree.mean() > 0.97


def test_a_changed_reference_is_digested_anew(clip: tuple[np.ndarray, np.ndarray]) -> None:
    frames, truth = clip
    inspector = FrameInspector(colour_propagator(), frames.__getitem__)
    first = inspector.inspect(2, {0: truth[0]}, (1, truth[1]), (1, 2))
    swapped = np.array([0, 2, 1], np.uint8)[truth[0]]
    other = inspector.inspect(2, {0: swapped}, (1, truth[1]), (1, 2))
    again = inspector.inspect(2, {0: truth[0]}, (1, truth[1]), (1, 2))
    assert not np.array_equal(first.probabilities, other.probabilities)
    assert np.array_equal(first.probabilities, again.probabilities)
    assert np.array_equal(first.embedding, other.embedding)  # colours stay from look to look


def test_clusters_of_several_references_tell_theirs(clip: tuple[np.ndarray, np.ndarray]) -> None:
    frames, truth = clip
    maps = {0: truth[0], 5: truth[5]}
    look = FrameInspector(colour_propagator(), frames.__getitem__).inspect(3, maps, None, (1, 2))
    assert look.reference_frames == (0, 5)
    assert look.reference_map is not None and look.cluster_map is not None
    assert set(np.unique(look.reference_map)) <= {0, 1}
    assert look.reference_map.shape == look.cluster_map.shape


def test_without_a_reference_there_is_an_embedding_only(
    clip: tuple[np.ndarray, np.ndarray],
) -> None:
    frames, truth = clip
    inspector = FrameInspector(colour_propagator(), frames.__getitem__)
    look = inspector.inspect(0, {}, None, ())
    assert look.probabilities.shape[0] == 0 and look.cluster_map is None
    assert look.embedding.shape[2] == 3 and look.embedding.std() > 0
    alone = inspector.inspect(0, {0: truth[0]}, None, (1, 2))
    assert (alone.probabilities.max(axis=(1, 2)) > 200).all()  # the only reference sees itself


def test_a_mask_of_another_size_is_named(clip: tuple[np.ndarray, np.ndarray]) -> None:
    frames, truth = clip
    inspector = FrameInspector(colour_propagator(), frames.__getitem__)
    with pytest.raises(UserError, match="frame 0 is"):
        inspector.inspect(1, {0: truth[0][:-1]}, None, (1,))


def test_principal_components_by_hand() -> None:
    points = torch.tensor([[4.0, 0, 0, 0], [-4, 0, 0, 0], [0, 2, 0, 0], [0, -2, 0, 0]])
    points = torch.cat([points, torch.tensor([[0.0, 0, -1, 0], [0, 0, 1, 0]])])
    mean, axes, spread = principal_components(points)
    assert torch.allclose(mean, torch.zeros(4))
    assert torch.allclose(axes, torch.eye(4)[:, :3], atol=1e-6)
    assert torch.allclose(spread.square(), torch.tensor([32.0, 8.0, 2.0]) / 6)
