"""Proxy clusters of a frame, on maps small enough to see."""

from __future__ import annotations

import numpy as np
import pytest

from annotator.model.clusters import ClusterFrame, ClusterStore
from annotator.model.errors import FrameError

BACKGROUND, FIRST, SECOND = 1, 1 + 16 * 1 + 3, 1 + 16 * 2 + 5


def frame() -> ClusterFrame:
    """A 3 x 3 map over a frame of 5 x 9 pixels: places 2 rows and 4 columns apart."""
    codes = np.array(
        [[BACKGROUND, FIRST, FIRST], [BACKGROUND, FIRST, SECOND], [0, FIRST, SECOND]], np.uint8
    )
    references = np.array([[0, 0, 1], [0, 0, 1], [0, 1, 1]], np.uint8)
    return ClusterFrame(codes, (4, 9), (5, 9), references, (0, 70))


def test_pixels_belong_to_the_nearest_place() -> None:
    clusters = frame()
    assert clusters.rows.tolist() == [0, 1, 1, 2, 2]
    assert clusters.columns.tolist() == [0, 0, 1, 1, 1, 1, 2, 2, 2]


def test_a_cluster_tells_object_reference_size_and_share() -> None:
    clusters = frame()
    found = clusters.at(2.0, 0.0)
    assert found is not None
    assert (found.object_id, found.proxy, found.reference) == (4, 3, 0)
    assert found.pixel_count == (1 + 2) * 4  # two rows of places, one column of four pixels
    # object 4: three places of the middle column and the corner at the top right
    assert found.share == pytest.approx(12 / ((1 + 2 + 2) * 4 + 1 * 3))
    far = clusters.at(8.0, 4.0)
    assert far is not None
    assert (far.object_id, far.proxy, far.reference) == (9, 5, 70)


def test_background_and_nothing() -> None:
    clusters = frame()
    background = clusters.at(0.0, 0.0)
    assert background is not None
    assert background.object_id == 0
    assert clusters.at(0.0, 4.0) is None
    assert clusters.at(-0.5, 0.0) is None
    assert clusters.at(9.0, 0.0) is None


def test_the_mask_holds_the_pixels_of_one_proxy_of_one_reference() -> None:
    mask = frame().mask_at(3.0, 1.0)
    assert mask is not None
    wanted = np.zeros((5, 9), bool)
    wanted[0:3, 2:6] = True
    assert np.array_equal(mask, wanted)


def test_a_connected_part_leaves_the_others() -> None:
    codes = np.array([[20, 0, 20, 20]], np.uint8)
    clusters = ClusterFrame(codes, (1,), (1, 4))
    whole, part = clusters.mask_at(0, 0), clusters.mask_at(0, 0, connected=True)
    assert whole is not None and part is not None
    assert whole.tolist() == [[True, False, True, True]]
    assert part.tolist() == [[True, False, False, False]]


def test_a_brush_takes_places_that_it_covers_by_half() -> None:
    touched = np.zeros((5, 9), bool)
    touched[0:2, 2:5] = True  # 3 of 4 pixels of the top place, 3 of 8 of the middle one
    mask = frame().mask_under(touched)
    wanted = np.zeros((5, 9), bool)
    wanted[0, 2:6] = True
    assert np.array_equal(mask, wanted)


def test_maps_of_two_shapes_are_refused() -> None:
    with pytest.raises(FrameError, match="one shape"):
        ClusterFrame(np.ones((2, 2), np.uint8), (1,), (4, 4), np.ones((2, 3), np.uint8))


def test_the_store_forgets_the_oldest_and_keeps_the_last() -> None:
    store = ClusterStore(byte_limit=40)
    for index in range(3):
        store.put(index, frame())  # 18 bytes each
    assert store.get(0) is None
    assert store.get(1) is not None
    store.put(1, frame())
    store.put(7, ClusterFrame(np.ones((10, 10), np.uint8), (1,), (10, 10)))
    assert store.get(7) is not None
    assert store.get(1) is None
    store.clear()
    assert store.get(7) is None


def test_shares_of_references_count_the_pixels_that_are_matched() -> None:
    clusters = frame()
    # rows of places weigh 1, 2, 2 pixels and columns 2, 4, 3; the corner without a cluster is out
    first = (1 * 2 + 1 * 4) + (2 * 2 + 2 * 4)  # the two upper rows, two columns
    second = (1 + 2) * 3 + 2 * 4 + 2 * 3  # the right column above, and the last row
    whole = first + second
    assert clusters.reference_shares == pytest.approx({0: first / whole, 70: second / whole})
    assert clusters.reference_at(2.0, 0.0) == 0
    assert clusters.reference_at(8.0, 0.0) == 70
    assert clusters.reference_at(0.0, 4.0) is None
    assert clusters.reference_at(-1.0, 0.0) is None
    without = ClusterFrame(clusters.cluster_map, (4, 9), (5, 9))
    assert without.reference_shares == {} and without.reference_at(2.0, 0.0) is None
