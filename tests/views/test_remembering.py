"""The window comes back as it was left: tool in hand, timeline of the project, panels."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from annotator.storage.settings import Settings
from tests.support.gui import Driver

pytestmark = pytest.mark.gui


def test_the_tool_in_hand_is_remembered(make_driver: Callable[[], Driver]) -> None:
    first = make_driver()
    first.trigger("tool.lasso")
    first.window.close()
    second = make_driver()
    assert second.window.actions_table["tool.lasso"].isChecked()
    assert not second.window.actions_table["tool.brush"].isChecked()


def test_a_tool_of_another_version_leaves_the_brush(
    settings_path, make_driver: Callable[[], Driver]
) -> None:
    settings = Settings(settings_path)
    settings.set("tool", "tool.chisel")
    settings.save()
    assert make_driver().window.actions_table["tool.brush"].isChecked()
