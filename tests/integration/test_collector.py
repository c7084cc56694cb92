"""Cycles are collected in the window's thread while the window lives."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable

import pytest
from pytestqt.qtbot import QtBot

from annotator.collector import YOUNG_OBJECTS, GarbageCollector
from tests.support.gui import Driver


class _Node:
    """Part of a cycle that tells which thread destroyed it."""

    destroyed_in: list[int] = []  # noqa: RUF012 - shared on purpose

    def __init__(self) -> None:
        self.itself = self

    def __del__(self) -> None:
        self.destroyed_in.append(threading.get_ident())


@pytest.fixture
def collector(qtbot: QtBot) -> GarbageCollector:
    _Node.destroyed_in.clear()
    return GarbageCollector()


def allocate_much() -> None:
    held = [[i] for i in range(20 * YOUNG_OBJECTS)]
    del held


def test_another_thread_never_collects(collector: GarbageCollector, qtbot: QtBot) -> None:
    try:
        assert not gc.isenabled()
        _Node()
        thread = threading.Thread(target=allocate_much)
        thread.start()
        thread.join()
        assert _Node.destroyed_in == []
        kept = [[i] for i in range(2 * YOUNG_OBJECTS)]  # enough for the timer to look
        qtbot.waitUntil(lambda: bool(_Node.destroyed_in), timeout=20_000)
        assert _Node.destroyed_in == [threading.get_ident()]
        assert kept
    finally:
        collector.close()


def test_without_it_the_other_thread_does(qtbot: QtBot) -> None:
    _Node.destroyed_in.clear()
    gc.collect()
    _Node()
    kept: list[list[int]] = []

    def allocate() -> None:
        kept.extend([i] for i in range(20 * YOUNG_OBJECTS))

    thread = threading.Thread(target=allocate)
    thread.start()
    thread.join()
    assert _Node.destroyed_in
    assert _Node.destroyed_in[0] != threading.get_ident()


def test_closing_collects_and_hands_back(collector: GarbageCollector) -> None:
    collector.settle()
    node = _Node()
    gone = weakref.ref(node)
    del node
    collector.close()
    assert gone() is None
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0
    collector.close()


def test_what_the_window_is_built_of_is_not_looked_through_again(
    make_driver: Callable[[], Driver],
) -> None:
    gc.collect()
    before = gc.get_freeze_count()
    driver = make_driver()
    assert gc.get_freeze_count() - before > YOUNG_OBJECTS
    assert gc.get_count()[0] < 5 * YOUNG_OBJECTS
    driver.window.close()
    assert gc.get_freeze_count() == 0 and gc.isenabled()
