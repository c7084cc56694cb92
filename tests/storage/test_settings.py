"""Settings: defaults, types, damage."""

from __future__ import annotations

import pytest

from annotator.storage.settings import Settings


def test_values_come_back_and_live_in_the_users_configuration(own_home):
    settings = Settings()
    assert own_home in settings.path.parents
    settings.set("brush radius", 12)
    settings.set("recent", ["a", "ö"])
    settings.save()
    again = Settings()
    assert again.get("brush radius", 3) == 12
    assert again.get("recent", []) == ["a", "ö"]
    assert again.get("missing", "default") == "default"
    again.remove("recent")
    assert again.get("recent", ["none"]) == ["none"]


def test_values_of_another_type_give_the_default():
    settings = Settings()
    settings.set("opacity", 1)
    settings.set("theme", 7)
    settings.set("grid", True)
    assert settings.get("opacity", 0.5) == 1.0
    assert settings.get("theme", "dark") == "dark"
    assert settings.get("grid", 0.5) == 0.5
    with pytest.raises(TypeError):
        settings.set("bad", object())


@pytest.mark.parametrize("text", ["", "{", "[1, 2]", "\x00"])
def test_a_damaged_file_means_defaults(text):
    settings = Settings()
    settings.path.parent.mkdir(parents=True, exist_ok=True)
    settings.path.write_text(text)
    again = Settings()
    assert again.get("a", 1) == 1
    again.set("a", 2)
    again.save()
    assert Settings().get("a", 1) == 2
