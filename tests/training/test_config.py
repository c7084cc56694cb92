"""The configuration file: defaults, relative paths, every fault named."""

from __future__ import annotations

from pathlib import Path

import pytest

from vos_core.data.spec import ClipSpec
from vos_core.errors import UserError
from vos_core.training import config as module
from vos_core.training.config import load_recipe

MINIMAL = 'data = "d"\ncache = "c"\noutput = "/o"\n'


def written(folder: Path, text: str) -> Path:
    path = folder / "run.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    (config,) = load_recipe(written(tmp_path, MINIMAL))
    assert config.data == tmp_path / "d"
    assert config.output == Path("/o")
    assert config.steps == 3000


def test_values_and_tables(tmp_path: Path) -> None:
    text = (
        MINIMAL + 'steps = 7\nlearning_rate = 1\nexclude_sequences = ["a", "b"]\n[clips]\nx = 1\n'
    )
    (config,) = load_recipe(written(tmp_path, text))
    assert config.steps == 7
    assert config.learning_rate == 1.0
    assert isinstance(config.learning_rate, float)
    assert config.exclude_sequences == ("a", "b")
    assert config.clips == {"x": 1}


@pytest.mark.parametrize(
    "recipe",
    sorted((Path(module.__file__).parent / "recipes").glob("*.toml")),
    ids=lambda p: p.stem,
)
def test_the_recipes_are_valid_and_hold_dev_val_out(recipe: Path) -> None:
    stages = load_recipe(recipe)
    assert all(len(stage.exclude_sequences) == 6 for stage in stages)
    for stage in stages:
        ClipSpec.from_mapping(stage.clips)


def test_a_stage_overrides_the_file_and_writes_into_its_own_folder(tmp_path: Path) -> None:
    text = (
        MINIMAL
        + "steps = 9\n[clips]\ncrop_size = 97\nmax_objects = 2\n"
        + '[[stages]]\nname = "short"\nstop_step = 4\n'
        + '[[stages]]\nname = "long"\nstart = "average"\nsteps = 5\n'
        + "[stages.clips]\nmax_objects = 3\n"
    )
    short, long = load_recipe(written(tmp_path, text))
    assert (short.output, long.output) == (Path("/o/short"), Path("/o/long"))
    assert (short.steps, short.last_step, long.steps, long.last_step) == (9, 4, 5, 5)
    assert short.clips == {"crop_size": 97, "max_objects": 2}
    assert long.clips == {"crop_size": 97, "max_objects": 3}
    assert (short.start, long.start) == ("checkpoint", "average")


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
        (MINIMAL + 'start = "middle"\n', "start must be checkpoint or average, not 'middle'"),
        (MINIMAL + "steps = 5\nstop_step = 6\n", "stop_step must lie between 0 and steps (5)"),
        (MINIMAL + "stages = 3\n", "stages should be tables headed [[stages]]"),
        (MINIMAL + "[[stages]]\nsteps = 3\n", "stage 1 needs a name of its own"),
        (MINIMAL + 'name = "a"\n[[stages]]\n[[stages]]\n', "stage 2 needs a name of its own"),
        (MINIMAL + 'clips = 3\n[[stages]]\nname = "a"\n', "clips should be a table, not 3"),
        ("data = [", "not a readable TOML file"),
    ],
)
def test_faults_name_file_and_key(tmp_path: Path, text: str, message: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(UserError) as caught:
        load_recipe(path)
    assert str(path) in str(caught.value)
    assert message in str(caught.value)


def test_no_file_and_no_text(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such configuration file"):
        load_recipe(tmp_path / "none.toml")
    path = tmp_path / "binary.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="not a readable TOML file"):
        load_recipe(path)
