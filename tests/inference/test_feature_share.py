"""Features that passes share: the newest stay, within so many bytes."""

from __future__ import annotations

import pytest
import torch

from vos_core.inference import branch
from vos_core.inference.branch import FeatureShare

SIZE = (8, 8)
FRAME = torch.zeros(10, dtype=torch.float32)  # 40 bytes


@pytest.fixture
def share(monkeypatch: pytest.MonkeyPatch) -> FeatureShare:
    """Room for three frames."""
    monkeypatch.setattr(branch, "SHARED_CACHE_BYTES", 3 * 40)
    return FeatureShare()


def held(share: FeatureShare, count: int = 12) -> list[int]:
    cache, _ = share.caches(SIZE, False)
    return [i for i in range(count) if i in cache._by_frame]


def test_the_frames_used_last_stay(share: FeatureShare) -> None:
    cache, _ = share.caches(SIZE, False)
    for index in range(5):
        cache.put(index, (FRAME,))  # type: ignore[arg-type]
    assert held(share) == [2, 3, 4]
    assert cache.get(2) is not None and cache.get(0) is None
    cache.put(5, (FRAME,))  # type: ignore[arg-type]
    assert held(share) == [2, 4, 5], "3 was used before 2"


def test_a_frame_that_is_put_again_counts_once(share: FeatureShare) -> None:
    cache, _ = share.caches(SIZE, False)
    for index in (0, 1, 2, 2, 2, 1):
        cache.put(index, (FRAME,))  # type: ignore[arg-type]
    assert held(share) == [0, 1, 2]
    cache.put(1, (FRAME, FRAME))  # type: ignore[arg-type]  # larger now
    assert held(share) == [1, 2]


def test_one_frame_stays_whatever_its_size(share: FeatureShare) -> None:
    cache, _ = share.caches(SIZE, False)
    cache.put(0, tuple([FRAME] * 9))  # type: ignore[arg-type]
    assert held(share) == [0]
    cache.put(1, (FRAME,))  # type: ignore[arg-type]
    assert held(share) == [1]


def test_other_inputs_have_their_own(share: FeatureShare) -> None:
    cache, references = share.caches(SIZE, False)
    mirrored, _ = share.caches(SIZE, True)
    cache.put(0, (FRAME,))  # type: ignore[arg-type]
    assert mirrored.get(0) is None and references.get(0) is None
    assert share.caches(SIZE, False)[0] is cache
    share.clear()
    assert share.caches(SIZE, False)[0].get(0) is None
