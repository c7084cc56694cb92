"""Proxy clusters come back with the project; a file that is no use is none."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from annotator.model.clusters import ClusterFrame, ClusterStore
from annotator.storage.cluster_files import read_clusters, write_clusters
from annotator.storage.session import ProjectSession
from tests.storage.projects import make_project, sequence_of

SIZE = (12, 16)


def clusters(seed: int = 0, *, references: bool = True) -> ClusterFrame:
    """Clusters of a frame of 12 x 16 pixels on a map of 3 x 4."""
    rng = np.random.default_rng(seed)
    return ClusterFrame(
        rng.integers(0, 49, (3, 4), dtype=np.uint8),
        (1, 7),
        SIZE,
        rng.integers(0, 2, (3, 4), dtype=np.uint8) if references else None,
        (0, 5) if references else (),
    )


def same(one: ClusterFrame, other: ClusterFrame | None) -> bool:
    """Whether two hold the same."""
    assert other is not None
    maps = [(one.cluster_map, other.cluster_map), (one.reference_map, other.reference_map)]
    return (one.object_ids, one.size, one.reference_frames) == (
        other.object_ids,
        other.size,
        other.reference_frames,
    ) and all(a is b is None or np.array_equal(a, b) for a, b in maps)  # type: ignore[arg-type]


@pytest.mark.parametrize("references", [True, False])
def test_what_is_written_is_read_by_us_and_by_numpy(tmp_path: Path, references: bool) -> None:
    path = tmp_path / "clusters" / "00003.npz"
    one = clusters(references=references)
    write_clusters(path, one)
    assert same(one, read_clusters(path, SIZE))
    with np.load(path) as arrays:
        np.testing.assert_array_equal(arrays["cluster_map"], one.cluster_map)
        assert ("reference_map" in arrays.files) == references
    assert list(path.parent.iterdir()) == [path]


def test_they_come_back_with_the_project(tmp_path: Path) -> None:
    session, _ = make_project(tmp_path)
    session.clusters.put(2, clusters(2))
    session.clusters.put(3, clusters(3))
    session.clusters.put(3, clusters(4))  # the latest counts
    assert session.close()
    again = ProjectSession.open(session.folder)
    assert same(clusters(2), again.clusters.get(2))
    assert same(clusters(4), again.clusters.get(3))
    assert again.clusters.get(0) is None
    assert again.warnings == [] and again.close()


def test_those_known_before_there_was_a_folder_are_read_as_before(tmp_path: Path) -> None:
    first, _ = make_project(tmp_path)
    first.close()
    store = ClusterStore(byte_limit=1)  # one frame at a time: the others come from the files
    session = ProjectSession.create(
        tmp_path / "second", sequence_of(tmp_path / "frames"), clusters=store, silence_s=0.02
    )
    for index in range(4):
        store.put(index, clusters(index))
    assert session.flush()
    assert all(same(clusters(index), store.get(index)) for index in (0, 3, 1, 2))
    session.close()


@pytest.mark.parametrize(
    "arrays",
    [
        {"cluster_map": np.zeros((3, 4), np.float32)},
        {"cluster_map": np.zeros((3, 4, 1), np.uint8)},
        {"cluster_map": np.zeros((13, 4), np.uint8)},
        {"reference_map": np.zeros((2, 4), np.uint8)},
        {"size": np.array([12, 17])},
        {"size": np.array(["a", "b"])},
        {"object_ids": np.array(["x"])},
        {"object_ids": np.array([0.5])},
        {"reference_frames": None},
    ],
)
def test_a_file_that_says_what_cannot_be_is_none(tmp_path: Path, arrays: dict) -> None:
    path = tmp_path / "00000.npz"
    whole = {
        "cluster_map": np.ones((3, 4), np.uint8),
        "object_ids": np.array([1]),
        "reference_frames": np.array([0]),
        "size": np.array(SIZE),
    }
    np.savez(path, **whole)
    assert read_clusters(path, SIZE) is not None
    changed = {name: value for name, value in (whole | arrays).items() if value is not None}
    np.savez(path, **changed)
    assert read_clusters(path, SIZE) is None


def test_any_byte_anywhere_is_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "00000.npz"
    write_clusters(path, clusters())
    data = path.read_bytes()
    rng = random.Random(2)
    unusable = 0
    for _ in range(200):
        changed = bytearray(data)
        for _ in range(rng.randint(1, 4)):
            changed[rng.randrange(len(changed))] = rng.randrange(256)
        path.write_bytes(changed[: rng.choice([len(changed), rng.randrange(len(changed))])])
        unusable += read_clusters(path, SIZE) is None
    assert unusable > 100
