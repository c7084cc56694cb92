"""The record of one frame, by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from vos_core.inference.results import (
    empty_result,
    frame_result,
    with_person_pixels,
    with_times,
)
from vos_core.inference.segmented import Segmented


def segmented(probabilities: torch.Tensor) -> Segmented:
    logits = torch.logit(probabilities[1:].clamp(1e-6, 1 - 1e-6))
    clusters = torch.zeros(len(probabilities), 1, 1, dtype=torch.int64)
    return Segmented(logits, probabilities, clusters)


def test_ids_reliability_and_clusters_by_hand() -> None:
    # one grid cell: background 0, object 1/2, other object 1/2
    probabilities = torch.tensor([0.0, 0.5001, 0.4999]).view(3, 1, 1)
    result = frame_result(4, segmented(probabilities), (9, 200), (2, 3))
    assert result.index == 4
    assert result.label_map.tolist() == [[9, 9, 9], [9, 9, 9]]
    reliable = 1 - np.log(2) / np.log(3)
    assert result.object_reliability[9] == pytest.approx(reliable, abs=1e-3)
    assert result.object_reliability[200] == pytest.approx(0.5001, abs=1e-3)  # of its absence
    assert (result.reliability_map == round(255 * reliable)).all()
    assert result.cluster_map is not None
    assert result.cluster_map.tolist() == [[1 + 16 * 1 + 0]]


def test_cluster_codes_wrap_without_becoming_nobodys() -> None:
    probabilities = torch.zeros(21, 1, 1)
    probabilities[20] = 1.0
    found = segmented(probabilities)._replace(
        cluster_index=torch.full((21, 1, 1), 16 + 7)  # proxy 7 of the second reference
    )
    result = frame_result(0, found, range(1, 21), (1, 1))
    assert result.cluster_map is not None
    assert result.cluster_map.tolist() == [[1 + (16 * 20 + 7) % 255]]


def test_a_proxy_tells_its_reference_frame() -> None:
    probabilities = torch.zeros(2, 3, 3)  # stride 4; the grid of proxies is every other pixel
    probabilities[1] = 1.0
    index = torch.tensor([[[0, 0], [0, 0]], [[3, 16], [47, 32]]])
    found = segmented(probabilities)._replace(cluster_index=index, reference_frames=(4, 8, 90))
    result = frame_result(0, found, (7,), (9, 9))
    assert result.reference_map is not None and result.cluster_map is not None
    assert result.reference_map.tolist() == [[0, 1], [2, 2]]
    assert [result.reference_frames[i] for i in result.reference_map.ravel()] == [4, 8, 90, 90]
    assert result.cluster_map.tolist() == [[17 + 3, 17], [17 + 15, 17]]


def test_person_pixels_are_certain_and_only_predicted_objects_are_rated() -> None:
    probabilities = torch.tensor([0.4, 0.6]).view(2, 1, 1)
    result = frame_result(0, segmented(probabilities), (1,), (1, 3))
    doubtful = int(result.reliability_map[0, 0])
    assert doubtful < 100
    merged = np.array([[7, 1, 0]], np.uint8)
    completed = with_person_pixels(result, merged, frozenset({1}))
    assert completed.label_map.tolist() == [[7, 1, 0]]
    assert completed.reliability_map.tolist() == [[255, doubtful, doubtful]]
    assert set(completed.object_reliability) == {1}
    assert not completed.reliability_map.flags.writeable
    assert merged.flags.writeable


def test_an_empty_frame_is_certain() -> None:
    result = empty_result(3, (2, 2))
    assert not result.label_map.any()
    assert (result.reliability_map == 255).all()
    assert result.object_reliability == {}
    assert result.cluster_map is None


def test_times_add_up() -> None:
    result = with_times(empty_result(0, (1, 1)), [1.0, 1.5, 3.5, 3.75, 4.0])
    assert result.seconds == 3.0
    assert result.stage_seconds == {"read": 0.5, "encode": 2.0, "segment": 0.25, "finish": 0.25}
