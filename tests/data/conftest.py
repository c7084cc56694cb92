"""The small data folder and its cache, made once a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.data.small_archives import write_data_folder
from vos_core.data.cache_builder import build_cache
from vos_core.data.store import ImageStore


@pytest.fixture(scope="session")
def data_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of archives; do not change it."""
    folder = tmp_path_factory.mktemp("archives")
    write_data_folder(folder)
    return folder


@pytest.fixture(scope="session")
def store(data_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> ImageStore:
    """The opened cache of the data folder."""
    return build_cache(data_folder, tmp_path_factory.mktemp("cache"))
