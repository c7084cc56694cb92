"""Threads that let the window go first."""

from __future__ import annotations

import logging
import os
import sys
import threading

_log = logging.getLogger(__name__)

_NICENESS = 10


def lower_own_priority() -> None:
    """Lower the priority of the calling thread and of those that it starts from now on.

    Qt does that with ``QThread.start(QThread.Priority.LowPriority)`` where the system has
    priorities for threads; on Linux it has none but niceness.
    """
    if sys.platform != "linux":
        return
    try:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
    except OSError as error:
        _log.info("a thread keeps normal priority: %s", error)
