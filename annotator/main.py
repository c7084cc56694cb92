"""The command line of the window: arguments, display, and which way it runs."""

from __future__ import annotations

import argparse
import ctypes
import logging
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from annotator.application import Application

EXIT_USER_MISTAKE = 2

_NO_DISPLAY = (
    "There is no display to open a window on (neither DISPLAY nor WAYLAND_DISPLAY is set).\n"
    "Run it where there is one, start it under xvfb-run, set QT_QPA_PLATFORM=offscreen, or let it\n"
    "do the whole job without a window: python app.py --demo OUT"
)
_NO_XCB = (
    "Qt cannot open a window on this X display: {library} is missing.\n"
    "On Debian and Ubuntu: apt install libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1 libxcb-image0 "
    "libxcb-render-util0 libxkbcommon-x11-0 libegl1 libgl1"
)
_NO_ANSWER = (
    "The display {display} does not answer: is the X server running, and may you use it?\n"
    "Set DISPLAY to another one, use xvfb-run, or: python app.py --demo OUT"
)
_XCB_LIBRARIES = (
    "libxcb-cursor.so.0",
    "libxcb-icccm.so.4",
    "libxcb-keysyms.so.1",
    "libxcb-image.so.0",
    "libxkbcommon-x11.so.0",
)


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    result = argparse.ArgumentParser(
        prog="app.py",
        description="Paint objects on one video frame; masks travel through the rest.",
    )
    result.add_argument("path", nargs="?", type=Path, help="video, folder of frames, or project")
    result.add_argument("--sample", action="store_true", help="open the sample clip")
    result.add_argument(
        "--demo",
        type=Path,
        metavar="OUT",
        help="drive the window through the whole job on the sample and leave the results in OUT; "
        "needs no display",
    )
    result.add_argument(
        "--demo-frames",
        type=int,
        default=40,
        metavar="N",
        help="frames of the sample that the demo works on (default %(default)s)",
    )
    result.add_argument("--model", default="aoc-lite", help="network (default %(default)s)")
    result.add_argument(
        "--device",
        default="auto",
        choices=("auto", "cpu", "cuda", "mps"),
        help="where the network runs (default %(default)s)",
    )
    result.add_argument("-v", "--verbose", action="store_true", help="log what happens")
    return result


def main(argv: Sequence[str] | None = None) -> int:
    """Start the application.

    Args:
        argv: Arguments without the program's name; those of the process when ``None``.

    Returns:
        Exit code: 0, or 2 for a mistake of the user.
    """
    arguments = parser().parse_args(argv)
    logging.basicConfig(
        level=logging.INFO if arguments.verbose else logging.WARNING,
        format="%(levelname)s %(name)s: %(message)s",
    )
    fault = display_fault()
    if fault is not None:
        if arguments.demo is None:
            sys.stderr.write(fault + "\n")
            return EXIT_USER_MISTAKE
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    if arguments.demo is not None:
        from annotator.demo import run_demo

        return run_demo(
            arguments.demo,
            frame_count=arguments.demo_frames,
            model=arguments.model,
            device=arguments.device,
        )
    return _run_window(arguments)


def display_fault() -> str | None:
    """Say why no window can open here, ``None`` when one can."""
    if sys.platform != "linux" or os.environ.get("QT_QPA_PLATFORM"):
        return None
    if os.environ.get("WAYLAND_DISPLAY"):
        return None
    if not os.environ.get("DISPLAY"):
        return _NO_DISPLAY
    for library in _XCB_LIBRARIES:
        try:
            ctypes.CDLL(library)
        except OSError:
            return _NO_XCB.format(library=library)
    if not _answers():
        return _NO_ANSWER.format(display=os.environ["DISPLAY"])
    return None


def _answers() -> bool:
    """Say whether the X server answers; Qt would end the process where it does not."""
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        return True  # Qt will say what is missing
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connection_has_error.argtypes = [ctypes.c_void_p]
    xcb.xcb_disconnect.argtypes = [ctypes.c_void_p]
    connection = xcb.xcb_connect(None, None)
    works = xcb.xcb_connection_has_error(connection) == 0
    xcb.xcb_disconnect(connection)
    return works


def _run_window(arguments: argparse.Namespace) -> int:
    from PySide6.QtCore import QTimer

    from annotator.application import Application, make_qt_application
    from annotator.storage.settings import Settings
    from annotator.worker.backend import NetworkBackend

    app = make_qt_application()
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl+C ends it; the journal has every change
    application = Application(
        backend=NetworkBackend(arguments.model, arguments.device), settings=Settings()
    )
    sys.excepthook = application.report_fault
    application.window.show()

    def open_first() -> None:
        _open(application, arguments)
        application.service.load()

    QTimer.singleShot(0, open_first)
    return app.exec()


def _open(application: Application, arguments: argparse.Namespace) -> None:
    if arguments.sample:
        application.open_sample()
    elif arguments.path is not None:
        application.session.open_path(arguments.path)
