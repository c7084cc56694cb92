"""The Qt binding itself: a release that drops references kills the process after some minutes."""

from __future__ import annotations

import sys

from PySide6.QtCore import QObject, Signal


class _Sender(QObject):
    plain = Signal()
    with_flag = Signal(bool)


def test_emitting_signals_keeps_the_references_of_true_and_false() -> None:
    """PySide6 6.12.0 on Python 3.11 lost one reference of True with every emit."""
    sender = _Sender()
    before = sys.getrefcount(True), sys.getrefcount(False)
    for _ in range(50):
        sender.plain.emit()
        sender.with_flag.emit(False)
    after = sys.getrefcount(True), sys.getrefcount(False)
    assert abs(after[0] - before[0]) < 10 and abs(after[1] - before[1]) < 10
