"""The configuration file: defaults, relative paths, every fault named."""

from __future__ import annotations

from pathlib import Path

import pytest

from vos_core.errors import UserError
from vos_core.training import config as module
from vos_core.training.config import load_config

MINIMAL = 'data = "d"\ncache = "c"\noutput = "/o"\n'


def written(folder: Path, text: str) -> Path:
    path = folder / "run.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    config = load_config(written(tmp_path, MINIMAL))
    assert config.data == tmp_path / "d"
    assert config.output == Path("/o")
    assert config.steps == 3000


def test_values_and_tables(tmp_path: Path) -> None:
    text = (
        MINIMAL + 'steps = 7\nlearning_rate = 1\nexclude_sequences = ["a", "b"]\n[clips]\nx = 1\n'
    )
    config = load_config(written(tmp_path, text))
    assert config.steps == 7
    assert config.learning_rate == 1.0
    assert isinstance(config.learning_rate, float)
    assert config.exclude_sequences == ("a", "b")
    assert config.clips == {"x": 1}


def test_the_shipped_recipe_is_valid() -> None:
    recipe = Path(module.__file__).parent / "recipes" / "aoc-lite.toml"
    assert load_config(recipe).exclude_sequences


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('data = "d"\n', "the key 'cache' is missing"),
        (MINIMAL + "stepz = 3\n", "unknown keys stepz; known: data"),
        (MINIMAL + 'steps = "3"\n', "steps should be a int, not '3'"),
        (MINIMAL + "steps = true\n", "steps should be a int, not True"),
        (MINIMAL + "steps = 2.5\n", "steps should be a int, not 2.5"),
        (MINIMAL + "learning_rate = true\n", "learning_rate should be a float"),
        (MINIMAL + "steps = 0\n", "steps must be at least 1, not 0"),
        (MINIMAL + "clips = 3\n", "clips should be a dict"),
        ("data = [", "not a readable TOML file"),
    ],
)
def test_faults_name_file_and_key(tmp_path: Path, text: str, message: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(UserError) as caught:
        load_config(path)
    assert str(path) in str(caught.value)
    assert message in str(caught.value)


def test_no_file_and_no_text(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such configuration file"):
        load_config(tmp_path / "none.toml")
    path = tmp_path / "binary.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="not a readable TOML file"):
        load_config(path)
